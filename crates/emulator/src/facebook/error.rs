//! Errors of the Graph API in their wire shape (reference 9). Messages of documented and recorded errors are theirs, the
//! others are marked.

use serde_json::{Map, Value};

use crate::control::script::ErrorFault;
use crate::settings::FacebookSettings;

/// Messages of errors that only the fault script makes.
const SCRIPTED: [(i64, &str); 9] = [
    (1, "An unknown error occurred"),
    (2, "Service temporarily unavailable"),
    (3, "Application does not have the capability to make this API call."),
    (10, "Application does not have permission for this action"),
    (102, "Session key invalid or no longer valid"),
    (190, "Invalid OAuth access token - Cannot parse access token"),
    (270, "This Ads API request is not allowed for apps with development access level"),
    (368, "The action attempted has been deemed abusive or is otherwise disallowed"),
    (960, "The batch timed out"),
];

/// What a limit answers with: code, subcode, whether it calls itself transient, message.
const THROTTLES: [(i64, Option<u32>, bool, &str); 8] = [
    (4, None, false, "(#4) Application request limit reached"),
    (17, Some(2_446_079), true, "(#17) User request limit reached"),
    (32, None, false, "(#32) Page request limit reached"),
    (341, None, false, "Application limit reached"),
    (
        613,
        Some(1_487_742),
        false,
        "There have been too many calls from this ad-account. Please wait a bit and try again.",
    ),
    (
        80_000,
        Some(2_446_079),
        false,
        "(#80000) There have been too many calls to this ad-account. Wait a bit and try again. For more info, please refer \
         to https://developers.facebook.com/docs/graph-api/overview/rate-limiting#ads-management.",
    ),
    (
        80_003,
        Some(2_446_079),
        false,
        "(#80003) There have been too many calls to this ad-account. Wait a bit and try again. For more info, please refer \
         to https://developers.facebook.com/docs/graph-api/overview/rate-limiting#ads-management.",
    ),
    (
        80_004,
        Some(2_446_079),
        false,
        "(#80004) There have been too many calls to this ad-account. Wait a bit and try again. For more info, please refer \
         to https://developers.facebook.com/docs/graph-api/overview/rate-limiting#ads-management.",
    ),
];

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) status: u16,
    kind: &'static str,
    /// Absent from some errors of batches.
    pub(super) code: Option<i64>,
    subcode: Option<u32>,
    pub(super) message: String,
    transient: bool,
    user: Option<(&'static str, String)>,
}

