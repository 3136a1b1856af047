//! Errors of the Graph API in their wire shape (reference 9). Messages of documented and recorded errors are theirs, the
//! others are marked.

use serde_json::{Map, Value};

use crate::control::script::ErrorFault;

/// Messages of errors that only the fault script makes (reference 9).
const SCRIPTED: [(i64, &str); 8] = [
    (1, "An unknown error occurred"),
    (2, "Service temporarily unavailable"),
    (4, "(#4) Application request limit reached"),
    (17, "(#17) User request limit reached"),
    (32, "(#32) Page request limit reached"),
    (190, "Invalid OAuth access token - Cannot parse access token"),
    (613, "(#613) Calls to this api have exceeded the rate limit."),
    (80004, "(#80004) There have been too many calls to this ad-account. Wait a bit and try again."),
];

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    kind: &'static str,
    pub(crate) code: i64,
    subcode: Option<u32>,
    pub(crate) message: String,
    user: Option<(&'static str, String)>,
}

impl GraphError {
    fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self { status, kind: "OAuthException", code, subcode: None, message: message.into(), user: None }
    }

    /// Error 100 with a message of its own.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, 100, message)
    }

    /// Error 100 about a picture: recorded shape, title and text of each subcode.
    pub(crate) fn picture(subcode: u32) -> Self {
        let (title, text) = match subcode {
            1_487_411 => ("FileTypeNotSupported", "The type of file is not supported."),
            1_487_197 => ("Error processing image", "There was a problem processing the image for the ad."),
            1_815_814 => (
                "Zip Files Deprecated from POST <AD_ACCOUNT_ID>/adimages endpoint",
                "Uploading zip files to the POST/adimages endpoint is deprecated. Please use an image with extension of \
                 'jpg', 'jpeg', 'gif', 'bmp', 'png', 'tiff', or 'tif'.",
            ),
            // The text is the emulator's own; only the title was recorded.
            1_487_242 => ("Image Resize Failed", "The image could not be read; bytes must be standard base64."),
            _ => ("Invalid image", "The image was refused."),
        };
        Self { subcode: Some(subcode), user: Some((title, text.to_owned())), ..Self::invalid("Invalid parameter") }
    }

    /// The same error with another text for the user.
    pub(crate) fn saying(mut self, text: impl Into<String>) -> Self {
        self.user = self.user.map(|(title, _)| (title, text.into()));
        self
    }

    /// 100/33: no such object, or no such operation on it.
    pub(crate) fn unsupported(verb: &str, id: &str) -> Self {
        let id: String = id.chars().take(120).collect();
        let message = format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation"
        );
        Self { kind: "GraphMethodException", subcode: Some(33), ..Self::invalid(message) }
    }

    /// A field that the node does not have.
    pub(crate) fn field(name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        Self::invalid(format!("(#100) Tried accessing nonexisting field ({name}) on node type (AdImage)"))
    }

    /// 104: no token.
    pub(crate) fn token_required() -> Self {
        Self::new(400, 104, "An access token is required to request this resource.")
    }

    /// 190: a token that is not accepted.
    pub(crate) fn bad_token(status: u16) -> Self {
        Self::new(status, 190, "Invalid OAuth access token - Cannot parse access token")
    }

    /// 190/463: a token whose time is over.
    pub(crate) fn expired_token(status: u16) -> Self {
        let message = "Error validating access token: Session has expired";
        Self { subcode: Some(463), ..Self::new(status, 190, message) }
    }

    /// 200: a token of another account (recorded).
    pub(crate) fn no_permission() -> Self {
        Self::new(403, 200, "(#200) Ad account owner has NOT grant ads_management or ads_read permission")
    }

    /// 294: a token that may only read.
    pub(crate) fn read_only() -> Self {
        Self::new(400, 294, "(#294) Managing advertisements requires the extended permission ads_management")
    }

    /// An error of the fault script.
    pub(crate) fn scripted(fault: ErrorFault) -> Self {
        let code = fault.number();
        let known = SCRIPTED.iter().find(|(known, _)| *known == code).map(|(_, message)| (*message).to_owned());
        let message = fault.message.or(known).unwrap_or_else(|| format!("(#{code}) Scripted error"));
        let user = fault.detail.map(|detail| ("Scripted error", detail));
        Self { subcode: fault.subcode, user, ..Self::new(fault.status.unwrap_or(400), code, message) }
    }

    /// 2635: an expired version.
    pub(crate) fn expired((major, minor): (u32, u32)) -> Self {
        let message = format!(
            "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: \
             v{major}.{minor}."
        );
        Self::new(400, 2635, message)
    }

    /// 2500: a version that does not exist.
    pub(crate) fn unknown_version(part: &str) -> Self {
        Self::new(400, 2500, format!("Unknown path components: /{part}"))
    }

    /// Code, and subcode after a slash, for the journal.
    pub(crate) fn journal_code(&self) -> String {
        match self.subcode {
            Some(subcode) => format!("{}/{subcode}", self.code),
            None => self.code.to_string(),
        }
    }

    /// Whether the answer carries `WWW-Authenticate`, and with which word.
    pub(crate) fn challenge(&self) -> Option<&'static str> {
        match (self.code, self.subcode) {
            (102 | 104 | 190, _) => Some("invalid_token"),
            (100, Some(33)) => Some("not_found"),
            _ => None,
        }
    }

    /// The body.
    pub(crate) fn to_json(&self, trace: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), Value::from(self.message.as_str()));
        error.insert("type".to_owned(), Value::from(self.kind));
        error.insert("code".to_owned(), Value::from(self.code));
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".to_owned(), Value::from(subcode));
        }
        if let Some((title, text)) = &self.user {
            error.insert("is_transient".to_owned(), Value::from(false));
            error.insert("error_user_title".to_owned(), Value::from(*title));
            error.insert("error_user_msg".to_owned(), Value::from(text.as_str()));
        }
        error.insert("fbtrace_id".to_owned(), Value::from(trace));
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))]))
    }
}
