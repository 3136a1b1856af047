//! The keys that tokens are signed with: a JSON Web Key Set (RFC 7517, RFC 7518, RFC 8037), and the algorithms (RFC 7518,
//! section 3.1) with the kind of key that each needs. There is no algorithm here whose key could be somebody's public one
//! taken for a secret, and none that needs no key.

use base64_simd::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

const MOST_KEYS: usize = 64;
const MIN_RSA_BYTES: usize = 256;

macro_rules! algorithms {
    ($($(#[$meta:meta])* $name:ident = $text:literal, $family:ident, $check:expr;)*) => {
        /// How a token may be signed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Algorithm {
            $($(#[$meta])* $name,)*
        }

        impl Algorithm {
            /// Every algorithm.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written in a token: `ES256`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)* }
            }

            fn check(self) -> Check {
                match self { $(Self::$name => $check,)* }
            }
        }
    };
}

algorithms! {
    /// RSA with SHA-256.
    Rs256 = "RS256", Rsa, Check::Rsa(&RSA_PKCS1_2048_8192_SHA256);
    /// RSA with SHA-384.
    Rs384 = "RS384", Rsa, Check::Rsa(&RSA_PKCS1_2048_8192_SHA384);
    /// RSA with SHA-512.
    Rs512 = "RS512", Rsa, Check::Rsa(&RSA_PKCS1_2048_8192_SHA512);
    /// RSA-PSS with SHA-256.
    Ps256 = "PS256", Rsa, Check::Rsa(&RSA_PSS_2048_8192_SHA256);
    /// RSA-PSS with SHA-384.
    Ps384 = "PS384", Rsa, Check::Rsa(&RSA_PSS_2048_8192_SHA384);
    /// RSA-PSS with SHA-512.
    Ps512 = "PS512", Rsa, Check::Rsa(&RSA_PSS_2048_8192_SHA512);
    /// ECDSA over P-256 with SHA-256.
    Es256 = "ES256", P256, Check::Point(&ECDSA_P256_SHA256_FIXED);
    /// ECDSA over P-384 with SHA-384.
    Es384 = "ES384", P384, Check::Point(&ECDSA_P384_SHA384_FIXED);
    /// Ed25519.
    EdDsa = "EdDSA", Ed25519, Check::Point(&ED25519);
}

impl Algorithm {
    /// The algorithm of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
}

enum Check {
    Rsa(&'static RsaParameters),
    Point(&'static dyn VerificationAlgorithm),
}

/// Why a file is no set of keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// It is not JSON of that form.
    #[error("it is no JSON Web Key Set: line {}, column {}", .0.line(), .0.column())]
    Json(serde_json::Error),
    /// It holds a private or a symmetric key, which has no place here.
    #[error("it holds a secret key; only public ones belong there")]
    Secret,
    /// Nothing in it can be used.
    #[error("it holds no public key for signatures with RSA of at least 2048 bits, P-256, P-384 or Ed25519")]
    Empty,
    /// There are too many.
    #[error("it holds more than {MOST_KEYS} keys")]
    Length,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

/// A key as it is written. What is not read here is passed over, as RFC 7517 asks.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm that it is for, where it says so.
    algorithm: Option<Algorithm>,
    family: Family,
    public: Public,
}

#[derive(Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Point(Vec<u8>),
}

/// A set of public keys.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads a set. Keys of other kinds, and those for encryption, are passed over.
    ///
    /// # Errors
    /// If it is no set, holds a secret, or nothing that can be used.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, KeysError> {
        let set: Set = serde_json::from_slice(json).map_err(KeysError::Json)?;
        if set.keys.len() > MOST_KEYS {
            return Err(KeysError::Length);
        }
        if set.keys.iter().any(|key| key.d.is_some() || key.k.is_some()) {
            return Err(KeysError::Secret);
        }
        let keys: Vec<_> = set.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Self(keys)) }
    }

    /// Whether one of the keys of that id, or any key where the token names none, has signed `message`.
    pub(crate) fn verify(&self, algorithm: Algorithm, id: Option<&str>, message: &[u8], signature: &[u8]) -> bool {
        let suits = |key: &&Key| {
            key.family == algorithm.family()
                && key.algorithm.is_none_or(|only| only == algorithm)
                && id.is_none_or(|id| key.id.as_deref() == Some(id))
        };
        self.0.iter().filter(suits).any(|key| match (&key.public, algorithm.check()) {
            (Public::Rsa { n, e }, Check::Rsa(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            (Public::Point(point), Check::Point(check)) => {
                UnparsedPublicKey::new(check, point).verify(message, signature).is_ok()
            }
            _ => false,
        })
    }
}

fn usable(key: Jwk) -> Option<Key> {
    if key.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return None;
    }
    let algorithm = match &key.alg {
        None => None,
        Some(name) => Some(Algorithm::named(name)?),
    };
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode_to_vec(text.as_ref()?).ok();
    let coordinate = |text: &Option<String>, len: usize| bytes(text).filter(|bytes| bytes.len() == len);
    let point = |len: usize| Some([vec![4], coordinate(&key.x, len)?, coordinate(&key.y, len)?].concat());
    let (family, public) = match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", None) => {
            let n: Vec<u8> = bytes(&key.n)?.into_iter().skip_while(|byte| *byte == 0).collect();
            let public = (n.len() >= MIN_RSA_BYTES).then_some(Public::Rsa { n, e: bytes(&key.e)? })?;
            (Family::Rsa, public)
        }
        ("EC", Some("P-256")) => (Family::P256, Public::Point(point(32)?)),
        ("EC", Some("P-384")) => (Family::P384, Public::Point(point(48)?)),
        ("OKP", Some("Ed25519")) => (Family::Ed25519, Public::Point(coordinate(&key.x, 32)?)),
        _ => return None,
    };
    let consistent = algorithm.is_none_or(|algorithm| algorithm.family() == family);
    consistent.then_some(Key { id: key.kid, algorithm, family, public })
}

#[cfg(test)]
mod tests;
