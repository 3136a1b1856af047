//! How a library fares lately, for whoever watches the server. Nothing is decided by it: a library that fares badly is called
//! all the same.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Error, ErrorKind, Response};

/// So many calls in a row come to nothing before a library is said not to serve.
const MOST: u32 = 5;

/// How long that is said after the last of them: who is told that it does not serve makes no calls that could show otherwise.
const BELIEVED: Duration = Duration::from_secs(60);

/// What became of the last calls of a library.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Vain>);

/// Calls in a row that came to nothing, and when the last one did.
#[derive(Debug, Default)]
struct Vain {
    calls: u32,
    last: Option<Instant>,
}

impl Standing {
    /// Whether calls are expected to be answered: fewer than five in a row found no provider or a credential that is refused, or
    /// the last of them was a minute ago.
    pub fn serves(&self, now: Instant) -> bool {
        let vain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        vain.calls < MOST || vain.last.is_none_or(|last| now.saturating_duration_since(last) > BELIEVED)
    }

    /// Takes in what became of a call. An answer of the provider that makes sense shows that it is there, whatever it says of
    /// the call.
    pub(crate) fn note(&self, ended: &Result<Response, Error>, now: Instant) {
        use polyptych_wire::fault::Class;
        let vain = match ended {
            Ok(answer) => matches!(answer.verdict.class, Some(Class::Backoff | Class::Reauth | Class::LongPause)),
            Err(error) => match error.kind() {
                ErrorKind::Credential
                | ErrorKind::Connect
                | ErrorKind::Tls
                | ErrorKind::Timeout { .. }
                | ErrorKind::Interrupted
                | ErrorKind::Undecodable
                | ErrorKind::Suspended => true,
                ErrorKind::InvalidRequest
                | ErrorKind::RequestBody
                | ErrorKind::ResponseTooLarge { .. }
                | ErrorKind::Throttled
                | ErrorKind::Unpaid
                | ErrorKind::NoPlace => return,
            },
        };
        self.take(vain, now);
    }

    fn take(&self, vain: bool, now: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = match vain {
            true => Vain { calls: held.calls.saturating_add(1), last: Some(now) },
            false => Vain::default(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_five_calls_in_a_row_did_not_reach_does_not_serve_for_a_minute() {
        let (standing, now) = (Standing::default(), Instant::now());
        for _ in 0..4 {
            standing.take(true, now);
        }
        assert!(standing.serves(now));
        standing.take(true, now);
        assert!(!standing.serves(now) && !standing.serves(now + BELIEVED));
        assert!(standing.serves(now + BELIEVED + Duration::from_secs(1)));
        standing.take(false, now);
        assert!(standing.serves(now));
    }
}
