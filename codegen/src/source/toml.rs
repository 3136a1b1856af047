//! TOML inputs: tables and overlays. What is wrong with one is told with its line.

use serde::de::DeserializeOwned;

use crate::ir::Origin;
use crate::{Error, ErrorKind};

/// Reads the TOML file at `file` (relative to `schemas/`).
///
/// # Errors
/// If it is not TOML of that shape; the place is the line.
pub(crate) fn parse_toml<T: DeserializeOwned>(file: &str, content: &[u8]) -> Result<T, Error> {
    let at = |bytes: usize| line_at(file, content, bytes);
    let text = std::str::from_utf8(content)
        .map_err(|error| Error::new(ErrorKind::Syntax, &at(error.valid_up_to()), "not UTF-8"))?;
    toml::from_str(text).map_err(|error| match error.span() {
        Some(span) => Error::new(ErrorKind::Syntax, &at(span.start), error.message()),
        None => Error::in_file(ErrorKind::Syntax, file, error.message()),
    })
}

/// The line in which the byte stands.
pub(crate) fn line_at(file: &str, content: &[u8], byte: usize) -> Origin {
    let line = 1 + content.iter().take(byte).filter(|byte| **byte == b'\n').count();
    Origin { file: file.to_owned(), place: line.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        #[serde(rename = "number")]
        _number: i64,
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases: [(&[u8], &str); 4] = [
            (b"number = 1\n\n= 2\n", "schemas/x.toml:3: "),
            (b"# x\nnumber = \"1\"\n", "schemas/x.toml:2: "),
            (b"number = 1\n# x\nnumbre = 2\n", "schemas/x.toml:3: "),
            (b"number = 1\n# \xff\n", "schemas/x.toml:2: not UTF-8"),
        ];
        for (content, expected) in cases {
            let error = parse_toml::<Table>("x.toml", content).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
