//! Whether a try is followed by another one, decided from what a repetition would do, how far the try got and what the
//! provider said; never from a status alone. A write whose outcome is unknown is never sent again here: whoever knows
//! the provider looks first.

use std::time::Duration;

use polyptych_wire::Effect;
use polyptych_wire::fault::Class;

use crate::{Delivery, Error, ErrorKind, Response, TimeoutKind};

/// How often, how long and how patiently a library's calls are repeated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Tries of one call, the first included; 1 for no retry. One more may follow where a refused credential has changed.
    pub tries: u32,
    /// The upper end of the first wait, which doubles with each try; a wait falls anywhere below it (full jitter).
    pub first_wait: Duration,
    /// The upper end that no wait of ours exceeds. A provider's hint may be longer.
    pub longest_wait: Duration,
    /// No wait for a try ends later than this after the start of the call: neither a pause between tries, nor a
    /// provider's hint, nor a quota's.
    pub total: Duration,
    /// Retries that an account may take before its successes have paid for them.
    pub budget: u32,
    /// Retries that all accounts of the library together may take before its successes have paid for them.
    pub library_budget: u32,
    /// What an answered try pays back into both budgets, in retries: 0.1 allows one retry in ten calls.
    pub refund: f64,
    /// Failures in a row after which an account with an empty budget is suspended: its calls fail at once, save for a
    /// probe now and then. `None`: never.
    pub suspend_after: Option<u32>,
    /// Whether [`Class::Quota`], and a quota that does not pay for the call, is waited for like a throttle. Its refill may
    /// take hours.
    pub wait_for_quota: bool,
}

impl Default for Retry {
    /// 4 tries, waits below 0.25 s, 0.5 s, 1 s …, at most 20 s; 2 minutes in total; a budget of 10, and of 100
    /// for all accounts, refilled by 0.1; suspended after 5 failures; quotas are not waited for.
    fn default() -> Self {
        Self {
            tries: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(20),
            total: Duration::from_secs(120),
            budget: 10,
            library_budget: 100,
            refund: 0.1,
            suspend_after: Some(5),
            wait_for_quota: false,
        }
    }
}

impl Retry {
    /// One try per call, and no suspension: errors come back as they happen.
    pub fn never() -> Self {
        Self { tries: 1, suspend_after: None, ..Self::default() }
    }
}

/// How a try ended, as far as a repetition depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    /// A repetition would end the same way, or nobody waits for it any more: a fault of ours, a refused certificate,
    /// an answer over the cap, the caller's deadline.
    Hopeless,
    /// The server cannot hold a whole request.
    NotSent,
    /// The request may have arrived; no answer came.
    Unknown,
    /// An answer came and could not be read to its end.
    Cut,
    /// An answer without an error that is known.
    Plain,
    /// An answer with an error of this class.
    Error {
        class: Class,
        /// Whether it proves that nothing was carried out.
        refused: bool,
    },
}

impl Ended {
    /// How a try without a whole answer ended.
    pub(crate) fn of_error(error: &Error) -> Self {
        match (error.kind(), error.delivery()) {
            (
                ErrorKind::Credential
                | ErrorKind::InvalidRequest
                | ErrorKind::Tls
                | ErrorKind::RequestBody
                | ErrorKind::ResponseTooLarge { .. }
                | ErrorKind::Throttled
                | ErrorKind::Unpaid
                | ErrorKind::Suspended
                | ErrorKind::NoPlace
                | ErrorKind::Timeout { what: TimeoutKind::Deadline, .. },
                _,
            ) => Self::Hopeless,
            (_, Delivery::NotSent) => Self::NotSent,
            (_, Delivery::Unknown) => Self::Unknown,
            (_, Delivery::Answered) => Self::Cut,
        }
    }

    /// How an answered try ended.
    pub(crate) fn of_answer(answer: &Response) -> Self {
        let verdict = &answer.verdict;
        verdict.class.map_or(Self::Plain, |class| Self::Error { class, refused: verdict.refused })
    }

    /// Whether the try may have changed something at the provider.
    pub(crate) fn may_have_been_applied(self) -> bool {
        !matches!(self, Self::NotSent | Self::Hopeless | Self::Error { refused: true, .. })
    }
}

/// What follows a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: the outcome goes to the caller.
    Stop,
    /// Another try after a growing pause, or after the provider's hint.
    Again,
    /// Another try after the provider's hint, if quotas are waited for.
    AfterRefill,
    /// Another try at once, if the credential has changed meanwhile.
    WithNewCredential,
}

