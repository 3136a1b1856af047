//! From `[state.s3]` to a bucket: its name and address, its keys, and requests through the transport's client.

use std::error::Error as StdError;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join;
use http_body_util::BodyExt;
use polyptych_store::{
    BlobPlace, BlobPlaceError, Bucket, BucketBody, BucketHttp, BucketHttpError, BucketKeySource, BucketKeys,
};
use polyptych_transport::{CredentialSource, Exchange, ExchangeConfig, ExchangeError, Fixed, FromEnv, FromFile};

use crate::config::{S3Config, StateConfig, TokenConfig};

/// Amazon's first region, whose name most other servers take as well.
const REGION: &str = "us-east-1";

/// Far more than a chain of certificates has.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// A setting of `[state]` or `[state.s3]`, and what is wrong with it.
type Wrong = (&'static str, String);

/// A bucket, and how it is reached.
pub(crate) struct Reached {
    bucket: Bucket,
    http: Arc<dyn BucketHttp>,
    keys: Arc<dyn BucketKeySource>,
}

impl Reached {
    /// The place that it is, once it has answered.
    pub(crate) async fn open(self) -> Result<BlobPlace, BlobPlaceError> {
        BlobPlace::bucket(&self.bucket, self.http, self.keys).await
    }
}

/// The bucket that is configured; `None` for a folder. Nothing is sent, and no key is read.
pub(crate) fn configured(state: &StateConfig) -> Result<Option<Reached>, Wrong> {
    let (url, s3) = match (&state.blobs, &state.s3) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return wrong("s3", "`blobs` names no bucket"),
        (Some(_), None) => return wrong("blobs", "[state.s3] must say where its keys are"),
        (Some(url), Some(s3)) => (url, s3),
    };
    let Some(place) = url.strip_prefix("s3://") else {
        return wrong("blobs", "it must be s3://BUCKET or s3://BUCKET/PREFIX");
    };
    let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_end_matches('/');
    if !is_bucket(name) {
        return wrong("blobs", "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens");
    }
    if !is_prefix(prefix) {
        return wrong(
            "blobs",
            "a prefix has names of letters, digits, dots, hyphens and underscores between its slashes",
        );
    }
    let region = s3.region.clone().unwrap_or_else(|| REGION.to_owned());
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return wrong("s3.region", "it must have letters, digits and hyphens only");
    }
    let certificates = s3.ca_file.as_deref().map(read).transpose();
    let certificates = certificates.map_err(|error| ("s3.ca_file", format!("the file cannot be read: {error}")))?;
    let keys = Keys {
        access: source(&s3.access_key),
        secret: source(&s3.secret_key),
        session: s3.session_token.as_ref().map(source),
    };
    let bucket = Bucket {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        endpoint: s3.endpoint.clone(),
        region,
        path_style: s3.path_style.unwrap_or(s3.endpoint.is_some()),
    };
    let config = ExchangeConfig {
        plain_http: plain_http(s3, &bucket),
        root_certificates: certificates,
        ..ExchangeConfig::new(bucket.address())
    };
    let setting = if s3.ca_file.is_some() && !config.base.starts_with("http:") { "s3.ca_file" } else { "s3.endpoint" };
    let exchange = Exchange::new(&config).map_err(|error| (setting, error.to_string()))?;
    Ok(Some(Reached { bucket, http: Arc::new(OfTransport(exchange)), keys: Arc::new(keys) }))
}

fn wrong<T>(setting: &'static str, reason: &str) -> Result<T, Wrong> {
    Err((setting, reason.to_owned()))
}

/// The named host, also with the bucket's name before it.
fn plain_http(s3: &S3Config, bucket: &Bucket) -> Vec<String> {
    let named = s3.plain_http.iter();
    named.flat_map(|host| [host.clone(), format!("{}.{host}", bucket.name)]).collect()
}

fn is_bucket(name: &str) -> bool {
    let ends = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| ends(*byte) || matches!(byte, b'.' | b'-'))
        && bytes.first().is_some_and(|byte| ends(*byte))
        && bytes.last().is_some_and(|byte| ends(*byte))
}

fn is_prefix(prefix: &str) -> bool {
    let is_name = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        !matches!(name, "" | "." | "..") && name.bytes().all(plain)
    };
    prefix.len() <= 512 && (prefix.is_empty() || prefix.split('/').all(is_name))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_CERTIFICATES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn source(place: &TokenConfig) -> Arc<dyn CredentialSource> {
    match place {
        TokenConfig::Env(name) => Arc::new(FromEnv::new(name)),
        TokenConfig::File(path) => Arc::new(FromFile::new(path)),
        TokenConfig::Fixed(key) => Arc::new(Fixed::new(key.clone())),
    }
}

