//! Who calls: the token, and the proof that the caller knows the app's secret (reference 3.4).

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use sha2::Sha256;

use super::call::{Call, Target};
use super::error::GraphError;
use crate::digest::hex;
use crate::settings::{AppSecret, Token};
use crate::state::State;

/// For how many seconds a proof that names its time is good.
const PROOF_SECONDS: u64 = 300;

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
                None => proves(proof, secret, token),
                Some(time) => {
                    let now = u64::try_from(state.now().div_euclid(1000)).unwrap_or_default();
                    time.parse::<u64>().is_ok_and(|time| time.abs_diff(now) <= PROOF_SECONDS)
                        && proves(proof, secret, &format!("{token}|{time}"))
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

/// Whether `proof` is the HMAC-SHA256 (RFC 2104) of `message` in hexadecimal digits of either case.
fn proves(proof: &str, secret: &AppSecret, message: &str) -> bool {
    // A key of any length is taken.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return false };
    proof.eq_ignore_ascii_case(&hex(&mac.chain_update(message).finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_that_of_the_official_sdk_and_of_rfc_4231() {
        let fits = |proof: &str, secret: &str, message: &str| proves(proof, &AppSecret::new(secret), message);
        let recorded = "2356b17ae2860016a34575ada27f94b543ed2cbe59a85ba2e0c62dc4aba7a5c6";
        assert!(fits(recorded, "secret", "TOKEN") && fits(&recorded.to_uppercase(), "secret", "TOKEN"));
        assert!(!fits(recorded, "secret", "TOKEM") && !fits("", "secret", "TOKEN") && !fits(recorded, "", "TOKEN"));
        let case_2 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(fits(case_2, "Jefe", "what do ya want for nothing?"));
    }
}
