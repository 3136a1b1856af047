//! Fetches what an answer of the provider points at, to compare it with what was sent or to hand it on. Never with a credential, and never
//! to wherever an answer likes: only to the library's own address, or to a named host over TLS. It follows no redirect
//! and keeps nothing of what it reads.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use tokio::time::{Instant, timeout_at};

use crate::Transport;

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The address is not one that is fetched from.
    #[error("the address is neither the library's own nor that of a named host over tls")]
    Address,
    /// The host does not serve the file.
    #[error("the file was answered with status {0}")]
    Status(u16),
    /// The file is compressed, though that was not asked for.
    #[error("the file is compressed")]
    Compressed,
    /// It took longer than a try may take.
    #[error("the file did not come in time")]
    Timeout,
    /// It is longer than it may be.
    #[error("the file is longer than {0} bytes")]
    TooLong(u64),
    /// The connection failed.
    #[error("the connection for the file failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A file that is being fetched.
pub struct OpenFile {
    /// Its length; absent where the host does not announce it.
    pub length: Option<u64>,
    /// Its bytes, which end with an error where there are more than was allowed or where they do not come in time.
    pub pieces: Pin<Box<dyn Stream<Item = Result<Bytes, DownloadError>> + Send>>,
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFile").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Transport {
    /// Hands the bytes at `url` to `sink`, piece by piece, and answers whether there are exactly `length` of them. No
    /// more than that is read: a file of another length ends early.
    ///
    /// # Errors
    /// If the file cannot be had. Nothing is changed anywhere.
    pub async fn download(
        &self,
        url: &str,
        length: u64,
        sink: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<bool, DownloadError> {
        let url = self.fetched_from(url).ok_or(DownloadError::Address)?;
        let limit = self.settings().timeouts.total;
        tokio::time::timeout(limit, self.read_file(url, length, sink)).await.unwrap_or(Err(DownloadError::Timeout))
    }

    async fn read_file(
        &self,
        url: Url,
        length: u64,
        sink: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<bool, DownloadError> {
        let mut answer = self.ask_for(url).await?;
        if answer.content_length().is_some_and(|announced| announced != length) {
            return Ok(false);
        }
        let mut read = 0_u64;
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            read = read.saturating_add(piece.len() as u64);
            if read > length {
                return Ok(false);
            }
            sink(&piece);
        }
        Ok(read == length)
    }

    /// Opens the file at `url`, of at most `most` bytes. Each piece may take as long as a peer may be silent, and all of it
    /// as long as a try may; what is not read on meanwhile counts.
    ///
    /// # Errors
    /// If the file cannot be had, or is announced to be longer. Nothing is changed anywhere.
    pub async fn open_file(&self, url: &str, most: u64) -> Result<OpenFile, DownloadError> {
        let url = self.fetched_from(url).ok_or(DownloadError::Address)?;
        let timeouts = self.settings().timeouts;
        let (begun, idle) = (Instant::now(), timeouts.idle);
        let end = begun + timeouts.total;
        let answer = timeout_at(end.min(begun + idle), self.ask_for(url)).await;
        let answer = answer.unwrap_or(Err(DownloadError::Timeout))?;
        let length = answer.content_length();
        if length.is_some_and(|length| length > most) {
            return Err(DownloadError::TooLong(most));
        }
        let pieces = try_unfold((answer, 0_u64), move |(mut answer, read)| async move {
            let piece = timeout_at(end.min(Instant::now() + idle), answer.chunk()).await;
            let Some(piece) = piece.map_err(|_| DownloadError::Timeout)?.map_err(failed)? else { return Ok(None) };
            let read = read.saturating_add(piece.len() as u64);
            if read > most {
                return Err(DownloadError::TooLong(most));
            }
            Ok(Some((piece, (answer, read))))
        });
        Ok(OpenFile { length, pieces: Box::pin(pieces) })
    }

    /// Asks for a file; it is still to be read.
    async fn ask_for(&self, url: Url) -> Result<reqwest::Response, DownloadError> {
        let mut request = reqwest::Request::new(http::Method::GET, url);
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let answer = self.settings().client.execute(request).await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(DownloadError::Status(answer.status().as_u16()));
        }
        let coding = answer.headers().get(header::CONTENT_ENCODING);
        if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(DownloadError::Compressed);
        }
        Ok(answer)
    }

    /// The address, if it may be fetched from. An answer must not send us to a host of the network that we stand in,
    /// which has an address or a port of its own, but no certificate for a public name.
    fn fetched_from(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let own = Url::parse(&self.settings().base).is_ok_and(|base| base.origin() == url.origin());
        let named = url.scheme() == "https" && url.port().is_none() && url.domain().is_some();
        let plain = url.username().is_empty() && url.password().is_none();
        (plain && (own || named)).then_some(url)
    }
}

fn failed(error: reqwest::Error) -> DownloadError {
    DownloadError::Connection(error.without_url().into())
}
