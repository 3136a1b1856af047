//! Who calls: the token, and the proof that the caller knows the app's secret (reference 3.4).

use http::Method;
use sha2::{Digest, Sha256};

use super::call::{Call, Target};
use super::error::GraphError;
use crate::digest::hex;
use crate::settings::Token;
use crate::state::State;

/// For how many seconds a proof that names its time is good.
const PROOF_SECONDS: u64 = 300;
/// The block of SHA-256.
const BLOCK: usize = 64;

/// Checks the token, what it may be used for and, when the emulator was given the app's secret, the proof.
///
/// # Errors
/// 104 without a token, 190 for one that is not accepted, 200 and 294 for one without the right, 100 for a proof that is
/// missing or wrong.
pub(super) fn check(state: &State, call: &Call) -> Result<(), GraphError> {
    let token = call.token().ok_or_else(GraphError::token_required)?;
    let settings = &state.settings.facebook;
    let owner = state.live().token(token).ok_or_else(|| GraphError::bad_token(settings.bad_token_status))?;
    if owner.expired {
        return Err(GraphError::expired_token(settings.bad_token_status));
    }
    if let Some(account) = call.account() {
        covers(&owner, account)?;
    }
    // A batch may hold reads only; each of its operations is checked.
    if owner.read_only && call.method != Method::GET && call.target != Target::Root {
        return Err(GraphError::read_only());
    }
    let Some(secret) = &settings.app_secret else { return Ok(()) };
    match call.params.given("appsecret_proof") {
        None if settings.require_proof => Err(GraphError::proof_required()),
        None => Ok(()),
        Some(proof) => {
            let good = match call.params.given("appsecret_time") {
                None => proof.eq_ignore_ascii_case(&hmac(secret.reveal(), token)),
                Some(time) => {
                    let now = u64::try_from(state.now().div_euclid(1000)).unwrap_or_default();
                    time.parse::<u64>().is_ok_and(|time| time.abs_diff(now) <= PROOF_SECONDS)
                        && proof.eq_ignore_ascii_case(&hmac(secret.reveal(), &format!("{token}|{time}")))
                }
            };
            if good { Ok(()) } else { Err(GraphError::bad_proof()) }
        }
    }
}

/// Checks that the caller may use an account that is not the one of the path.
///
/// # Errors
/// 190 and 200, as of [`check`].
pub(super) fn may_use(state: &State, call: &Call, account: &str) -> Result<(), GraphError> {
    let owner = state.live().token(call.token().unwrap_or_default());
    covers(&owner.ok_or_else(|| GraphError::bad_token(state.settings.facebook.bad_token_status))?, account)
}

fn covers(owner: &Token, account: &str) -> Result<(), GraphError> {
    if owner.covers(account) { Ok(()) } else { Err(GraphError::no_permission()) }
}

/// HMAC-SHA256 (RFC 2104) in lower-case hexadecimal digits.
fn hmac(key: &str, message: &str) -> String {
    let mut block = [0_u8; BLOCK];
    let digest: [u8; 32];
    let key = if key.len() > BLOCK {
        digest = Sha256::digest(key.as_bytes()).into();
        &digest[..]
    } else {
        key.as_bytes()
    };
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    hex(&Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_that_of_the_official_sdk_and_of_rfc_4231() {
        let recorded = "2356b17ae2860016a34575ada27f94b543ed2cbe59a85ba2e0c62dc4aba7a5c6";
        assert_eq!(hmac("secret", "TOKEN"), recorded);
        let case_2 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac("Jefe", "what do ya want for nothing?"), case_2);
        assert_ne!(hmac(&"k".repeat(65), "m"), hmac(&"k".repeat(64), "m"));
    }
}
