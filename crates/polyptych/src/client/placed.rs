//! What became of a picture that was to go into an album: a row of `upload`, `publish`, `import`, `copy` and `sync`.

use polyptych::proto::v1;
use serde::Serialize;

use super::failure::Failure;
use super::names::short;
use super::report::{Row, State};

/// A picture and an album.
#[derive(Debug, Serialize)]
pub(crate) struct Placed {
    /// The file, address or image that it was made from.
    pub(crate) source: String,
    /// Where it was to go, as on the command line.
    pub(crate) target: String,
    /// What became of it.
    #[serde(flatten)]
    pub(crate) result: Outcome,
}

/// What became of it.
#[derive(Debug, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The image is there.
    Done {
        /// Resource name of the image.
        image: String,
        /// The provider's hash or id.
        uid: String,
        /// Whether nothing was sent, since it was there.
        reused: bool,
        /// Whether the provider's answer was lost, and the image found by looking.
        found: bool,
        /// How often it was sent once more after a lost answer.
        resent: i32,
        /// The provider's id of the answer that says so.
        #[serde(skip_serializing_if = "String::is_empty")]
        provider_request_id: String,
        /// What was sent; absent where the provider copied by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        sent: Option<Sent>,
    },
    /// What would be sent; nothing was.
    WouldSend {
        /// In one line; empty where the file would be sent as it is.
        plan: String,
    },
    /// It failed, or nobody knows.
    Failed {
        /// Why.
        error: Failure,
    },
    /// It was not begun.
    NotBegun,
}

/// The file that was sent.
#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    media_type: String,
    width: i32,
    height: i32,
    bytes: i64,
    sha256: String,
    fitted: bool,
}

impl From<v1::UploadImageResponse> for Outcome {
    fn from(response: v1::UploadImageResponse) -> Self {
        let v1::UploadImageResponse { image, sent, reused, found, resent, check, provider_request_id, .. } = response;
        if let Some(check) = check {
            return Self::WouldSend { plan: check.plan.map(|plan| plan.summary).unwrap_or_default() };
        }
        let v1::Image { name, uid, .. } = image.unwrap_or_default();
        Self::Done { image: name, uid, reused, found, resent, provider_request_id, sent: sent.map(Sent::from) }
    }
}

impl From<v1::SentImage> for Sent {
    fn from(sent: v1::SentImage) -> Self {
        let v1::Pixels { width, height } = sent.size.unwrap_or_default();
        let v1::SentImage { media_type, size_bytes, sha256, fitted, .. } = sent;
        Self { media_type, width, height, bytes: size_bytes, sha256, fitted }
    }
}

impl From<v1::UploadOutcome> for Outcome {
    fn from(outcome: v1::UploadOutcome) -> Self {
        use v1::upload_outcome::Result;
        match outcome.result {
            Some(Result::Upload(response)) => response.into(),
            Some(Result::Error(status)) => Self::Failed { error: (&status).into() },
            None => Self::NotBegun,
        }
    }
}

impl Row for Placed {
    const HEAD: &'static [&'static str] = &["picture", "album", "sent", "image", "result"];
    const CUT: Option<usize> = Some(3);

    fn cells(&self) -> Vec<String> {
        let (sent, image, result) = match &self.result {
            Outcome::Done { image, uid, reused, found, resent, sent, .. } => {
                let mut notes = Vec::new();
                notes.extend(reused.then(|| "was there".to_owned()));
                notes.extend(found.then(|| "found by looking".to_owned()));
                notes.extend((*resent > 0).then(|| format!("sent {} times", resent + 1)));
                let result = if notes.is_empty() { "ok".to_owned() } else { format!("ok, {}", notes.join(", ")) };
                let sent = sent.as_ref().filter(|_| !reused).map(Sent::to_string).unwrap_or_default();
                // The album stands beside it.
                (sent, if uid.is_empty() { short(image) } else { uid.clone() }, result)
            }
            Outcome::WouldSend { plan } if plan.is_empty() => {
                ("as it is".to_owned(), String::new(), "would send".to_owned())
            }
            Outcome::WouldSend { plan } => (plan.clone(), String::new(), "would send".to_owned()),
            Outcome::Failed { error } => (String::new(), String::new(), error.word().to_owned()),
            Outcome::NotBegun => (String::new(), String::new(), "not begun".to_owned()),
        };
        vec![self.source.clone(), self.target.clone(), sent, image, result]
    }

    fn item(&self) -> String {
        format!("{} to {}", self.source, self.target)
    }

    fn state(&self) -> State<'_> {
        match &self.result {
            Outcome::Done { .. } | Outcome::WouldSend { .. } => State::Done,
            Outcome::Failed { error } => State::Failed(error),
            Outcome::NotBegun => State::Left,
        }
    }
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let format = self.media_type.trim_start_matches("image/").to_uppercase();
        write!(f, "{format} {}x{}, {}", self.width, self.height, indicatif::BinaryBytes(self.bytes.unsigned_abs()))?;
        if self.fitted { f.write_str(", fitted") } else { Ok(()) }
    }
}
