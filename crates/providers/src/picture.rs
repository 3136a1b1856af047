//! The stored picture of an image, handed on as it comes. It is never kept, and never fetched with a credential.

use futures_util::{StreamExt, TryStreamExt};
use http::StatusCode;
use polyptych_domain::{AlbumId, Error, ErrorKind, Fetched, Image, ProviderError};
use polyptych_transport::DownloadError;

use crate::call::Line;
use crate::refusal::of_status;

/// Opens the picture of an image that the provider has just told of.
pub(crate) async fn open(line: &Line, album: &AlbumId, image: &Image, most: u64) -> Result<Fetched, Error> {
    let Some(url) = &image.url else {
        return Err(line.error(album, ErrorKind::Unsupported, "the provider does not say where the picture is"));
    };
    let file = line.transport.open_file(url, most).await.map_err(|error| refused(line, album, error))?;
    let (line, album) = (line.clone(), album.clone());
    let pieces = file.pieces.map_err(move |error| refused(&line, &album, error));
    Ok(Fetched { len: file.length, pieces: pieces.boxed() })
}

/// Why a picture cannot be had. What its host says is no word of the provider's API.
fn refused(line: &Line, album: &AlbumId, error: DownloadError) -> Error {
    let (kind, message) = match &error {
        DownloadError::TooLong(_) => (ErrorKind::TooLarge, "the picture is larger than any that is taken here"),
        DownloadError::Status(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let told = of_status(status).filter(|_| !status.is_redirection());
            let kind = told.map_or(ErrorKind::AnswerUnreadable, |(kind, ..)| kind);
            let said = ProviderError { http_status: Some(status.as_u16()), ..ProviderError::default() };
            let message = format!("the picture was answered with status {}", status.as_u16());
            return line.error(album, kind, message).with_provider_error(said).with_source(error);
        }
        DownloadError::Address => {
            (ErrorKind::Unsupported, "the picture is neither at the library's own address nor at a named host over TLS")
        }
        DownloadError::Timeout => (ErrorKind::ProviderTimeout, "the picture did not come in time"),
        DownloadError::Connection(_) => (ErrorKind::ProviderUnavailable, "the connection for the picture failed"),
        _ => (ErrorKind::AnswerUnreadable, "the picture is not served as it is stored"),
    };
    line.error(album, kind, message).with_source(error)
}
