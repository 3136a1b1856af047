//! Digests and identifiers: image hashes in each provider's form, request ids, UUIDs. All follow from the content or
//! from a seeded counter; none is random and none is promised to equal what the real service would give.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// SHA-256 of a picture's bytes: the emulator's own name for a content.
pub(crate) type Sha = [u8; 32];

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> Sha {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|nibble| char::from(DIGITS[usize::from(nibble)])));
    }
    text
}

/// The bytes of 64 hexadecimal digits; `None` for anything else.
pub(crate) fn sha_from_hex(text: &str) -> Option<Sha> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut sha = [0; 32];
    for (place, pair) in sha.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *place = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(sha)
}

/// 128 bits that depend on `domain`, `sha` and `copy`; copy 0 is the only one while contents are stored once.
fn short(domain: &[u8], sha: &Sha, copy: u64) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(domain);
    hasher.update(sha);
    if copy > 0 {
        hasher.update(copy.to_be_bytes());
    }
    let full: Sha = hasher.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}

/// A Yandex image hash: 22 characters of the base64url alphabet (v5 reference 13.8; the real function is unknown).
pub(crate) fn yandex_hash(sha: &Sha, copy: u64) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(short(b"yandex", sha, copy))
}

/// A Facebook image hash: 32 lower-case hexadecimal digits (Facebook reference 16.14; the real function is unknown).
pub(crate) fn facebook_hash(sha: &Sha, copy: u64) -> String {
    hex(&short(b"facebook", sha, copy))
}

/// Identifiers drawn from a seeded counter: the same seed and the same order of requests give the same identifiers.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    next: AtomicU64,
}

impl Ids {
    /// A counter that starts anew for `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1) }
    }

    /// Starts counting again.
    pub(crate) fn reset(&self) {
        self.next.store(1, Ordering::SeqCst);
    }

    fn draw(&self, domain: &[u8]) -> [u8; 16] {
        let count = self.next.fetch_add(1, Ordering::SeqCst);
        short(domain, &sha256(&self.seed.to_be_bytes()), count)
    }

    /// A Yandex request id: 19 decimal digits, the first one not zero.
    pub(crate) fn request(&self) -> String {
        let bytes = self.draw(b"request");
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[..8]);
        let span = 9_000_000_000_000_000_000_u64;
        format!("{}", 1_000_000_000_000_000_000 + u64::from_be_bytes(eight) % span)
    }

    /// A version 4 UUID in lower case.
    pub(crate) fn uuid(&self) -> String {
        let mut bytes = self.draw(b"uuid");
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let digits = hex(&bytes);
        format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
    }

    /// An opaque trace id of the Graph API: `A` and 22 characters of the base64url alphabet.
    pub(crate) fn trace(&self) -> String {
        format!("A{}", base64_simd::URL_SAFE_NO_PAD.encode_to_string(self.draw(b"trace")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_take_the_provider_forms_and_depend_only_on_the_content() {
        let sha = sha256(b"picture");
        assert_eq!(yandex_hash(&sha, 0).len(), 22);
        assert_eq!(facebook_hash(&sha, 0).len(), 32);
        assert_eq!(yandex_hash(&sha, 0), yandex_hash(&sha256(b"picture"), 0));
        assert_ne!(yandex_hash(&sha, 0), yandex_hash(&sha, 1));
        assert_eq!(sha_from_hex(&hex(&sha)), Some(sha));
        assert_eq!(sha_from_hex("é"), None);
    }

    #[test]
    fn counted_identifiers_repeat_after_a_reset() {
        let ids = Ids::new(7);
        let (request, uuid) = (ids.request(), ids.uuid());
        assert_eq!(request.len(), 19);
        assert!(request.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        ids.reset();
        assert_eq!(ids.request(), request);
    }
}
