//! Reading `multipart/form-data` that is wholly in memory: parts are slices of the body, none is copied. It is lenient
//! about what clients leave out (a part's content type) and refuses what it cannot cut.

use bytes::Bytes;
use memchr::memmem;
use percent_encoding::percent_decode_str;

/// The most parts of a form.
const MOST_PARTS: usize = 256;
/// The most bytes of one part's head.
const LONGEST_HEAD: usize = 16 * 1024;

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The field's name; empty when the part has none.
    pub(crate) name: String,
    /// Present for a file.
    pub(crate) file_name: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) content: Bytes,
}

/// A body that is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The parts of `body`, whose `Content-Type` header is `content_type`.
///
/// # Errors
/// When the header has no boundary, the body does not begin with it or does not end with its closing form, or a limit
/// is passed.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Result<Vec<Part>, Malformed> {
    let boundary = parameters(content_type)
        .into_iter()
        .find_map(|(name, value)| (name == "boundary" && !value.is_empty()).then_some(value));
    let delimiter = format!("\r\n--{}", boundary.ok_or(Malformed)?);
    let finder = memmem::Finder::new(delimiter.as_bytes());
    let opening = delimiter.as_bytes().get(2..).ok_or(Malformed)?;
    let mut at =
        if body.starts_with(opening) { opening.len() } else { finder.find(body).ok_or(Malformed)? + delimiter.len() };
    let mut parts = Vec::new();
    loop {
        let rest = body.get(at..).ok_or(Malformed)?;
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        let line_end = memmem::find(rest, b"\r\n").ok_or(Malformed)?;
        if parts.len() == MOST_PARTS || !rest[..line_end].iter().all(|byte| b" \t".contains(byte)) {
            return Err(Malformed);
        }
        // The delimiter is looked for from the line break itself, since a part may be empty and without headers.
        let start = at + line_end;
        let end = start + finder.find(body.get(start..).ok_or(Malformed)?).ok_or(Malformed)?;
        parts.push(part(body, start, end)?);
        at = end + delimiter.len();
    }
}

fn part(body: &Bytes, start: usize, end: usize) -> Result<Part, Malformed> {
    let whole = body.get(start..end).ok_or(Malformed)?;
    let blank = memmem::find(whole.get(..LONGEST_HEAD.min(whole.len())).unwrap_or_default(), b"\r\n\r\n");
    let blank = blank.ok_or(Malformed)?;
    let head = std::str::from_utf8(&whole[..blank]).map_err(|_| Malformed)?;
    let mut part =
        Part { name: String::new(), file_name: None, media_type: None, content: body.slice(start + blank + 4..end) };
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-type" => part.media_type = Some(value.trim().to_owned()),
            "content-disposition" => {
                for (name, value) in parameters(value) {
                    match name.as_str() {
                        "name" => part.name = value,
                        "filename" => part.file_name = Some(value),
                        "filename*" if part.file_name.is_none() => part.file_name = Some(extended(&value)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(part)
}

/// The text of an extended value such as `utf-8''%D0%B0.png` (RFC 5987), which older HTTP libraries send for names beyond
/// ASCII. What is not such a value is the text itself.
fn extended(value: &str) -> String {
    let text = value.splitn(3, '\'').nth(2).unwrap_or(value);
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The `; name="value"` pairs of a header, names in lower case. In a quoted value a backslash escapes a quote or a
/// backslash and is itself otherwise, as browsers have long written Windows paths.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = header.find(';').map_or("", |at| &header[at + 1..]);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ';']).to_ascii_lowercase();
        let after = after.trim_start();
        let Some(quoted) = after.strip_prefix('"') else {
            let end = after.find(';').unwrap_or(after.len());
            pairs.push((name, after[..end].trim().to_owned()));
            rest = after.get(end + 1..).unwrap_or("");
            continue;
        };
        let mut value = String::new();
        let mut letters = quoted.char_indices().peekable();
        rest = "";
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    rest = &quoted[at + 1..];
                    break;
                }
                '\\' if matches!(letters.peek(), Some((_, '"' | '\\'))) => {
                    value.extend(letters.next().map(|(_, escaped)| escaped));
                }
                other => value.push(other),
            }
        }
        pairs.push((name, value));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"b;=\"";

    fn read(body: &str) -> Result<Vec<Part>, Malformed> {
        parts(TYPE, &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn parts_are_cut_at_the_boundary_and_keep_their_bytes() {
        let body = "--b;=\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x \\\"1\\\".png\"\r\n\r\none\r\n\r\ntwo\r\n\
                    --b;=\r\nContent-Disposition: form-data; name=token\r\nContent-Type: text/plain\r\n\r\n\r\n--b;=--\r\n";
        let parts = read(body).unwrap();
        assert_eq!(parts[0].file_name.as_deref(), Some("x \"1\".png"));
        assert_eq!(&parts[0].content[..], b"one\r\n\r\ntwo");
        assert_eq!((parts[1].name.as_str(), parts[1].content.len()), ("token", 0));
        assert_eq!(parts[1].media_type.as_deref(), Some("text/plain"));
    }

    #[test]
    fn a_file_name_may_come_in_the_extended_form() {
        let named = |name: &str| {
            let body = format!("--b;=\r\nContent-Disposition: form-data; name=f; {name}\r\n\r\none\r\n--b;=--\r\n");
            read(&body).unwrap().remove(0).file_name
        };
        assert_eq!(named("filename*=utf-8''%D0%B0%20b.png").as_deref(), Some("а b.png"));
        assert_eq!(named("filename=\"a.png\"; filename*=UTF-8''b.png").as_deref(), Some("a.png"));
        assert_eq!(named("filename*=plain.png").as_deref(), Some("plain.png"));
        assert_eq!(named("x=y"), None);
    }

    #[test]
    fn a_body_that_breaks_off_is_malformed() {
        assert_eq!(read("--b;=\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none"), Err(Malformed));
        assert_eq!(read("none"), Err(Malformed));
        assert_eq!(read("--b;=\r\n\r\n--b;=--"), Err(Malformed));
        assert_eq!(parts("multipart/form-data", &Bytes::new()), Err(Malformed));
    }
}
