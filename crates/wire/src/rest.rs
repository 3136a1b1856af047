//! Operations over plain HTTP: parameters in path, query, JSON body or form. Generated types implement [`Operation`].

use serde::de::{DeserializeOwned, Error, Unexpected};

use crate::{Effect, json};

/// One operation whose parameters are the value itself; generated, together with a method `request`.
pub trait Operation {
    /// The operation in the provider's words, for spans and errors: `adimages.create`.
    const NAME: &'static str;
    /// What a repetition would do.
    const EFFECT: Effect;
    /// What a success answers; `()` where it has no body.
    type Answer;

    /// Reads the body of a success.
    ///
    /// # Errors
    /// If it is not JSON of the answer's shape. The operation has been carried out all the same.
    fn read_answer(body: &[u8]) -> Result<Self::Answer, serde_json::Error>;
}

/// Reads a JSON answer that is a record. A list is refused: the readers that serde derives would take its items for the
/// members in their order, and an empty one for a record without any.
///
/// # Errors
/// If `body` is not a JSON object of that shape.
pub fn read_record<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match text.trim_ascii_start().first() {
        Some(b'[') => Err(serde_json::Error::invalid_type(Unexpected::Seq, &"an object")),
        _ => json::parse(body),
    }
}

/// Reads a JSON answer of any shape.
///
/// # Errors
/// If `body` is not JSON of that shape.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    json::parse(body)
}
