//! Values that are kept as JSON texts.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Fault, unreadable};

/// What is stored of a value.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Encode(error.into()))
}

/// Reads what [`to_json`] has written.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(unreadable)
}
