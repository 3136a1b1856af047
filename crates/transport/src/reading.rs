//! What an answer means to the layers of a call. Only a provider can read its answers, so it hands a [`Reading`] to its
//! transport; the transport acts on the [`Verdict`] and never looks into a body itself.

use std::time::Duration;

use polyptych_wire::fault::Class;

use crate::{Call, Gauge, Response};

/// A provider's way to read an answer for what retry, throttle and telemetry need to know.
///
/// It is asked once per try, with every answer that was read whole. A look at the status, the headers and the opening of
/// the body is enough: decoding a whole success here would be done twice.
pub trait Reading: Send + Sync {
    /// What `answer` to `call` says. Never panics, whatever the answer holds.
    fn read(&self, call: &Call<'_>, answer: &Response) -> Verdict;
}

/// What one answer says.
///
/// Code and request id go to spans: the transport takes the credential out of them and shortens them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// What to do about the error that the answer tells. `None`: a success, or an error that says nothing about it.
    pub class: Option<Class>,
    /// Whether the answer proves that nothing of the request was carried out. Only then is a write ever repeated after
    /// an answer. The transport itself adds it for an error that came before the request was sent whole.
    pub refused: bool,
    /// The provider's code of the error, for people.
    pub code: Option<String>,
    /// What the provider's support asks for; where it is a header, too.
    pub request_id: Option<String>,
    /// How long the provider asks to wait, where it says so in its own way; `Retry-After` is read by the transport. With
    /// [`Class::Throttle`] and [`Class::LongPause`] it keeps all calls of the account away for as long. A block of the
    /// whole library is told by a gauge of [`crate::Scope::Library`] with [`crate::Pace::Closed`].
    pub wait: Option<Duration>,
    /// Every quota that the answer tells about.
    pub usage: Vec<Gauge>,
}

/// Reads the status alone: 429 is [`Class::Throttle`] and a refusal, 401 is [`Class::Reauth`] and a refusal, other 4xx
/// are [`Class::Never`] and refusals, 408 and 5xx are [`Class::Backoff`] and leave open what became of a write. The
/// reading of a [`crate::Config`] that is given none.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByStatus;

impl Reading for ByStatus {
    fn read(&self, _: &Call<'_>, answer: &Response) -> Verdict {
        let (class, refused) = match answer.status.as_u16() {
            401 => (Some(Class::Reauth), true),
            408 => (Some(Class::Backoff), false),
            429 => (Some(Class::Throttle), true),
            400..=499 => (Some(Class::Never), true),
            500..=599 => (Some(Class::Backoff), false),
            _ => (None, false),
        };
        Verdict { class, refused, ..Verdict::default() }
    }
}
