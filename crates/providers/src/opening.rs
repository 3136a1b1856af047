//! How a body opens that does not read to its end. Yandex and Facebook refuse under a status of success too, so that
//! only the first element tells whether a write was carried out.

/// What the start of a body tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// A result: the request was carried out.
    Result,
    /// An answer of the API, but an error, or too little of it to tell.
    Unclear,
    /// Not of the API.
    Foreign,
}

/// The opening of a JSON object, by its first member.
pub(crate) fn of_json(body: &[u8]) -> Opening {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let Some(inside) = body.strip_prefix(b"{") else { return Opening::Foreign };
    let Some(key) = inside.trim_ascii_start().strip_prefix(b"\"") else { return Opening::Unclear };
    match key.iter().position(|byte| *byte == b'"') {
        Some(_) if !key.starts_with(b"error") => Opening::Result,
        _ => Opening::Unclear,
    }
}

/// The opening of a SOAP envelope, by the first element of its body.
pub(crate) fn of_soap(body: &[u8]) -> Opening {
    let text = String::from_utf8_lossy(body.get(..MAX_SOAP_OPENING).unwrap_or(body));
    let mut tags = text.split('<').skip(1).map(local_name);
    if !tags.any(|tag| tag == Some("Envelope")) {
        return Opening::Foreign;
    }
    match tags.skip_while(|tag| *tag != Some("Body")).nth(1) {
        Some(Some(first)) if first != "Fault" && !first.is_empty() => Opening::Result,
        _ => Opening::Unclear,
    }
}

/// Envelope, namespaces and header entries stand before the body.
const MAX_SOAP_OPENING: usize = 4096;

/// The local name at the start of `tag`, if the name ends there; empty for the end of an element.
fn local_name(tag: &str) -> Option<&str> {
    let name = tag.get(..tag.find([' ', '\t', '\r', '\n', '/', '>'])?)?;
    Some(name.rsplit(':').next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_member_of_an_object_tells() {
        for (body, expected) in [
            ("{\"result\": ", Opening::Result),
            ("\u{feff} {\n\"images\":7}", Opening::Result),
            ("{\"res", Opening::Unclear),
            ("{", Opening::Unclear),
            ("{}", Opening::Unclear),
            ("{\"error\":\"text\"}", Opening::Unclear),
            ("{\"error_code\":53", Opening::Unclear),
            ("", Opening::Foreign),
            ("[]", Opening::Foreign),
            ("<html>", Opening::Foreign),
        ] {
            assert_eq!(of_json(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn the_first_element_of_a_soap_body_tells() {
        for (body, expected) in [
            (
                "<?xml version='1.0'?><s:Envelope xmlns:s='u'><s:Header><a>1</a></s:Header><s:Body><r:get>",
                Opening::Result,
            ),
            ("<Envelope><Body>\n <ns:AddResponse xmlns:ns='u'>", Opening::Result),
            ("<s:Envelope><s:Body><s:Fault><faultcode>", Opening::Unclear),
            ("<s:Envelope><s:Body><s:Fau", Opening::Unclear),
            ("<s:Envelope><s:Body/></s:Envelope>", Opening::Unclear),
            ("<s:Envelope><s:Bo", Opening::Unclear),
            ("<s:Env", Opening::Foreign),
            ("<html><body>Envelope</body></html>", Opening::Foreign),
            ("", Opening::Foreign),
        ] {
            assert_eq!(of_soap(body.as_bytes()), expected, "{body}");
        }
    }
}
