//! Operations over plain HTTP: parameters in path, query, JSON body or form. Generated types implement [`Operation`].

use serde::de::DeserializeOwned;

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

/// Reads a JSON answer.
///
/// # Errors
/// If `body` is not JSON of that shape.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    json::parse(body)
}