/// Keys from their places, as they are now.
struct Keys {
    access: Arc<dyn CredentialSource>,
    secret: Arc<dyn CredentialSource>,
    session: Option<Arc<dyn CredentialSource>>,
}

#[async_trait]
impl BucketKeySource for Keys {
    async fn keys(&self) -> Result<BucketKeys, Box<dyn StdError + Send + Sync>> {
        let (access_key, secret_key) = try_join(self.access.credential(), self.secret.credential()).await?;
        let session_token = match &self.session {
            None => None,
            Some(session) => Some(session.credential().await?),
        };
        Ok(BucketKeys { access_key, secret_key, session_token })
    }
}

/// Requests over the transport's client.
struct OfTransport(Exchange);

#[async_trait]
impl BucketHttp for OfTransport {
    async fn send(&self, request: http::Request<BucketBody>) -> Result<http::Response<BucketBody>, BucketHttpError> {
        let request = request.map(|body| body.map_err(|error| ExchangeError::Body(error.into())).boxed());
        let answer = self.0.send(request).await.map_err(told)?;
        Ok(answer.map(|body| body.map_err(told).boxed()))
    }
}

fn told(error: ExchangeError) -> BucketHttpError {
    match error {
        ExchangeError::Timeout => BucketHttpError::Timeout,
        ExchangeError::Address | ExchangeError::Connect(_) => BucketHttpError::Unreachable(error.into()),
        _ => BucketHttpError::Interrupted(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(endpoint: Option<&str>) -> S3Config {
        let key = || TokenConfig::Env("POLYPTYCH_NO_SUCH".to_owned());
        S3Config {
            endpoint: endpoint.map(str::to_owned),
            region: None,
            access_key: key(),
            secret_key: key(),
            session_token: None,
            path_style: None,
            plain_http: None,
            ca_file: None,
        }
    }

    fn address(blobs: &str, s3: S3Config) -> Result<(String, String), &'static str> {
        let state = StateConfig { blobs: Some(blobs.to_owned()), s3: Some(s3), ..StateConfig::default() };
        let reached = configured(&state).map_err(|(setting, _)| setting)?.ok_or("none")?;
        Ok((reached.bucket.address(), reached.bucket.prefix))
    }

    #[test]
    fn a_bucket_is_found_by_its_url_and_its_server() {
        let at = |address: &str, prefix: &str| Ok((address.to_owned(), prefix.to_owned()));
        let local = "http://127.0.0.1:9000";
        assert_eq!(address("s3://pictures", s3(Some(local))), at(local, ""));
        assert_eq!(address("s3://pictures/a/b/", s3(Some(local))), at(local, "a/b"));
        let hosted = S3Config { path_style: Some(false), ..s3(Some("https://objects.test")) };
        assert_eq!(address("s3://pictures", hosted), at("https://pictures.objects.test", ""));
        let amazons = S3Config { region: Some("eu-north-1".to_owned()), ..s3(None) };
        assert_eq!(address("s3://pictures", amazons), at("https://pictures.s3.eu-north-1.amazonaws.com", ""));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_setting() {
        let local = || s3(Some("http://127.0.0.1:9000"));
        for url in
            ["pictures", "gs://pictures", "s3://", "s3://Pictures", "s3://a", "s3://pictures/a//b", "s3://pictures/.."]
        {
            assert_eq!(address(url, local()), Err("blobs"), "{url}");
        }
        let far = "http://objects.test";
        assert_eq!(address("s3://pictures", s3(Some(far))), Err("s3.endpoint"));
        let named = S3Config { plain_http: Some("objects.test".to_owned()), ..s3(Some(far)) };
        assert!(address("s3://pictures", named.clone()).is_ok());
        assert!(address("s3://pictures", S3Config { path_style: Some(false), ..named }).is_ok());
        let region = S3Config { region: Some("eu north".to_owned()), ..local() };
        assert_eq!(address("s3://pictures", region), Err("s3.region"));
        let file = S3Config { ca_file: Some("no/such.pem".into()), ..local() };
        assert_eq!(address("s3://pictures", file), Err("s3.ca_file"));
        let alone = StateConfig { blobs: Some("s3://pictures".to_owned()), ..StateConfig::default() };
        assert!(matches!(configured(&alone), Err(("blobs", _))));
        let useless = StateConfig { s3: Some(local()), ..StateConfig::default() };
        assert!(matches!(configured(&useless), Err(("s3", _))));
    }
}
