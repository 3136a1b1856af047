//! Proof that a call comes from the application whose token it carries: `appsecret_proof`, an HMAC-SHA256 of the token
//! with the application's secret. It stands in the query, since some calls ignore it in a body (reference 3.4).

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use polyptych_transport::{SecretString, Signing};
use secrecy::ExposeSecret;
use sha2::Sha256;

/// Makes `appsecret_proof` for each try.
pub struct AppSecretProof {
    secret: SecretString,
    timed: bool,
}

impl AppSecretProof {
    /// Proofs by the application's `secret`.
    pub fn new(secret: SecretString) -> Self {
        Self { secret, timed: false }
    }

    /// Binds each proof to its time (`appsecret_time`), so that it is good for five minutes only.
    #[must_use]
    pub fn with_time(mut self) -> Self {
        self.timed = true;
        self
    }

    fn proof(&self, message: &[&[u8]]) -> String {
        // A key of any length is a key of HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()) else {
            return String::new();
        };
        message.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Signing for AppSecretProof {
    fn query(&self, credential: &SecretString, now: SystemTime) -> SecretString {
        let token = credential.expose_secret().as_bytes();
        if !self.timed {
            return format!("appsecret_proof={}", self.proof(&[token])).into();
        }
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        let proof = self.proof(&[token, b"|", seconds.as_bytes()]);
        format!("appsecret_proof={proof}&appsecret_time={seconds}").into()
    }
}

impl std::fmt::Debug for AppSecretProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppSecretProof").field("timed", &self.timed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_proof_is_that_of_the_official_sdk() {
        let proof = AppSecretProof::new("secret".into());
        let query = proof.query(&"TOKEN".into(), UNIX_EPOCH);
        let expected = "appsecret_proof=2356b17ae2860016a34575ada27f94b543ed2cbe59a85ba2e0c62dc4aba7a5c6";
        assert_eq!(query.expose_secret(), expected);
    }

    #[test]
    fn a_timed_proof_is_made_of_the_token_and_the_second() {
        let at = |seconds: u64| {
            let proof = AppSecretProof::new("secret".into()).with_time();
            let query = proof.query(&"TOKEN".into(), UNIX_EPOCH + Duration::from_millis(seconds * 1_000 + 999));
            query.expose_secret().to_owned()
        };
        // printf 'TOKEN|1795320000' | openssl dgst -sha256 -hmac secret
        let expected = "appsecret_proof=0e5eed35a11896df112c493ca981655dfb902b551005278fbb08cbdf3812ccf6&appsecret_time=1795320000";
        assert_eq!(at(1_795_320_000), expected);
        assert_ne!(at(1_795_320_000).split('&').next(), at(1_795_320_001).split('&').next());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", AppSecretProof::new("canary".into())).contains("canary"));
    }
}
