//! The domain's way to pictures at addresses, by the transport's guarded download.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use polyptych_domain::{Error, ErrorKind, Fetched, Fetcher, PictureUrl};
use polyptych_transport::{Fetch, FetchError, FetchErrorKind};

/// Fetches pictures over HTTP. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GuardedFetcher(Fetch);

impl GuardedFetcher {
    /// Fetches as `fetch` may.
    pub fn new(fetch: Fetch) -> Self {
        Self(fetch)
    }
}

#[async_trait]
impl Fetcher for GuardedFetcher {
    async fn fetch(&self, url: &PictureUrl, most_bytes: u64) -> Result<Fetched, Error> {
        let picture = self.0.fetch(url.as_str(), most_bytes).await.map_err(|error| unfetched(url, error))?;
        let url = url.clone();
        let pieces = picture.pieces.map_err(move |error| unfetched(&url, error)).boxed();
        Ok(Fetched { len: picture.len, pieces })
    }
}

/// The address is told without its query.
fn unfetched(url: &PictureUrl, error: FetchError) -> Error {
    let kind = match error.kind() {
        FetchErrorKind::Refused => ErrorKind::SourceRefused,
        FetchErrorKind::TooLarge => ErrorKind::TooLarge,
        _ => ErrorKind::SourceUnavailable,
    };
    let verb = if kind == ErrorKind::SourceRefused { "is not fetched" } else { "cannot be had" };
    Error::new(kind, format!("{url} {verb}: {error}")).with_source(error)
}
