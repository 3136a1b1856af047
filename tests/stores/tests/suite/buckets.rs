//! What is about buckets only: parts, and what is told where something is wrong with one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use polyptych::config::{StateConfig, TokenConfig};
use polyptych_domain::ErrorKind;
use polyptych_s3::Keys;
use polyptych_store::{
    BlobPlace, BlobPlaceError, Bucket, BucketBody, BucketHttp, BucketHttpError, BucketKeySource, BucketKeys,
    BucketProblem,
};

use crate::blobs::picture;
use crate::world::{World, bucket, client};

pub(crate) async fn a_large_picture_goes_in_parts(world: World) {
    let store = world.store().await;
    let blobs = store.blobs(&world.place().await);
    for len in [8 << 20, (16 << 20) + 1] {
        let content = picture(len, 1);
        blobs.put(&client("anna"), &content).await.unwrap();
        let opened = blobs.open(&content.sha256()).await.unwrap();
        let bytes = tokio::task::spawn_blocking(move || opened.source().read()).await.unwrap().unwrap();
        assert!(bytes == content.source().read().unwrap(), "{len} bytes");
    }
}

pub(crate) async fn what_is_wrong_with_a_bucket_is_told_with_what_to_do(world: World) {
    let s3 = world.s3();
    let right = || bucket(s3, &format!("s3://{}", s3.bucket()));
    let signed_by = |access: &str, secret: &str| {
        let mut state = right();
        if let Some(s3) = &mut state.s3 {
            s3.access_key = TokenConfig::Fixed(access.to_owned());
            s3.secret_key = TokenConfig::Fixed(secret.to_owned());
        }
        state
    };
    let Keys { access_key, .. } = s3.owner();
    let stranger = s3.stranger();
    let nobody = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut state = right();
        state.s3.as_mut().unwrap().endpoint = Some(format!("http://{free}"));
        state
    };
    let unset = {
        let mut state = right();
        state.s3.as_mut().unwrap().secret_key = TokenConfig::Env("POLYPTYCH_NO_SUCH".to_owned());
        state
    };
    for (state, expected) in [
        (bucket(s3, "s3://no-such-bucket"), BucketProblem::Missing),
        (signed_by("AKIANOBODY", "canary"), BucketProblem::UnknownKey),
        (signed_by(access_key, "canary"), BucketProblem::WrongSecret),
        (signed_by(&stranger.access_key, &stranger.secret_key), BucketProblem::Denied),
        (nobody, BucketProblem::Unreachable),
        (unset, BucketProblem::NoKeys),
    ] {
        let (problem, told) = refused(&state).await;
        assert_eq!(problem, expected, "{told}");
        assert!(told.contains(&expected.to_string()), "{told}");
        for secret in ["canary", &s3.owner().secret_key, &stranger.secret_key] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

async fn refused(state: &StateConfig) -> (BucketProblem, String) {
    let error = polyptych::open_place(state).await.unwrap_err();
    let mut told = String::new();
    let mut problem = None;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(BlobPlaceError::Bucket { problem: found, .. }) = error.downcast_ref() {
            problem = Some(*found);
        }
        told.push_str(&format!("{error}; {error:?}; "));
        cause = error.source();
    }
    (problem.unwrap_or_else(|| panic!("not the bucket's: {told}")), told)
}

/// Says that the keys have expired, once it is told so, until others come.
struct Expiring {
    expired: AtomicBool,
}

#[async_trait]
impl BucketHttp for Expiring {
    async fn send(&self, request: http::Request<BucketBody>) -> Result<http::Response<BucketBody>, BucketHttpError> {
        let old = request.headers()["authorization"].to_str().unwrap().contains("Credential=old/");
        let (status, body) = match (old && self.expired.load(Ordering::SeqCst), request.method()) {
            (true, _) => (400, "<Error><Code>ExpiredToken</Code><Token-0>canary</Token-0></Error>"),
            (false, &http::Method::GET) => {
                (200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            }
            (false, _) => (200, ""),
        };
        let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed();
        Ok(http::Response::builder().status(status).header("etag", "\"1\"").body(body).unwrap())
    }
}

/// Gives the old keys until it is told otherwise.
struct Changing {
    new: AtomicBool,
}

#[async_trait]
impl BucketKeySource for Changing {
    async fn keys(&self) -> Result<BucketKeys, Box<dyn std::error::Error + Send + Sync>> {
        let access_key = if self.new.load(Ordering::SeqCst) { "new" } else { "old" };
        Ok(BucketKeys { access_key: access_key.into(), secret_key: "s".into(), session_token: Some("canary".into()) })
    }
}

pub(crate) async fn keys_that_are_refused_later_are_told_and_new_ones_are_used(world: World) {
    let store = world.store().await;
    let http = Arc::new(Expiring { expired: AtomicBool::new(false) });
    let keys = Arc::new(Changing { new: AtomicBool::new(false) });
    let bucket = Bucket {
        name: "pictures".to_owned(),
        prefix: String::new(),
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        region: "us-east-1".to_owned(),
        path_style: true,
    };
    let place = BlobPlace::bucket(&bucket, Arc::clone(&http) as _, Arc::clone(&keys) as _).await.unwrap();
    let blobs = store.blobs(&place);
    http.expired.store(true, Ordering::SeqCst);
    let error = blobs.put(&client("anna"), &picture(10, 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("expired; renew"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    keys.new.store(true, Ordering::SeqCst);
    blobs.put(&client("anna"), &picture(10, 1)).await.unwrap();
}
