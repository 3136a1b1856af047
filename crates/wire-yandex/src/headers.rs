//! What the headers of an answer tell. v5 sends all of them; v4 Live sends `RequestId` only.

use http::HeaderMap;

/// Points, as the header `Units` tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    /// Spent on this request.
    pub spent: u64,
    /// Left at this moment.
    pub left: u64,
    /// The daily limit.
    pub limit: u64,
}

impl Units {
    /// Reads `spent/left/limit`; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(|part| part.trim().parse().ok());
        let units = Self { spent: parts.next()??, left: parts.next()??, limit: parts.next()?? };
        parts.next().is_none().then_some(units)
    }
}

/// Points; `None` if the header is missing or malformed.
pub fn units(headers: &HeaderMap) -> Option<Units> {
    Units::parse(text(headers, "units")?)
}

/// Id of the request at the provider: decimal digits, beyond what a JSON number holds, so text.
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    text(headers, "requestid")
}

/// Login of the representative whose points were spent.
pub fn units_used_login(headers: &HeaderMap) -> Option<&str> {
    text(headers, "units-used-login")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}
