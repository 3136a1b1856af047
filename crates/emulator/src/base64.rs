//! Reading base64 as the APIs get it: the standard alphabet with padding, white space between characters allowed, as
//! XML and old encoders write it. A `data:` prefix or the URL alphabet is not base64 here.

use base64_simd::STANDARD;
use bytes::Bytes;

/// The bytes of standard base64, in memory of their own; `None` when the text is anything else.
pub(crate) fn decode(text: impl AsRef<[u8]>) -> Option<Bytes> {
    let text = text.as_ref();
    // White space is rare and looked for only where the text cannot be read as it is.
    whole(text).or_else(|| {
        let packed: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if packed.len() < text.len() { whole(&packed) } else { None }
    })
}

fn whole(text: &[u8]) -> Option<Bytes> {
    STANDARD.decode_to_vec(text).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_skipped_and_other_alphabets_refused() {
        assert_eq!(decode("aGVs\r\nbG8=").as_deref(), Some(b"hello".as_slice()));
        for text in [" aGVsbG8= ", "aGVsbG8=\n", "a G V s b G 8 ="] {
            assert_eq!(decode(text).as_deref(), Some(b"hello".as_slice()), "{text:?}");
        }
        assert_eq!(decode("data:image/png;base64,aGVsbG8="), None);
        assert_eq!(decode("_-8="), None);
        assert_eq!(decode("aGVsbG8"), None);
    }
}
