//! Pictures at addresses: what an address is, and the ports by which one is fetched and its bytes are kept. Whoever fetches
//! guards the network that it stands in; nothing here connects, resolves a name or writes a file.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::{Content, Error, ErrorKind};

/// Longest address in bytes; servers and providers take hardly more.
const MAX_URL_BYTES: usize = 2048;

/// Longest name that is taken from an address, in characters.
const MAX_NAME_CHARS: usize = 255;

/// Address of a picture: `http` or `https`, a host, no user. `Display` and `Debug` leave the query out, which may hold a
/// secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PictureUrl(String);

impl PictureUrl {
    /// Checks the form of an address and keeps it as it was given. Whether its host may be called is decided by the
    /// [`Fetcher`].
    ///
    /// # Errors
    /// `InvalidArgument` for another scheme, no host, a user before the host, spaces, control characters or backslashes, and
    /// for more than 2,048 bytes.
    pub fn new(url: impl Into<String>) -> Result<Self, Error> {
        let url = url.into();
        let refused = |why: &str| Error::new(ErrorKind::InvalidArgument, format!("the picture's address {why}"));
        if url.len() > MAX_URL_BYTES {
            return Err(refused("is longer than 2048 bytes"));
        }
        if url.chars().any(|char| char.is_control() || char.is_whitespace() || char == '\\') {
            return Err(refused("holds a space, a control character or a backslash; percent-encode it"));
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(refused("must begin with https:// or http://"));
        };
        if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
            return Err(refused("must begin with https:// or http://"));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || authority.starts_with(':') {
            return Err(refused("names no host"));
        }
        if authority.contains('@') {
            return Err(refused("holds a user before the host; leave it out"));
        }
        Ok(Self(url))
    }

    /// The whole address, as it was given. Its query may hold a secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without query and fragment.
    pub fn shown(&self) -> &str {
        self.0.split(['?', '#']).next().unwrap_or_default()
    }

    /// The last segment of the path, decoded, of at most 255 characters; `None` where there is none that could be a name.
    pub fn file_name(&self) -> Option<String> {
        let (_, rest) = self.shown().split_once("://")?;
        let (_, path) = rest.split_once('/')?;
        let name = percent_decode_str(path.rsplit('/').next()?).decode_utf8().ok()?;
        let whole = !name.trim().is_empty() && !name.chars().any(char::is_control);
        (whole && name.chars().count() <= MAX_NAME_CHARS).then(|| name.into_owned())
    }
}

impl fmt::Display for PictureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl fmt::Debug for PictureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PictureUrl({})", self.shown())
    }
}

impl TryFrom<String> for PictureUrl {
    type Error = Error;

    fn try_from(url: String) -> Result<Self, Error> {
        Self::new(url)
    }
}

impl From<PictureUrl> for String {
    fn from(url: PictureUrl) -> Self {
        url.0
    }
}

/// The bytes of a picture as they come. An error ends them.
pub type Pieces = BoxStream<'static, Result<Bytes, Error>>;

/// A picture that has begun to come.
pub struct Fetched {
    /// Its length as the server announces it, in bytes; absent where it does not. The pieces hold exactly that many, or end
    /// in an error.
    pub len: Option<u64>,
    /// Its bytes, of which no more come than were asked for. Dropping them closes the connection.
    pub pieces: Pieces,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Fetches pictures from addresses that callers name, without letting a caller reach what only this machine may reach.
#[async_trait]
pub trait Fetcher: Send + Sync {
    /// Asks for the picture and waits until it begins to come. Nothing is changed anywhere; the call may be repeated.
    ///
    /// # Errors
    /// `SourceRefused` where the address, or one that it leads to, must not be called, before anything is sent there;
    /// `SourceUnavailable` where the picture cannot be had; `TooLarge` for more than `most_bytes`. Errors in the pieces are of
    /// the same kinds.
    async fn fetch(&self, url: &PictureUrl, most_bytes: u64) -> Result<Fetched, Error>;
}

/// Keeps bytes until nobody needs them any more.
#[async_trait]
pub trait Spool: Send + Sync {
    /// Reads the pieces to their end and keeps them, to be read as often as needed; they go with the last reader.
    ///
    /// # Errors
    /// The first error of the pieces; `TooLarge` for more than the spool takes of one file; `QuotaExhausted` where it is full;
    /// `Internal` where it cannot be written.
    async fn keep(&self, pieces: Pieces) -> Result<Content, Error>;
}

/// Pauses between two looks at something that takes its time; injected, so that tests do not wait.
#[async_trait]
pub trait Pauses: Send + Sync {
    /// Ends after `time` has passed.
    async fn pause(&self, time: Duration);
}

/// Brings pictures from addresses into a spool.
#[derive(Clone)]
pub struct Pictures {
    fetcher: Arc<dyn Fetcher>,
    spool: Arc<dyn Spool>,
    most_bytes: u64,
}

impl Pictures {
    /// Fetches with `fetcher` into `spool`, at most `most_bytes` of each picture.
    pub fn new(fetcher: Arc<dyn Fetcher>, spool: Arc<dyn Spool>, most_bytes: u64) -> Self {
        Self { fetcher, spool, most_bytes }
    }

    /// Fetches a picture whole. Nothing is changed at any provider; the call may be repeated.
    ///
    /// # Errors
    /// Those of [`Fetcher::fetch`] and [`Spool::keep`].
    pub async fn bring(&self, url: &PictureUrl) -> Result<Content, Error> {
        let Fetched { pieces, .. } = self.fetcher.fetch(url, self.most_bytes).await?;
        self.spool.keep(pieces).await
    }
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").field("most_bytes", &self.most_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_given_and_shown_without_its_query() {
        let url = PictureUrl::new("https://pictures.test/a/b%20c.png?token=canary#top").unwrap();
        assert_eq!(url.as_str(), "https://pictures.test/a/b%20c.png?token=canary#top");
        assert_eq!(url.to_string(), "https://pictures.test/a/b%20c.png");
        assert!(!format!("{url:?}").contains("canary"));
        assert_eq!(url.file_name().as_deref(), Some("b c.png"));
    }

    #[test]
    fn what_has_no_last_segment_has_no_name() {
        for url in
            ["https://a.test", "https://a.test/", "https://a.test?x/y.png", "https://a.test/%00", "https://a.test/%ff"]
        {
            assert_eq!(PictureUrl::new(url).unwrap().file_name(), None, "{url}");
        }
    }

    #[test]
    fn other_texts_are_refused_without_repeating_them() {
        let long = format!("https://a.test/{}", "x".repeat(2048));
        for url in [
            "",
            "a.png",
            "ftp://a.test/x",
            "file:///canary",
            "data:image/png;base64,canary",
            "https://",
            "https:///x",
            "https://:80/",
            "https://user:canary@a.test/",
            "https://a.test\\@b.test/",
            "https://a.test/a b",
            "https://a\n",
            "//a.test/x",
            &long,
        ] {
            let error = PictureUrl::new(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
