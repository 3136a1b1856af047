//! Page tokens: a provider's cursor that only continues the list it came from.
//!
//! A token is base64url of a digest over parent and cursor, then the cursor. The digest holds no key, so that any
//! replica reads the tokens of any other and of its own past: it catches a changed token and one of another list. What
//! a cursor may say is the provider module's to check, as for any argument.

use polyptych_domain::Sha256;

use crate::status::Refusal;

const DIGEST_BYTES: usize = 16;
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// The token that continues the list of `parent` after `cursor`.
pub(crate) fn seal(parent: &str, cursor: &str) -> String {
    let mut bytes = digest(parent, cursor).to_vec();
    bytes.extend_from_slice(cursor.as_bytes());
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// The cursor in a token of `parent`; `None` if the token was not made for it, or was changed.
pub(crate) fn open(parent: &str, token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(token).ok()?;
    let (told, cursor) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
    let cursor = std::str::from_utf8(cursor).ok()?;
    (*told == digest(parent, cursor)).then(|| cursor.to_owned())
}

/// The cursor that a request goes on after; `None` for the first page.
///
/// # Errors
/// If the token is none of this parent.
pub(crate) fn after(parent: &str, token: &str) -> Result<Option<String>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let refused = || Refusal::argument("page_token", "this is not a token of the list that is asked for");
    open(parent, token).map(Some).ok_or_else(refused)
}

fn digest(parent: &str, cursor: &str) -> [u8; DIGEST_BYTES] {
    // A parent holds no line break, so that the two parts cannot be shifted against each other.
    let digest = Sha256::of(format!("polyptych page token 1\n{parent}\n{cursor}").as_bytes());
    let mut short = [0; DIGEST_BYTES];
    short.iter_mut().zip(digest.as_bytes()).for_each(|(short, byte)| *short = *byte);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "libraries/facebook/albums/1000000001";

    #[test]
    fn a_token_gives_back_its_cursor_for_its_parent_only() {
        for cursor in ["", "QVFIUk", "1000", "курсор/+=&"] {
            let token = seal(PARENT, cursor);
            assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
            assert_eq!(open(PARENT, &token).as_deref(), Some(cursor));
            assert_eq!(open("libraries/facebook/albums/1000000002", &token), None);
            assert_eq!(open("libraries/facebook", &token), None);
        }
    }

    #[test]
    fn a_token_with_any_bit_changed_is_refused() {
        let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(seal(PARENT, "cursor")).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(PARENT, &base64_simd::URL_SAFE_NO_PAD.encode_to_string(forged)), None, "bit {bit}");
        }
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for token in ["", "x", "cursor", "AAAA", "====", "ключ", &"A".repeat(22), &"A".repeat(MAX_TOKEN_BYTES + 1)]
        {
            assert_eq!(open(PARENT, token), None, "{token}");
        }
    }
}
