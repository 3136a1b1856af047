//! Request bodies as lists of segments with an exact length. Base64 is produced while sending, a credential is put in
//! when a try starts; a [`Body`] itself holds neither.

mod outgoing;
mod writer;

use std::fmt;

use bytes::Bytes;

use crate::Blob;

pub use outgoing::Outgoing;
pub use writer::BodyWriter;

/// How a credential is written where it stands inside a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Inside a JSON string.
    Json,
    /// Inside XML text.
    #[cfg(feature = "xml")]
    Xml,
}

#[derive(Clone)]
enum Segment {
    Bytes(Bytes),
    Content(Blob),
    Base64(Blob),
    Credential(Escape),
}

/// A request body before it is sent: replayable, cheap to clone, free of secrets.
///
/// Built with a [`BodyWriter`], a [`crate::multipart::Multipart`] or [`Body::from`]. `Debug` prints lengths, never bytes: a
/// form may hold a proof of a secret, and the bytes may be an image.
#[derive(Debug, Clone, Default)]
pub struct Body {
    segments: Vec<Segment>,
}

impl Body {
    /// A body of zero bytes.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Whether the body says where a credential goes (Live 4 carries its token in the body).
    pub fn wants_credential(&self) -> bool {
        self.segments.iter().any(|segment| matches!(segment, Segment::Credential(_)))
    }

    /// The bytes of a body that refers to no image and asks for no credential; `None` otherwise.
    pub fn plain(&self) -> Option<Bytes> {
        let bytes = |segment: &Segment| match segment {
            Segment::Bytes(bytes) => Some(bytes.clone()),
            Segment::Content(_) | Segment::Base64(_) | Segment::Credential(_) => None,
        };
        let parts: Vec<Bytes> = self.segments.iter().map(bytes).collect::<Option<_>>()?;
        match parts.as_slice() {
            [whole] => Some(whole.clone()),
            parts => Some(parts.concat().into()),
        }
    }

    /// The body as it goes out in one try, with `credential` written where the body asks for it.
    /// Where it does not ask, `credential` is not used.
    pub fn outgoing(&self, credential: &str) -> Outgoing {
        Outgoing::new(&self.segments, credential)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Content(blob) => f.debug_tuple("Content").field(blob).finish(),
            Self::Base64(blob) => f.debug_tuple("Base64").field(blob).finish(),
            Self::Credential(escape) => f.debug_tuple("Credential").field(escape).finish(),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let mut writer = BodyWriter::new();
        writer.push_bytes(bytes.into());
        writer.finish()
    }
}
