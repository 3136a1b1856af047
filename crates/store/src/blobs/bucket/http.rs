//! How requests to a bucket travel: a port, and that port as `object_store` wants it. Of an answer that says no, only its code
//! goes on: the rest may show a key's name or what was signed.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Limited};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};

use super::refusal::Refusal;

/// Far more than an answer that says no has.
const MAX_REFUSAL: usize = 64 << 10;

/// A body on its way, in pieces.
pub type BucketBody = BoxBody<Bytes, BucketHttpError>;

/// Why there is no answer, or not all of one. No source holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BucketHttpError {
    /// The request was not sent.
    #[error("the bucket's server cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long; the request may have been carried out.
    #[error("the bucket's server did not answer in time")]
    Timeout,
    /// The connection failed; the request may have been carried out.
    #[error("the connection to the bucket's server failed")]
    Interrupted(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<BucketHttpError> for HttpError {
    fn from(error: BucketHttpError) -> Self {
        let kind = match &error {
            BucketHttpError::Unreachable(_) => HttpErrorKind::Connect,
            BucketHttpError::Timeout => HttpErrorKind::Timeout,
            BucketHttpError::Interrupted(_) => HttpErrorKind::Interrupted,
        };
        Self::new(kind, error)
    }
}

/// Sends requests, each once and as it is, without following redirects.
#[async_trait]
pub trait BucketHttp: Send + Sync {
    /// Sends one request and answers with whatever the server says.
    ///
    /// # Errors
    /// [`BucketHttpError`] where there is no answer.
    async fn send(&self, request: http::Request<BucketBody>) -> Result<http::Response<BucketBody>, BucketHttpError>;
}

/// The port as `object_store` connects to it.
#[derive(Clone)]
pub(super) struct Connector(Arc<dyn BucketHttp>);

impl Connector {
    pub(super) fn new(http: Arc<dyn BucketHttp>) -> Self {
        Self(http)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.map(|body| body.map_err(|error| BucketHttpError::Interrupted(error.into())).boxed());
        let answer = self.0.send(request).await?;
        if answer.status().is_success() {
            return Ok(answer.map(|body| HttpResponseBody::new(body.map_err(HttpError::from))));
        }
        let (parts, body) = answer.into_parts();
        let refusal = Refusal { status: parts.status, code: code(body).await };
        if refusal.is_final() {
            return Err(HttpError::new(HttpErrorKind::Unknown, refusal));
        }
        let body = refusal.code.map(|code| format!("<Code>{code}</Code>")).unwrap_or_default();
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(body)))
    }
}

impl Refusal {
    /// Whether neither a repetition nor `object_store` makes anything of it.
    fn is_final(&self) -> bool {
        match self.status {
            StatusCode::NOT_FOUND => self.code.as_deref() == Some("NoSuchBucket"),
            StatusCode::NOT_MODIFIED | StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => false,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => false,
            status => !status.is_server_error(),
        }
    }
}

/// What an answer says that it says no for. One that cannot be read says nothing.
async fn code(body: BucketBody) -> Option<String> {
    let text = Limited::new(body, MAX_REFUSAL).collect().await.ok()?.to_bytes();
    code_in(&String::from_utf8_lossy(&text))
}

fn code_in(text: &str) -> Option<String> {
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    let code = code.trim();
    let is_name = (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_that_says_no_only_its_code_goes_on() {
        let answer = "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        assert_eq!(code_in(answer).as_deref(), Some("SignatureDoesNotMatch"));
        for none in [
            "",
            "<html>no</html>",
            "<Code></Code>",
            "<Code>a b</Code>",
            "<Code>x",
            &format!("<Code>{}</Code>", "x".repeat(65)),
        ] {
            assert_eq!(code_in(none), None, "{none}");
        }
    }

    #[test]
    fn what_may_pass_is_left_to_be_repeated() {
        let is_final = |status: u16, code: &str| {
            Refusal { status: StatusCode::from_u16(status).unwrap(), code: Some(code.to_owned()) }.is_final()
        };
        for (status, code, expected) in [
            (403, "AccessDenied", true),
            (400, "ExpiredToken", true),
            (301, "PermanentRedirect", true),
            (404, "NoSuchBucket", true),
            (404, "NoSuchKey", false),
            (503, "SlowDown", false),
            (429, "TooManyRequests", false),
            (409, "OperationAborted", false),
        ] {
            assert_eq!(is_final(status, code), expected, "{status} {code}");
        }
    }
}
