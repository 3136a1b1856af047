//! Compressed answers for those who accept them. All four APIs share it; pictures and the emulator's own paths do not
//! pass through it. It takes answers that lie whole in memory and leaves all others as they are.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue};

/// Smaller answers are sent as they are (assumption; the services' own bounds are unknown).
const SMALLEST: usize = 256;

/// Whether a request takes gzip: named, or by `*`, and not with a weight of zero.
pub(crate) fn accepted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = None;
    for range in values.flat_map(|value| value.split(',')) {
        let (name, weight) = range.split_once(';').unwrap_or((range, ""));
        let zero = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().parse::<f32>() == Ok(0.0));
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return !zero,
            "*" => any = Some(!zero),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

/// The answer with a compressed body, where it has one worth compressing.
pub(crate) fn compress(response: Response) -> Response {
    let worth = response.body().size_hint().exact().is_some_and(|length| length >= SMALLEST as u64);
    if !worth || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut head, mut body) = response.into_parts();
    let whole = take(&mut body);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory does not fail; were it to, the answer would go out as it was.
    let packed = encoder.write_all(&whole).and_then(|()| encoder.finish());
    let body = match packed {
        Ok(packed) => {
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            head.headers.remove(CONTENT_LENGTH);
            Body::from(packed)
        }
        Err(_) => Body::from(whole),
    };
    Response::from_parts(head, body)
}

/// The bytes of a body that lies in memory: such a body is ready whenever it is asked.
fn take(body: &mut Body) -> Bytes {
    let mut whole = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_frame(&mut context) {
        let Ok(data) = frame.into_data() else { continue };
        if body.is_end_stream() && whole.is_empty() {
            return data;
        }
        whole.extend_from_slice(&data);
    }
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn gzip_is_taken_when_it_is_named_and_not_declined() {
        for (value, expected) in [
            ("gzip, deflate", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("br", false),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(accepted(&headers), expected, "{value}");
        }
        assert!(!accepted(&HeaderMap::new()));
    }

    #[test]
    fn a_body_is_packed_once_and_only_from_a_certain_size() {
        let long = "x".repeat(1_000);
        let packed = compress(Response::new(Body::from(long.clone())));
        assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(&take(&mut packed.into_body())[..]).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, long.as_bytes());
        let small = compress(Response::new(Body::from("x")));
        assert!(!small.headers().contains_key(CONTENT_ENCODING));
    }
}
