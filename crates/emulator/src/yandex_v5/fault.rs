//! Whole-request errors of v5 (reference 7.1) and how a departure from the request's schema is worded.

use super::request::Method;
use crate::control::script::ErrorFault;
use crate::shape::{Misfit, Wrong};
use crate::yandex::account::Denied;
use crate::yandex::texts::{Language, message};

/// An error that nothing was done because of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    /// Empty when there is nothing to add.
    pub(crate) detail: String,
    /// In place of the code's own message.
    message: Option<String>,
    /// The operation that was asked for; absent when the request did not get so far.
    pub(crate) method: Option<Method>,
}

impl Fault {
    pub(crate) fn new(code: i64, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), message: None, method: None }
    }

    /// An error of the fault script.
    pub(crate) fn scripted(fault: ErrorFault) -> Self {
        let code = fault.number();
        Self { message: fault.message, ..Self::new(code, fault.detail.unwrap_or_default()) }
    }

    /// The message in one language.
    pub(crate) fn message(&self, language: Language) -> &str {
        self.message.as_deref().unwrap_or_else(|| message(self.code, language))
    }

    /// The same error, of this operation.
    pub(crate) fn during(self, method: Method) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Error 8000.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(8000, detail)
    }
}

/// Whether an error is the service's own doing.
pub(crate) fn is_server_error(code: i64) -> bool {
    matches!(code, 52 | 500 | 503 | 504 | 1000..=1002 | 1020)
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Missing => Self::invalid("The Client-Login header is required for agencies"),
            Denied::NoRights => Self::new(54, "The user has no rights to this login"),
            Denied::Unknown => Self::new(8800, "The login in the Client-Login header is not known"),
        }
    }
}

impl From<Misfit> for Fault {
    /// The wording for an omitted member of a list's item is the recorded one; the others are ours.
    fn from(misfit: Misfit) -> Self {
        let Misfit { wrong, member, within, in_item } = misfit;
        let place = match (within.as_str(), in_item) {
            ("", _) => String::new(),
            (list, true) => format!(" in an item in the {list} array"),
            (structure, false) => format!(" in the {structure} structure"),
        };
        Self::invalid(match wrong {
            Wrong::Omitted => format!("The required field {member} is omitted{place}"),
            Wrong::Unknown => format!("The field {member} is not known{place}"),
            Wrong::NotText => format!("The field {member} must contain a string{place}"),
            Wrong::NotLong => format!("The field {member} must contain an integer{place}"),
            Wrong::NotList => format!("The field {member} must contain an array{place}"),
            Wrong::NotStruct => format!("The field {member} must contain a structure{place}"),
            Wrong::NotInEnum => format!("The field {member} contains a value that is not allowed{place}"),
        })
    }
}
