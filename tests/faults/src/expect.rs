//! What ought to become of a call under a fault, by rule. What a client can see of the fault ([`View`]) decides the
//! error's kind; that, and what a repetition of the operation would do, decides whether the call comes through.

use std::fmt;

use polyptych_domain::{Applied, ErrorKind};

use crate::fault::{Action, Ending, Fault, Until};
use crate::form::{Bodies, Form, Stage};
use crate::world::Strike;

/// What is asked of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Upload one image.
    Upload,
    /// List the first page.
    List,
    /// Read one image.
    Get,
    /// Delete one image.
    Delete,
    /// Tell what is left of the account's limits.
    Quota,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Upload, Self::List, Self::Get, Self::Delete, Self::Quota];

    /// The requests that a fault strikes.
    pub fn stage(self) -> Stage {
        match self {
            Self::Upload => Stage::Upload,
            Self::List | Self::Get | Self::Quota => Stage::Read,
            Self::Delete => Stage::Delete,
        }
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded.
    Done,
    /// It failed.
    Failed(ErrorKind, Applied),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Failed(kind, applied) => write!(f, "{kind:?}, applied: {}", applied.as_str()),
        }
    }
}

/// What a client sees of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// An answer like any other.
    Nothing,
    /// Its request did not get out whole.
    Unsent(Cause),
    /// Its request got out, and nothing came back.
    Unanswered(Cause),
    /// A status, and not all of the body.
    CutOff(Cause),
    /// The whole answer, which does not read.
    Garbled(Document),
    /// More than it takes.
    TooLarge,
    /// A page that is not of the API, with this status.
    Foreign(u16),
    /// An error of the API, of this kind: it could not read the request, or the file in it.
    Refused(ErrorKind),
}

/// How a body looks from a distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// It ends as one.
    Complete,
    /// It does not.
    Cut,
}

/// Why there is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The connection ended.
    Broken,
    /// Time ran out.
    Silent,
}

impl From<Ending> for Cause {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Reset | Ending::Close => Self::Broken,
            Ending::Silence => Self::Silent,
        }
    }
}

/// What a client of `form` sees of `fault` in `operation`.
pub fn view(form: &Form, operation: Operation, fault: &Fault) -> View {
    if operation == Operation::Quota && !form.asks_for_quota {
        return View::Nothing;
    }
    // Evotor answers a deletion without a body.
    let has_body = !form.status_is_code || operation != Operation::Delete;
    match fault.action {
        Action::Refuse => View::Unsent(Cause::Broken),
        // Only an image is too long to vanish into the kernel at once.
        Action::CutRequest(_, ending) if operation == Operation::Upload => View::Unsent(ending.into()),
        Action::CutRequest(_, ending) => View::Unanswered(ending.into()),
        Action::CorruptRequest => match (form.bodies, operation) {
            (Bodies::Documents, _) | (Bodies::Texts, Operation::Upload) => View::Refused(ErrorKind::ProviderRefused),
            // The middle of a short picture is in its rows, whose checksum tells.
            (Bodies::Files, Operation::Upload) => View::Refused(ErrorKind::RulesViolated),
            // No other request of these has a body.
            (Bodies::Texts | Bodies::Files, _) => View::Nothing,
        },
        Action::CutAnswer(Until::Body(_), ending) if has_body => View::CutOff(ending.into()),
        Action::CutAnswer(_, ending) => View::Unanswered(ending.into()),
        Action::Drip => View::Unanswered(Cause::Silent),
        Action::Overstate if has_body => View::CutOff(Cause::Broken),
        Action::CorruptGzip if has_body => View::CutOff(Cause::Broken),
        Action::HalveBody | Action::Understate if has_body => View::Garbled(Document::Cut),
        Action::Corrupt if has_body => View::Garbled(Document::Complete),
        Action::HalveBody
        | Action::Corrupt
        | Action::CorruptGzip
        | Action::Overstate
        | Action::Understate
        | Action::Duplicate => View::Nothing,
        Action::Instead { status, .. } => View::Foreign(status),
        Action::Inflate | Action::Endless => View::TooLarge,
    }
}

