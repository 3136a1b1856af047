//! `polyptych keygen`: a new API key, shown this once, and the hash of it for the configuration.

use anyhow::Result;
use polyptych::facade::auth::ApiKey;

use crate::output::print;

/// Makes a key.
pub(crate) fn run() -> Result<bool> {
    let key = ApiKey::generate()?;
    print(format_args!("key:  {}\nhash: {}", key.reveal(), key.hash()))?;
    Ok(true)
}
