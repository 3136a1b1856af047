//! How long a caller is waited for, in both directions: what it sends has to come, and what it is sent has to be taken. Only the
//! time in which it is the caller's turn counts. It holds no timer; whoever waits asks it until when.

use std::time::Duration;

use tokio::time::Instant;
use tonic::Code;

use crate::Settings;
use crate::status::{Reason, Refusal};

/// What a caller of one call has had of the time that it is given.
#[derive(Debug)]
pub(crate) struct Patience {
    way: Way,
    idle: Duration,
    /// Bytes per second; 0 for no such limit.
    rate: u64,
    /// When all has to be over, whosever turn it is, and how long that is after its begin.
    end: Option<(Instant, Duration)>,
    /// Since when it is the caller's turn.
    since: Option<Instant>,
    /// How long its turns took before.
    waited: Duration,
    bytes: u64,
}

/// Whose bytes they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Request,
    Answer,
}

/// Which limit a caller has come up against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Idle(Duration),
    Rate(u64),
    Total(Duration),
}

/// A caller was waited for in vain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Late(Way, Limit);

impl Patience {
    /// With a request that comes from now on.
    pub(crate) fn of_request(settings: &Settings, now: Instant) -> Self {
        let end = now.checked_add(settings.upload_total).map(|end| (end, settings.upload_total));
        Self { end, ..Self::new(Way::Request, settings.upload_idle, settings.upload_rate) }
    }

    /// With the answer, which has no end of its own.
    pub(crate) fn of_answer(settings: &Settings) -> Self {
        Self::new(Way::Answer, settings.download_idle, settings.download_rate)
    }

    fn new(way: Way, idle: Duration, rate: u64) -> Self {
        Self { way, idle, rate, end: None, since: None, waited: Duration::ZERO, bytes: 0 }
    }

    /// How long a turn may last at most that begins from now on.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// It is the caller's turn, unless it was already.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// The caller's turn, if it was that, is over; it has moved so many bytes. Only then the time is asked for.
    pub(crate) fn end(&mut self, now: impl FnOnce() -> Instant, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited += now().saturating_duration_since(since);
        }
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    /// Until when it is waited for the caller, and what it is late for then; `None` if for ever.
    pub(crate) fn until(&self) -> Option<(Instant, Late)> {
        let turn = self.since.into_iter().flat_map(|since| {
            let idle = since.checked_add(self.idle).map(|end| (end, Limit::Idle(self.idle)));
            [idle, self.earned(since).map(|end| (end, Limit::Rate(self.rate)))].into_iter().flatten()
        });
        let total = self.end.map(|(end, total)| (end, Limit::Total(total)));
        let (end, limit) = turn.chain(total).min_by_key(|(end, _)| *end)?;
        Some((end, Late(self.way, limit)))
    }

    /// Until when a turn may last for the bytes that were moved, on average.
    fn earned(&self, since: Instant) -> Option<Instant> {
        let earned = (u128::from(self.bytes) * 1000).checked_div(self.rate.into())?;
        let earned = Duration::from_millis(u64::try_from(earned).unwrap_or(u64::MAX));
        since.checked_add(self.idle.saturating_add(earned).saturating_sub(self.waited))
    }
}

impl Late {
    /// What the caller is told.
    pub(crate) fn refusal(self) -> Refusal {
        let (reason, message) = match self {
            Self(Way::Request, Limit::Idle(idle)) => {
                (Reason::UploadStalled, format!("the request sent nothing for {idle:?}"))
            }
            Self(Way::Request, Limit::Rate(rate)) => {
                (Reason::UploadTooSlow, format!("the request brought less than {rate} bytes a second"))
            }
            Self(Way::Request, Limit::Total(total)) => {
                (Reason::UploadStalled, format!("the request was not complete after {total:?}"))
            }
            Self(Way::Answer, Limit::Idle(idle) | Limit::Total(idle)) => {
                (Reason::DownloadStalled, format!("the caller took nothing of the answer for {idle:?}"))
            }
            Self(Way::Answer, Limit::Rate(rate)) => {
                (Reason::DownloadStalled, format!("the caller took less than {rate} bytes a second of the answer"))
            }
        };
        Refusal::new(Code::Aborted, reason, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(30);

    fn patience(rate: u64) -> Patience {
        let settings =
            Settings { upload_idle: IDLE, upload_rate: rate, upload_total: 20 * IDLE, ..Settings::default() };
        Patience::of_request(&settings, Instant::now())
    }

    fn left(patience: &Patience) -> (Duration, Limit) {
        let (end, Late(_, limit)) = patience.until().unwrap();
        (end.duration_since(Instant::now()), limit)
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_turns_of_the_caller_count() {
        let mut patience = patience(0);
        tokio::time::advance(10 * IDLE).await;
        assert_eq!(left(&patience), (10 * IDLE, Limit::Total(20 * IDLE)));
        patience.begin(Instant::now());
        tokio::time::advance(IDLE / 2).await;
        patience.begin(Instant::now());
        assert_eq!(left(&patience), (IDLE / 2, Limit::Idle(IDLE)));
        patience.end(Instant::now, 1);
        patience.begin(Instant::now());
        assert_eq!(left(&patience), (IDLE, Limit::Idle(IDLE)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_too_slowly_uses_the_patience_up_and_what_comes_fast_earns_it_back() {
        let mut patience = patience(1000);
        patience.begin(Instant::now());
        tokio::time::advance(IDLE / 3).await;
        patience.end(Instant::now, 0);
        patience.begin(Instant::now());
        assert_eq!(left(&patience), (IDLE / 3 * 2, Limit::Rate(1000)));
        patience.end(Instant::now, 10_000);
        patience.begin(Instant::now());
        assert_eq!(left(&patience).0, IDLE);
        patience.end(Instant::now, usize::MAX);
        patience.begin(Instant::now());
        assert_eq!(left(&patience), (IDLE, Limit::Idle(IDLE)));
    }
}
