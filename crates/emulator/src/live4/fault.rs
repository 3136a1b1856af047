//! Request-level errors of Live 4 (reference 5).

use crate::control::script::ErrorFault;
use crate::shape::{Misfit, Wrong};
use crate::yandex::account::Denied;
use crate::yandex::texts::{LOGIN_UNAVAILABLE, Language, message};

/// An error that nothing was done because of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    /// Empty when there is nothing to add.
    pub(crate) detail: String,
    /// In place of the code's own message.
    message: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: i64, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), message: None }
    }

    /// An error of the fault script.
    pub(crate) fn scripted(fault: ErrorFault) -> Self {
        let code = fault.number();
        Self { message: fault.message, ..Self::new(code, fault.detail.unwrap_or_default()) }
    }

    /// The message in one language.
    pub(crate) fn message(&self, language: Language) -> &str {
        let known = if self.code == 52 { LOGIN_UNAVAILABLE.in_(language) } else { message(self.code, language) };
        self.message.as_deref().unwrap_or(known)
    }

    /// Error 71.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(71, detail)
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Missing => Self::invalid("Field Logins must not be empty"),
            Denied::NoRights => Self::new(54, "The token does not cover the login"),
            Denied::Unknown => Self::new(54, "The login is not a client of the token's owner"),
        }
    }
}

impl From<Misfit> for Fault {
    /// Only 9 (not an array) and "must not be empty" have published wording.
    fn from(misfit: Misfit) -> Self {
        let Misfit { wrong, member, within, .. } = misfit;
        let field = if within.is_empty() { member } else { format!("{within}.{member}") };
        match wrong {
            Wrong::NotList => Self::new(9, format!("Field {field} must be an array")),
            Wrong::Omitted => Self::invalid(format!("Field {field} must not be empty")),
            Wrong::Unknown => Self::invalid(format!("Field {field} is not known")),
            Wrong::NotText => Self::invalid(format!("Field {field} must be a string")),
            Wrong::NotLong => Self::invalid(format!("Field {field} must be an integer")),
            Wrong::NotStruct => Self::invalid(format!("Field {field} must be a structure")),
            Wrong::NotInEnum => Self::invalid(format!("Field {field} has a value that is not allowed")),
        }
    }
}