/// The decision. A repetition of [`Effect::Write`] needs proof that nothing was carried out; the others may be
/// repeated whenever it can help.
pub(crate) fn next(effect: Effect, ended: Ended) -> Next {
    let repeatable = effect != Effect::Write;
    match ended {
        Ended::Hopeless | Ended::Plain => Next::Stop,
        Ended::NotSent => Next::Again,
        Ended::Unknown | Ended::Cut if repeatable => Next::Again,
        Ended::Unknown | Ended::Cut => Next::Stop,
        Ended::Error { refused, .. } if !(refused || repeatable) => Next::Stop,
        Ended::Error { class, .. } => match class {
            Class::Backoff | Class::Throttle => Next::Again,
            Class::UnknownOutcome if repeatable => Next::Again,
            Class::Quota => Next::AfterRefill,
            Class::Reauth => Next::WithNewCredential,
            Class::UnknownOutcome
            | Class::Never
            | Class::Shrink
            | Class::Upgrade
            | Class::UserAction
            | Class::LongPause => Next::Stop,
        },
    }
}

/// Whether an ended try tells something about how the provider fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answers, be it with a refusal.
    Well,
    /// It, or the way to it, is in trouble.
    Ill,
    /// The try tells nothing.
    Untold,
}

impl Health {
    pub(crate) fn of(outcome: &Result<Response, Error>) -> Self {
        match outcome {
            Ok(answer) => match answer.verdict.class {
                Some(Class::Backoff | Class::Throttle | Class::UnknownOutcome) => Self::Ill,
                _ => Self::Well,
            },
            Err(error) => match error.kind() {
                ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Interrupted | ErrorKind::Undecodable => Self::Ill,
                ErrorKind::Timeout { what: TimeoutKind::Deadline, .. } => Self::Untold,
                ErrorKind::Timeout { .. } => Self::Ill,
                ErrorKind::ResponseTooLarge { .. } => Self::Well,
                ErrorKind::Credential
                | ErrorKind::InvalidRequest
                | ErrorKind::RequestBody
                | ErrorKind::Throttled
                | ErrorKind::Unpaid
                | ErrorKind::Suspended
                | ErrorKind::NoPlace => Self::Untold,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Class; 10] = [
        Class::Never,
        Class::Backoff,
        Class::Throttle,
        Class::Quota,
        Class::Reauth,
        Class::UnknownOutcome,
        Class::Shrink,
        Class::Upgrade,
        Class::UserAction,
        Class::LongPause,
    ];

    fn all() -> Vec<Ended> {
        let answered =
            CLASSES.iter().flat_map(|class| [true, false].map(|refused| Ended::Error { class: *class, refused }));
        [Ended::Hopeless, Ended::NotSent, Ended::Unknown, Ended::Cut, Ended::Plain]
            .into_iter()
            .chain(answered)
            .collect()
    }

    /// Every decision, written down: effect, how the try ended, what follows.
    #[test]
    fn the_table_of_decisions() {
        use Next::{AfterRefill, Again, Stop, WithNewCredential};
        let ended = |class, refused| Ended::Error { class, refused };
        // Read or repeatable, write.
        let table = [
            (Ended::Hopeless, Stop, Stop),
            (Ended::NotSent, Again, Again),
            (Ended::Unknown, Again, Stop),
            (Ended::Cut, Again, Stop),
            (Ended::Plain, Stop, Stop),
            (ended(Class::Never, true), Stop, Stop),
            (ended(Class::Never, false), Stop, Stop),
            (ended(Class::Backoff, true), Again, Again),
            (ended(Class::Backoff, false), Again, Stop),
            (ended(Class::Throttle, true), Again, Again),
            (ended(Class::Throttle, false), Again, Stop),
            (ended(Class::Quota, true), AfterRefill, AfterRefill),
            (ended(Class::Quota, false), AfterRefill, Stop),
            (ended(Class::Reauth, true), WithNewCredential, WithNewCredential),
            (ended(Class::Reauth, false), WithNewCredential, Stop),
            (ended(Class::UnknownOutcome, true), Again, Stop),
            (ended(Class::UnknownOutcome, false), Again, Stop),
            (ended(Class::Shrink, true), Stop, Stop),
            (ended(Class::Shrink, false), Stop, Stop),
            (ended(Class::Upgrade, true), Stop, Stop),
            (ended(Class::Upgrade, false), Stop, Stop),
            (ended(Class::UserAction, true), Stop, Stop),
            (ended(Class::UserAction, false), Stop, Stop),
            (ended(Class::LongPause, true), Stop, Stop),
            (ended(Class::LongPause, false), Stop, Stop),
        ];
        for case in all() {
            let rows: Vec<_> = table.iter().filter(|(ended, ..)| *ended == case).collect();
            let [(_, repeatable, write)] = rows.as_slice() else { panic!("{case:?} stands {} times", rows.len()) };
            assert_eq!(next(Effect::Safe, case), *repeatable, "{case:?}");
            assert_eq!(next(Effect::Idempotent, case), *repeatable, "{case:?}");
            assert_eq!(next(Effect::Write, case), *write, "{case:?}");
        }
        assert_eq!(table.len(), all().len());
    }

    #[test]
    fn a_write_that_may_have_been_applied_is_never_sent_again() {
        for ended in all().into_iter().filter(|ended| ended.may_have_been_applied()) {
            assert_eq!(next(Effect::Write, ended), Next::Stop, "{ended:?}");
        }
    }
}
