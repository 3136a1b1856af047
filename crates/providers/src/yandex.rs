//! What both Yandex APIs share: reading an answer in either encoding, the token's own login, picture addresses.

pub(crate) mod advertiser;
pub(crate) mod albums;
pub(crate) mod items;
pub(crate) mod reading;

use polyptych_domain::{AlbumId, Error, ErrorKind, Evidence, PageRequest, Price, Prices};
use polyptych_transport::Response;
use polyptych_wire::fault::Level;
use polyptych_wire_yandex::{Answer, ApiFault, DecodeError, EncodeError, Encoding};

use crate::call::{Call, Line};
use crate::opening::{self, Opening};
use crate::refusal::Refusal;

/// The album that stands for the token's own login.
pub(crate) const SELF: &str = "self";

/// The header of the request id, on every answer of both APIs.
pub(crate) const REQUEST_ID: &str = "requestid";

/// Images that are looked through at most for an upload whose answer was lost.
pub(crate) const LOOKED_THROUGH: u32 = 1_000;

/// Bytes of images in one call, before base64. The providers tell no limit of a body; this is well below what has been
/// sent for one image.
pub(crate) const CALL_BYTES: u64 = 24 << 20;

/// Calls at once in a batch: one less than the provider takes of an advertiser.
pub(crate) const CALLS_AT_ONCE: u32 = 4;

/// What v5 charges.
pub(crate) const PRICES: Prices = Prices {
    upload: Price { call: 20, image: 20 },
    get: Price { call: 15, image: 1 },
    delete: Price { call: 10, image: 0 },
    refused_image: 20,
    refused_call: 50,
    evidence: Evidence::Measured,
    source: "yandex-direct-v5 8.1",
};

/// The login that an album names; `None` for the token's own.
pub(crate) fn login(album: &AlbumId) -> Option<&str> {
    Some(album.as_str()).filter(|login| *login != SELF)
}

/// The domain's name of an encoding.
pub(crate) fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Json => "json",
        Encoding::Soap => "soap",
    }
}

/// A request that could not be written: a text of it cannot be carried by XML. Nothing was sent.
pub(crate) fn unwritable(call: &Call<'_>, error: EncodeError) -> Error {
    call.error(ErrorKind::InvalidArgument, "a name holds characters that cannot be sent").with_source(error)
}

/// The response in an answer, or the domain's error. Faults come under any status; a response is believed under a
/// success only.
pub(crate) fn response<T>(
    call: &Call<'_>,
    encoding: Encoding,
    answer: &Response,
    read: Result<Answer<T>, DecodeError>,
) -> Result<T, Error> {
    match read {
        Ok(Answer::Fault(fault)) => Err(call.refused(Level::Request, refusal(fault), answer)),
        Ok(Answer::Response(response)) if answer.status.is_success() => Ok(response),
        Err(error @ DecodeError::NoResult) if answer.status.is_success() => Err(call.unclear(answer, error)),
        Err(error) if answer.status.is_success() => Err(call.undecoded(answer, opening(encoding, &answer.body), error)),
        _ => Err(call.foreign(answer)),
    }
}

pub(crate) fn refusal(fault: ApiFault) -> Refusal {
    Refusal {
        code: fault.code,
        message: Refusal::joined(&fault.message, fault.detail.as_deref().unwrap_or_default()),
        request_id: fault.request_id,
        // An error of the API has a code; one without comes from something before it, and may pass.
        transient: fault.code.is_none(),
        ..Refusal::default()
    }
}

pub(crate) fn opening(encoding: Encoding, body: &[u8]) -> Opening {
    match encoding {
        Encoding::Json => opening::of_json(body),
        Encoding::Soap => opening::of_soap(body),
    }
}

/// The place at which a page starts: our cursors are the providers' offsets.
pub(crate) fn offset(line: &Line, album: &AlbumId, page: &PageRequest) -> Result<i64, Error> {
    parse_offset(page).ok_or_else(|| line.error(album, ErrorKind::InvalidArgument, FOREIGN_TOKEN))
}

/// What is said of a cursor that is none of ours.
pub(crate) const FOREIGN_TOKEN: &str = "the page token is not one of this library";

/// A cursor as an offset from 0; none for any other text.
pub(crate) fn parse_offset(page: &PageRequest) -> Option<i64> {
    page.after.as_deref().unwrap_or("0").parse().ok().filter(|offset| *offset >= 0)
}

/// The address of a picture, over TLS on Yandex's own hosts: the provider writes `http` there and redirects.
pub(crate) fn picture_url(url: String) -> String {
    let Some(rest) = url.strip_prefix("http://") else { return url };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let ours = ["yandex.ru", "yandex.com"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|name| name.is_empty() || name.ends_with('.')));
    let plain_port = !rest.get(host.len()..).is_some_and(|after| after.starts_with(':'));
    if ours && plain_port { format!("https://{rest}") } else { url }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_yandex_are_fetched_over_tls() {
        for (given, expected) in [
            ("http://direct.yandex.ru/images/direct/a", "https://direct.yandex.ru/images/direct/a"),
            ("http://yandex.com", "https://yandex.com"),
            ("https://direct.yandex.ru/a", "https://direct.yandex.ru/a"),
            ("http://127.0.0.1:8080/images/a", "http://127.0.0.1:8080/images/a"),
            ("http://direct.yandex.ru:8080/a", "http://direct.yandex.ru:8080/a"),
            ("http://notyandex.ru/a", "http://notyandex.ru/a"),
            ("http://yandex.ru.example.com/a", "http://yandex.ru.example.com/a"),
            ("", ""),
        ] {
            assert_eq!(picture_url(given.to_owned()), expected);
        }
    }
}
