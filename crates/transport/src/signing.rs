//! Query parameters that prove possession of a secret. They are made from the credential of the try, which nobody but
//! the transport holds, and are as secret as it.

use std::time::SystemTime;

use secrecy::SecretString;

/// Makes the parameters that prove a credential (Facebook's `appsecret_proof`).
pub trait Signing: Send + Sync {
    /// The parameters for a try with `credential` at `now`, as `name=value` joined by `&`, percent-encoded. Appended to
    /// the query; kept out of errors, spans and logs like the credential itself.
    fn query(&self, credential: &SecretString, now: SystemTime) -> SecretString;
}
