//! A bucket of S3 or of what speaks like it. Requests are signed and repeated by `object_store`; how they travel and where
//! keys come from is handed in, so that this crate brings in no HTTP client.

mod http;
mod refusal;
mod signing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, CredentialProvider, ObjectStore, RetryConfig};
use secrecy::{ExposeSecret, SecretString};

pub use http::{BucketBody, BucketHttp, BucketHttpError};
pub use refusal::BucketProblem;

/// What a bucket is given at a time; S3 takes no part below 5 MiB but the last.
pub(super) const PART: usize = 8 << 20;
/// How often a request is repeated, and how long after its first try it is no more.
const REPEATS: usize = 4;
const LONGEST: Duration = Duration::from_secs(30);

/// What requests to a bucket are signed with.
#[derive(Debug, Clone)]
pub struct BucketKeys {
    /// The name of the key.
    pub access_key: SecretString,
    /// The key.
    pub secret_key: SecretString,
    /// What goes with keys that last for some time only.
    pub session_token: Option<SecretString>,
}

/// Gives the keys of a bucket, as they are now, before each request.
#[async_trait]
pub trait BucketKeySource: Send + Sync {
    /// The keys.
    ///
    /// # Errors
    /// If there are none; then nothing is sent. The error must not hold a secret.
    async fn keys(&self) -> Result<BucketKeys, Box<dyn std::error::Error + Send + Sync>>;
}

/// Where a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all objects begin with, before a slash; empty for nothing.
    pub prefix: String,
    /// `https://host[:port]` of a server that is not Amazon's; absent means Amazon's of the region.
    pub endpoint: Option<String>,
    /// The region, which is part of each signature; `us-east-1` for most servers that are not Amazon's.
    pub region: String,
    /// Whether the bucket's name is part of the path, and not of the host's name.
    pub path_style: bool,
}

impl Bucket {
    /// The address that requests go to, with the bucket's name where that is part of it.
    pub fn address(&self) -> String {
        let amazons = || format!("https://s3.{}.amazonaws.com", self.region);
        let endpoint = self.endpoint.as_ref().map_or_else(amazons, |given| given.trim_end_matches('/').to_owned());
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style => format!("{scheme}://{}.{host}", self.name),
            _ => endpoint,
        }
    }

    /// Its objects, once it has answered.
    pub(super) async fn open(
        &self,
        http: Arc<dyn BucketHttp>,
        keys: Arc<dyn BucketKeySource>,
    ) -> object_store::Result<Arc<dyn ObjectStore>> {
        let backoff =
            BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2. };
        let objects = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_endpoint(self.address())
            .with_virtual_hosted_style_request(!self.path_style)
            // Not every server can delete several at once.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { backoff, max_retries: REPEATS, retry_timeout: LONGEST })
            .with_crypto_provider(Arc::new(signing::Signing))
            .with_credentials(Arc::new(Keys(keys)))
            .with_http_connector(http::Connector::new(http))
            .build()?;
        let objects = PrefixStore::new(objects, Path::from(self.prefix.as_str()));
        objects.list(None).next().await.transpose()?;
        Ok(Arc::new(objects))
    }
}

/// Keys as `object_store` asks for them.
struct Keys(Arc<dyn BucketKeySource>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

#[async_trait]
impl CredentialProvider for Keys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let keys = self.0.keys().await.map_err(|error| {
            let source = Box::new(refusal::NoKeys(error));
            object_store::Error::Generic { store: "S3", source }
        })?;
        Ok(Arc::new(AwsCredential {
            key_id: keys.access_key.expose_secret().to_owned(),
            secret_key: keys.secret_key.expose_secret().to_owned(),
            token: keys.session_token.map(|token| token.expose_secret().to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    #[test]
    fn the_name_of_a_bucket_is_in_the_path_or_in_the_host() {
        for (endpoint, path_style, expected) in [
            (None, false, "https://pictures.s3.eu-north-1.amazonaws.com"),
            (None, true, "https://s3.eu-north-1.amazonaws.com"),
            (Some("http://127.0.0.1:9000/"), true, "http://127.0.0.1:9000"),
            (Some("https://objects.test"), false, "https://pictures.objects.test"),
        ] {
            let bucket = Bucket {
                name: "pictures".to_owned(),
                prefix: String::new(),
                endpoint: endpoint.map(str::to_owned),
                region: "eu-north-1".to_owned(),
                path_style,
            };
            assert_eq!(bucket.address(), expected);
        }
    }
}
