//! Fetches what an answer of the provider points at, to compare it with what was sent. Never with a credential, and never
//! to wherever an answer likes: only to the library's own address, or to a named host over TLS. It follows no redirect
//! and keeps nothing of what it reads.

use http::{HeaderValue, StatusCode, header};
use reqwest::Url;

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
    /// The connection failed.
    #[error("the connection for the file failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
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
        let failed = |error: reqwest::Error| DownloadError::Connection(error.without_url().into());
        let mut request = reqwest::Request::new(http::Method::GET, url);
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let mut answer = self.settings().client.execute(request).await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(DownloadError::Status(answer.status().as_u16()));
        }
        let coding = answer.headers().get(header::CONTENT_ENCODING);
        if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(DownloadError::Compressed);
        }
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