impl View {
    /// The kind of error that it comes to where nothing helps; `None` where there is nothing to help.
    pub fn kind(self, form: &Form) -> Option<ErrorKind> {
        Some(match self {
            Self::Nothing => return None,
            Self::Unsent(Cause::Silent) | Self::Unanswered(Cause::Silent) | Self::CutOff(Cause::Silent) => {
                ErrorKind::ProviderTimeout
            }
            Self::Unsent(Cause::Broken) | Self::Unanswered(Cause::Broken) => ErrorKind::ProviderUnavailable,
            Self::CutOff(Cause::Broken) | Self::Garbled(_) | Self::TooLarge => ErrorKind::AnswerUnreadable,
            Self::Refused(kind) => kind,
            Self::Foreign(429) => ErrorKind::RateLimited,
            // Evotor's status is the code of its own table of errors, where 504 is out of service.
            Self::Foreign(504) if form.status_is_code => ErrorKind::ProviderUnavailable,
            Self::Foreign(504) => ErrorKind::ProviderTimeout,
            Self::Foreign(_) => ErrorKind::ProviderUnavailable,
        })
    }

    /// Whether a request that may be repeated is: not where the next answer would be like this one.
    fn is_repeated(self) -> bool {
        !matches!(self, Self::TooLarge | Self::Refused(_) | Self::Garbled(Document::Complete))
    }

    /// Whether it proves that nothing was carried out.
    fn is_proof(self) -> bool {
        matches!(self, Self::Unsent(_) | Self::Refused(_) | Self::Foreign(429))
    }
}

/// What a case ought to come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The outcomes that are right.
    pub outcomes: Vec<Outcome>,
    /// How often the provider carries out the write.
    pub applied: usize,
    /// How often the library says that it sent the image once more.
    pub resent: u32,
}

/// The rule.
pub fn expected(form: &Form, operation: Operation, fault: &Fault, strike: Strike) -> Expected {
    // An address that refuses does so every time.
    let once = strike == Strike::Once && fault.action != Action::Refuse;
    let view = view(form, operation, fault);
    let write = matches!(operation, Operation::Upload | Operation::Delete);
    let Some(kind) = view.kind(form) else {
        return Expected { outcomes: vec![Outcome::Done], applied: usize::from(write), resent: 0 };
    };
    // Without a hint Evotor is believed to refuse for half an hour, for which no call waits.
    let hint = matches!(fault.action, Action::Instead { retry_after: Some(_), .. });
    let hopeless = form.status_is_code && view == View::Foreign(429) && !hint;
    let repeated = once && view.is_repeated() && !hopeless;
    let refused = matches!(view, View::Refused(_));
    let reaches = fault.reaches() && !refused;
    let failed = |applied: &[Applied]| applied.iter().map(|applied| Outcome::Failed(kind, *applied)).collect();
    let done = vec![Outcome::Done];
    match operation {
        Operation::List | Operation::Get | Operation::Quota => {
            let outcomes = if repeated { done } else { failed(&[Applied::No]) };
            Expected { outcomes, applied: 0, resent: 0 }
        }
        Operation::Delete => {
            let mut outcomes = if repeated { done } else { failed(unsure(view)) };
            if !repeated && matches!(view, View::Garbled(_)) {
                outcomes.extend(LOOKED_AT);
            }
            Expected { outcomes, applied: usize::from(repeated || reaches), resent: 0 }
        }
        // What the provider has is found by looking.
        Operation::Upload if reaches => Expected { outcomes: done, applied: 1, resent: 0 },
        Operation::Upload => {
            // What it may not have is sent again: by the transport if it surely has not, else once, where that can add
            // no second image.
            let resent = u32::from(!view.is_proof() && form.deduplicates);
            if once && !hopeless && !refused && (view.is_proof() || form.deduplicates) {
                Expected { outcomes: done, applied: 1, resent }
            } else {
                Expected { outcomes: failed(unsure(view)), applied: 0, resent }
            }
        }
    }
}

/// What a failure may say about having been applied.
fn unsure(view: View) -> &'static [Applied] {
    match view {
        _ if view.is_proof() => &[Applied::No],
        // How much of an answer must be there to be believed is the providers' own business.
        View::Garbled(_) | View::TooLarge => &[Applied::Yes, Applied::Unknown],
        _ => &[Applied::Unknown],
    }
}

/// What else a deletion with an answer that does not read may come to: some providers look whether the image is gone, and
/// an answer that breaks off before it opens as one of the API is taken for a gateway's.
const LOOKED_AT: [Outcome; 2] = [Outcome::Done, Outcome::Failed(ErrorKind::ProviderUnavailable, Applied::Unknown)];
