//! The schema documents of both APIs, served with the addresses of this emulator. They are our own texts, packaged with
//! the crate; that they say the same as the stored schemas is tested in the workspace.

use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};

use crate::exchange::{base, reply, text};
use crate::soap::write::Xml;
use crate::state::State;

const ADIMAGES: &str = include_str!("../../schemas/adimages.wsdl");
const GENERAL: &str = include_str!("../../schemas/general.xsd");
const LIVE4: &str = include_str!("../../schemas/live4.wsdl");
/// The published Live 4 WSDL imports this without saying where it is; the address is a deviation of the emulator.
const SOAP_ENCODING: &str = include_str!("../../schemas/soap-encoding.xsd");
const SOAP_ENCODING_ITEMS: &str = include_str!("../../schemas/soap-encoding-items.xsd");

/// A document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document<'a> {
    /// The WSDL of AdImages, of `v5` or `v501`.
    AdImages(&'a str),
    /// The shared types that it imports.
    General,
    /// The WSDL of Live 4; of its alias `2/` when set.
    Live4 { alias: bool },
    /// The stand-in for the schema of SOAP encoding.
    SoapEncoding,
    /// What the stand-in imports.
    SoapEncodingItems,
}

impl Document<'_> {
    /// The document that a request asks for with a GET; a POST to an address with `?wsdl` is a call.
    pub(crate) fn asked<'a>(head: &Parts, path: &[&'a str]) -> Option<Document<'a>> {
        match path {
            [version @ ("v5" | "v501"), "adimages"] if asks_for_wsdl(head) => Some(Document::AdImages(version)),
            ["v5" | "v501", "general.xsd"] => Some(Document::General),
            ["live", "v4", "wsdl"] => Some(Document::Live4 { alias: false }),
            ["live", "v4", "wsdl", "2"] => Some(Document::Live4 { alias: true }),
            ["live", "v4", "wsdl", "soap-encoding.xsd"] => Some(Document::SoapEncoding),
            ["live", "v4", "wsdl", "soap-encoding-items.xsd"] => Some(Document::SoapEncodingItems),
            _ => None,
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::AdImages(_) => ADIMAGES,
            Self::General => GENERAL,
            Self::Live4 { .. } => LIVE4,
            Self::SoapEncoding => SOAP_ENCODING,
            Self::SoapEncodingItems => SOAP_ENCODING_ITEMS,
        }
    }

    /// `application/wsdl+xml` is recorded of the Live 4 WSDL.
    fn media_type(self) -> &'static str {
        match self {
            Self::AdImages(_) | Self::Live4 { .. } => "application/wsdl+xml",
            Self::General | Self::SoapEncoding | Self::SoapEncodingItems => "text/xml; charset=utf-8",
        }
    }
}

/// Answers with a document.
pub(crate) fn answer(state: &State, head: &Parts, document: Document<'_>) -> Response {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "schema documents can only be read");
    }
    let Some(base) = base(state, head) else {
        return text(StatusCode::BAD_REQUEST, "the Host header names no host, and the document's addresses need one");
    };
    let mut address = Xml::default();
    address.text(&base);
    let (version, alias) = match document {
        Document::AdImages(version) => (version, ""),
        Document::Live4 { alias: true } => ("", "2/"),
        _ => ("", ""),
    };
    let filled = document.template().replace("@BASE@", &address.into_string());
    reply(StatusCode::OK, document.media_type(), filled.replace("@VERSION@", version).replace("@ALIAS@", alias))
}

/// `?wsdl` and `?wsdl=` were seen.
fn asks_for_wsdl(head: &Parts) -> bool {
    let query = head.uri.query().unwrap_or_default().to_ascii_lowercase();
    head.method != Method::POST && query.split('&').any(|pair| pair == "wsdl" || pair == "wsdl=")
}
