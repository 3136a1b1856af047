//! Tokens of somebody who knows who callers are: signed JSON Web Tokens (RFC 7515, RFC 7519, RFC 8725). Nothing in a token
//! chooses how it is verified but the id of a key that is there already: where keys come from, which algorithms count, who
//! issues and for whom, all that is configured.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::jwks::{Algorithm, KeySet};

/// Longer than any token that fits into the headers of a call.
const MAX_BYTES: usize = 8 << 10;
/// How much the issuer's clock may differ from ours, in seconds.
const LEEWAY: f64 = 60.0;

/// What a token must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// Who has to have issued it (`iss`).
    pub issuer: String,
    /// For whom it has to be (`aud`).
    pub audience: String,
    /// How it may be signed.
    pub algorithms: Vec<Algorithm>,
}

/// Why a token is not accepted. None of these texts holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("it is not a signed JSON Web Token")]
    Malformed,
    #[error("its algorithm is not accepted")]
    Algorithm,
    #[error("it was not signed with a key that is known here")]
    Signature,
    #[error("its claims cannot be read")]
    Claims,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    TooEarly,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The subject of a token that is accepted at `now`.
///
/// # Errors
/// Why it is not. What its claims are is only said of one whose signature is good.
pub(crate) fn subject(rules: &TokenRules, keys: &KeySet, token: &str, now: Timestamp) -> Result<String, TokenError> {
    if token.len() > MAX_BYTES {
        return Err(TokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let header: Header = read(header).ok_or(TokenError::Malformed)?;
    let typed = header.typ.as_deref().is_none_or(|typ| ["jwt", "at+jwt"].contains(&&*typ.to_ascii_lowercase()));
    if !typed || header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    let accepted = Algorithm::named(&header.alg).filter(|algorithm| rules.algorithms.contains(algorithm));
    let algorithm = accepted.ok_or(TokenError::Algorithm)?;
    let signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(signature).map_err(|_| TokenError::Malformed)?;
    if !keys.verify(algorithm, header.kid.as_deref(), signed.as_bytes(), &signature) {
        return Err(TokenError::Signature);
    }
    let claims: Claims = read(claims).ok_or(TokenError::Claims)?;
    if claims.iss != rules.issuer {
        return Err(TokenError::Issuer);
    }
    let meant = match &claims.aud {
        Audience::One(audience) => *audience == rules.audience,
        Audience::Many(audiences) => audiences.contains(&rules.audience),
    };
    if !meant {
        return Err(TokenError::Audience);
    }
    let now = now.as_second() as f64;
    // A value that is no number at all is neither before nor after, and does not pass.
    if now.partial_cmp(&(claims.exp + LEEWAY)) != Some(Ordering::Less) {
        return Err(TokenError::Expired);
    }
    if claims
        .nbf
        .is_some_and(|begin| !matches!(begin.partial_cmp(&(now + LEEWAY)), Some(Ordering::Less | Ordering::Equal)))
    {
        return Err(TokenError::TooEarly);
    }
    Ok(claims.sub)
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests;
