//! Reading base64 as the APIs get it: the standard alphabet with padding, white space between characters allowed, as
//! XML and old encoders write it. A `data:` prefix or the URL alphabet is not base64 here.

/// The bytes of standard base64; `None` when the text is anything else.
pub(crate) fn decode(text: String) -> Option<Vec<u8>> {
    let mut characters = text.into_bytes();
    if characters.iter().any(u8::is_ascii_whitespace) {
        characters.retain(|byte| !byte.is_ascii_whitespace());
    }
    let length = base64_simd::STANDARD.decode_inplace(&mut characters).ok()?.len();
    characters.truncate(length);
    Some(characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_skipped_and_other_alphabets_refused() {
        assert_eq!(decode("aGVs\r\nbG8=".to_owned()), Some(b"hello".to_vec()));
        assert_eq!(decode("data:image/png;base64,aGVsbG8=".to_owned()), None);
        assert_eq!(decode("_-8=".to_owned()), None);
        assert_eq!(decode("aGVsbG8".to_owned()), None);
    }
}