impl GraphError {
    fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: "OAuthException",
            code: Some(code),
            subcode: None,
            message: message.into(),
            transient: false,
            user: None,
        }
    }

    /// Error 100 with a message of its own.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, 100, message)
    }

    /// Error 100 about a picture: recorded shape, title and text of each subcode.
    pub(super) fn picture(subcode: u32) -> Self {
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
    pub(super) fn saying(mut self, text: impl Into<String>) -> Self {
        self.user = self.user.map(|(title, _)| (title, text.into()));
        self
    }

    /// An image that creatives use cannot be deleted; code, subcode and texts are an assumption (reference 16.1).
    pub(super) fn in_use(subcode: Option<u32>) -> Self {
        let user = ("Image in use", "The image is used by a creative and cannot be deleted.".to_owned());
        Self { subcode, user: Some(user), ..Self::invalid("Invalid parameter") }
    }

    /// 100/33: no such object, or no such operation on it.
    pub(super) fn unsupported(verb: &str, id: &str) -> Self {
        let message = format!(
            "Unsupported {verb} request. Object with ID '{}' does not exist, cannot be loaded due to missing permissions, \
             or does not support this operation",
            short(id)
        );
        Self { kind: "GraphMethodException", subcode: Some(33), ..Self::invalid(message) }
    }

    /// 803: a word where an id belongs.
    pub(super) fn alias(id: &str) -> Self {
        Self::new(404, 803, format!("(#803) Cannot query users by their username ({})", short(id)))
    }

    /// A field that a node does not have.
    pub(super) fn field(name: &str, node: &str) -> Self {
        Self::invalid(format!("(#100) Tried accessing nonexisting field ({}) on node type ({node})", short(name)))
    }

    /// Braces behind a field that is no object; the wording is the emulator's own.
    pub(super) fn no_subfields(name: &str) -> Self {
        Self::invalid(format!("(#100) The field {} has no fields of its own", short(name)))
    }

    /// 2500: `fields` that cannot be read; the cause is in the emulator's own words.
    pub(super) fn syntax(cause: &str) -> Self {
        Self::new(400, 2500, format!("Error parsing graph query: {cause}"))
    }

    /// 104: no token.
    pub(super) fn token_required() -> Self {
        Self::new(400, 104, "An access token is required to request this resource.")
    }

    /// 190: a token that is not accepted.
    pub(super) fn bad_token(status: u16) -> Self {
        Self::new(status, 190, "Invalid OAuth access token - Cannot parse access token")
    }

    /// 190/463: a token whose time is over.
    pub(super) fn expired_token(status: u16) -> Self {
        let message = "Error validating access token: Session has expired";
        Self { subcode: Some(463), ..Self::new(status, 190, message) }
    }

    /// 200: a token of another account (recorded).
    pub(super) fn no_permission() -> Self {
        Self::new(403, 200, "(#200) Ad account owner has NOT grant ads_management or ads_read permission")
    }

    /// 294: a token that may only read.
    pub(super) fn read_only() -> Self {
        Self::new(400, 294, "(#294) Managing advertisements requires the extended permission ads_management")
    }

    /// An error of the fault script. A code of a limit brings that limit's message.
    pub(super) fn scripted(fault: ErrorFault) -> Self {
        let code = fault.number();
        let known = SCRIPTED.iter().find(|(known, _)| *known == code).map(|(_, message)| *message);
        let limit = THROTTLES.iter().find(|(known, ..)| *known == code);
        let known = known.or(limit.map(|(.., message)| *message)).map(str::to_owned);
        let message = fault.message.or(known).unwrap_or_else(|| format!("(#{code}) Scripted error"));
        let user = fault.detail.map(|detail| ("Scripted error", detail));
        let transient = matches!(code, 1 | 2) || limit.is_some_and(|(_, _, transient, _)| *transient);
        Self { subcode: fault.subcode, user, transient, ..Self::new(fault.status.unwrap_or(400), code, message) }
    }

    /// A call without the proof that the app requires.
    pub(super) fn proof_required() -> Self {
        let message = "API calls from the server require an appsecret_proof argument";
        Self { kind: "GraphMethodException", ..Self::invalid(message) }
    }

    /// A proof that does not fit the token, or whose time is past.
    pub(super) fn bad_proof() -> Self {
        let message = "Invalid appsecret_proof provided in the API argument";
        Self { kind: "GraphMethodException", ..Self::invalid(message) }
    }

    /// A call beyond a limit. A code that no limit has becomes 80004.
    pub(super) fn throttled(code: i64, settings: &FacebookSettings) -> Self {
        let [.., last] = &THROTTLES;
        let (code, subcode, transient, message) = THROTTLES.iter().find(|(known, ..)| *known == code).unwrap_or(last);
        let status = if *code == 4 { settings.app_limit_status } else { 400 };
        Self { subcode: *subcode, transient: *transient, ..Self::new(status, *code, *message) }
    }

    /// A batch of too many operations.
    pub(super) fn batch_size() -> Self {
        Self { code: None, ..Self::batch("Too many requests in batch message. Maximum batch size is 50") }
    }

    /// An entry of a batch that cannot be carried out; code and wording are the emulator's own.
    pub(super) fn batch(message: &str) -> Self {
        Self { kind: "GraphBatchException", ..Self::invalid(message) }
    }

    /// A reference to an answer that is not there (general knowledge).
    pub(super) fn reference(expression: &str) -> Self {
        let message = format!("Given expression '{}' is either invalid or timed out", short(expression));
        Self { code: Some(-3), ..Self::batch(&message) }
    }

    /// 2635: an expired version.
    pub(super) fn expired((major, minor): (u32, u32)) -> Self {
        let message = format!(
            "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: \
             v{major}.{minor}."
        );
        Self::new(400, 2635, message)
    }

    /// 2500: a version or an edge that does not exist.
    pub(super) fn unknown_path(path: &str) -> Self {
        Self::new(400, 2500, format!("Unknown path components: /{}", short(path.trim_start_matches('/'))))
    }

    /// Code, and subcode after a slash, for the journal.
    pub(super) fn journal_code(&self) -> String {
        match (self.code, self.subcode) {
            (Some(code), Some(subcode)) => format!("{code}/{subcode}"),
            (Some(code), None) => code.to_string(),
            (None, _) => self.kind.to_owned(),
        }
    }

    /// Whether the answer carries `WWW-Authenticate`, and with which word.
    pub(super) fn challenge(&self) -> Option<&'static str> {
        match (self.code?, self.subcode) {
            (102 | 104 | 190, _) => Some("invalid_token"),
            (100, Some(33)) | (803, _) => Some("not_found"),
            _ => None,
        }
    }

    /// The body.
    pub(super) fn to_json(&self, trace: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), Value::from(self.message.as_str()));
        error.insert("type".to_owned(), Value::from(self.kind));
        if let Some(code) = self.code {
            error.insert("code".to_owned(), Value::from(code));
        }
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".to_owned(), Value::from(subcode));
        }
        if self.transient || self.user.is_some() {
            error.insert("is_transient".to_owned(), Value::from(self.transient));
        }
        if let Some((title, text)) = &self.user {
            error.insert("error_user_title".to_owned(), Value::from(*title));
            error.insert("error_user_msg".to_owned(), Value::from(text.as_str()));
        }
        error.insert("fbtrace_id".to_owned(), Value::from(trace));
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))]))
    }
}

/// As much of a caller's text as a message repeats.
fn short(text: &str) -> String {
    text.chars().take(120).collect()
}
