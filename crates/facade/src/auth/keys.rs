//! API keys: a key is shown once, when it is made; what is kept of it is its digest. A key has 256 random bits, so that the
//! digest needs neither salt nor effort, and nobody finds the key from it.

use std::fmt;
use std::str::FromStr;

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// What every key begins with, so that it is told from a token, and found where it was left by mistake.
const PREFIX: &str = "polyptych_";
const SECRET_BYTES: usize = 32;

/// A key that was just made. It is shown by [`ApiKey::reveal`] and by nothing else.
pub struct ApiKey(String);

impl ApiKey {
    /// A new key of 256 random bits.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut secret = [0; SECRET_BYTES];
        SystemRandom::new().fill(&mut secret).map_err(|_| NoRandomness)?;
        Ok(Self(format!("{PREFIX}{}", base64_simd::URL_SAFE_NO_PAD.encode_to_string(secret))))
    }

    /// The key itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a configuration holds of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The system has no random bytes to make a key of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no random bytes")]
pub struct NoRandomness;

/// Whether a credential is a key, and not a token.
pub(super) fn is_key(credential: &str) -> bool {
    credential.starts_with(PREFIX)
}

/// The SHA-256 of a key, written `sha256:` and 64 hex digits.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// That of a key, its prefix included.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Whether both are of the same key; takes as long where they differ in the first byte as in the last.
    pub(super) fn is(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl FromStr for KeyHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        text.strip_prefix("sha256:").and_then(digest).map(Self).ok_or(NotAHash)
    }
}

/// 64 hex digits of either case.
pub(super) fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text is not the hash of a key. It is not repeated: it may be the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not `sha256:` and 64 hex digits; `polyptych keygen` makes a key and prints its hash")]
pub struct NotAHash;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_hash_and_shown_by_nothing_else() {
        let (key, other) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        assert_ne!(key.reveal(), other.reveal());
        assert!(is_key(key.reveal()) && key.reveal().len() == PREFIX.len() + 43, "{}", key.reveal());
        let written: KeyHash = key.hash().to_string().parse().unwrap();
        assert!(bool::from(written.is(&KeyHash::of(key.reveal()))));
        assert!(!bool::from(written.is(&other.hash())));
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }

    /// The digest of `abc` in FIPS 180-2.
    #[test]
    fn a_hash_is_the_plain_sha256_of_the_key() {
        let known = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(KeyHash::of("abc").to_string(), known);
        assert!(bool::from(
            known.to_uppercase().replace("SHA256", "sha256").parse::<KeyHash>().unwrap().is(&KeyHash::of("abc"))
        ));
    }

    #[test]
    fn every_bit_of_a_hash_counts() {
        let hash = KeyHash::of("abc");
        for bit in 0..256 {
            let mut other = hash;
            other.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!bool::from(hash.is(&other)), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_and_not_repeated() {
        let hash = KeyHash::of("abc").to_string();
        for text in [
            "",
            "canary",
            "sha256:",
            "sha512:00",
            &hash[..70],
            &format!("{hash}0"),
            &hash.replace("ba", "+a"),
            &hash[7..],
        ] {
            let error = text.parse::<KeyHash>().unwrap_err();
            assert!(!error.to_string().contains("canary"));
        }
    }
}
