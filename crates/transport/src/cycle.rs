//! The life of one call: what it waits for before a try, the try, what its answer teaches, and whether another one
//! follows. It keeps no state of its own beyond the call.

use std::time::{Duration, Instant};

use polyptych_wire::fault::Class;
use secrecy::ExposeSecret;
use tracing::{Instrument, Span, debug, debug_span, field};

use crate::attempt::{self, Moved, Try};
use crate::budget::Admission;
use crate::error::Failure;
use crate::limits::Permit;
use crate::purse::Cover;
use crate::reading::ByStatus;
use crate::retry::{Ended, Health, Next, next};
use crate::telemetry::{self, Figures};
use crate::transport::Settings;
use crate::{Call, Delivery, Error, ErrorKind, Gauge, Pace, Reading, Response, TimeoutKind, Verdict, backoff};

/// Longest code or request id that goes to a span, in characters; known ones have about 40.
const MAX_LABEL: usize = 128;

type Outcome = Result<Response, Error>;

/// A call under way.
pub(crate) struct Cycle<'a> {
    settings: &'a Settings,
    call: &'a Call<'a>,
    started: Instant,
    tries: u32,
    /// Whether a try before the one under way may have been applied.
    applied_before: bool,
    /// Whether the one try for a changed credential is used up.
    renewed: bool,
    /// Whether it is the call that finds out if more has been added to a quota.
    finds_out: bool,
    moved: Moved,
}

/// All that a try waits for.
struct Ready<'a> {
    admission: Admission<'a>,
    permits: Vec<Permit>,
    deadline: Option<(Duration, Duration)>,
}

impl<'a> Cycle<'a> {
    pub(crate) fn new(settings: &'a Settings, call: &'a Call<'a>) -> Self {
        let (started, moved) = (settings.clock.now(), Moved::default());
        Self { settings, call, started, tries: 0, applied_before: false, renewed: false, finds_out: false, moved }
    }

    /// Runs the call to its end, within its span.
    pub(crate) async fn run(mut self) -> Outcome {
        let outcome = self.repeat().await;
        self.tell(&outcome);
        outcome
    }

    async fn repeat(&mut self) -> Outcome {
        let mut last: Option<(Outcome, Ended, Option<Duration>)> = None;
        loop {
            let ready = match (self.ready().await, last.take()) {
                (Ok(ready), None) => ready,
                (Ok(ready), Some((_, ended, _))) => {
                    self.applied_before |= ended.may_have_been_applied();
                    ready
                }
                (Err(refusal), None) => return Err(refusal),
                (Err(refusal), Some((outcome, _, hint))) => {
                    return self.finished(outcome, refusal.retry_after().or(hint));
                }
            };
            let outcome = self.attempt(ready).await;
            let hint = self.hint(&outcome);
            let ended = outcome.as_ref().map_or_else(Ended::of_error, Ended::of_answer);
            let Some(wait) = self.pause(&outcome, ended, hint).await else { return self.finished(outcome, hint) };
            self.wait(if hint.is_some() { "hint" } else { "backoff" }, wait).await;
            last = Some((outcome, ended, hint));
        }
    }

    /// Waits for what a try needs: an account that is not suspended, a turn within its quotas, what it costs, places under
    /// its limits.
    async fn ready(&mut self) -> Result<Ready<'a>, Error> {
        let (settings, account) = (self.settings, self.call.account);
        // Asked before the waits, too, so that nobody queues for a call that will not be sent.
        drop(self.admitted()?);
        settings.learn(account).await;
        loop {
            let patience = self.patience();
            let wait = settings
                .usage
                .turn(account, settings.clock.now(), patience)
                .map_err(|time| self.refusal(ErrorKind::Throttled, Some(time)))?;
            if !wait.is_zero() {
                // Those who wait for the same refill do not all come at its first moment.
                let spread = settings.retry.first_wait.mul_f64(settings.jitter.fraction().clamp(0.0, 1.0));
                self.wait("quota", wait.saturating_add(spread).min(patience)).await;
            }
            let permits = self.permits().await?;
            // What another call learned meanwhile counts for this one.
            if settings.usage.is_closed(account, settings.clock.now()) {
                continue;
            }
            let (deadline, admission) = (self.left()?, self.admitted()?);
            if self.finds_out {
                return Ok(Ready { deadline, admission, permits });
            }
            match settings.purses.cover(account, self.call.price, settings.clock.now()) {
                Ok(cover) => {
                    self.finds_out = cover == Cover::Probe;
                    return Ok(Ready { deadline, admission, permits });
                }
                Err(time) if settings.retry.wait_for_quota && time <= self.patience() => {
                    drop((admission, permits));
                    self.wait("quota", time).await;
                }
                Err(time) => return Err(self.refusal(ErrorKind::Unpaid, Some(time))),
            }
        }
    }

    fn admitted(&self) -> Result<Admission<'a>, Error> {
        let admission = self.settings.budgets.admit(self.call.account, self.settings.clock.now());
        admission.map_err(|time| self.refusal(ErrorKind::Suspended, Some(time)))
    }

    async fn permits(&self) -> Result<Vec<Permit>, Error> {
        // In one order for all, so that two calls never wait for each other.
        let mut limits: Vec<_> = self.call.limits.iter().collect();
        limits.sort_by(|one, other| one.key.cmp(&other.key));
        limits.dedup_by(|one, other| one.key == other.key);
        let mut permits = Vec::with_capacity(limits.len());
        let begun = self.settings.clock.now();
        for limit in limits {
            let wait = self.settings.limits.acquire(limit);
            let permit = match self.left()? {
                Some((left, _)) => tokio::time::timeout(left, wait).await.map_err(|_| self.too_late())?,
                None => wait.await,
            };
            permits.push(permit.map_err(|cause| self.refused(Failure::new(ErrorKind::NoPlace, cause), None))?);
        }
        let waited = self.settings.clock.now().saturating_duration_since(begun);
        if !waited.is_zero() {
            self.figures().wait("permit", waited);
        }
        Ok(permits)
    }

    async fn attempt(&mut self, ready: Ready<'a>) -> Outcome {
        self.tries += 1;
        let begun = self.settings.clock.now();
        let span = debug_span!(
            "try",
            attempt = self.tries,
            probe = ready.admission.is_probe(),
            status = field::Empty,
            outcome = field::Empty,
            delivery = field::Empty,
            code = field::Empty,
            request_id = field::Empty,
            sent_bytes = field::Empty,
            received_bytes = field::Empty,
            units = field::Empty,
        );
        let given = Try {
            number: self.tries,
            deadline: ready.deadline,
            max_response_bytes: self.call.max_response_bytes.unwrap_or(self.settings.max_response_bytes),
        };
        let (answered, moved) = attempt::run(self.settings, self.call.request, given).instrument(span.clone()).await;
        drop(ready.permits);
        let now = self.settings.clock.now();
        let answered = answered.map(|answer| self.read(answer, now));
        ready.admission.ended(Health::of(&answered), now);
        self.moved.sent += moved.sent;
        self.moved.received += moved.received;
        self.figures().attempt(telemetry::outcome(&answered), now.saturating_duration_since(begun), moved);
        record(&span, &answered, moved);
        if let Ok(answer) = &answered {
            let spent: f64 = answer.verdict.usage.iter().filter_map(|gauge| gauge.spent).sum();
            span.record("units", spent);
        }
        span.in_scope(|| debug!("ended"));
        answered
    }

    /// What the provider's reading makes of the answer, with what any status tells where that says nothing.
    fn read(&self, mut answer: Response, now: Instant) -> Response {
        let mut verdict = self.settings.reading.read(self.call, &answer);
        if verdict.class.is_none() && matches!(answer.status.as_u16(), 408 | 429 | 500..=599) {
            let Verdict { class, refused, .. } = ByStatus.read(self.call, &answer);
            verdict = Verdict { class, refused, ..verdict };
        }
        // An answer to half a request proves that nothing was done, whatever it says.
        verdict.refused |= !answer.sent_whole && verdict.class.is_some();
        for text in [&mut verdict.code, &mut verdict.request_id] {
            *text = text.take().map(|text| answer.redacted(&text).chars().take(MAX_LABEL).collect());
        }
        verdict.wait = verdict.wait.or_else(|| backoff::retry_after(&answer.headers, self.settings.clock.wall()));
        self.note(&verdict, now);
        self.figures().spent(&verdict.usage);
        answer.verdict = verdict;
        answer
    }

    /// Keeps what an answer tells of quotas, be it by refusing, and passes it on.
    fn note(&self, verdict: &Verdict, now: Instant) {
        let (settings, account) = (self.settings, self.call.account);
        let mut told = verdict.usage.clone();
        let says_what_is_left = told.iter().any(|gauge| matches!(gauge.pace, Pace::Covered(_)) && gauge.left.is_some());
        let mut closed = false;
        match (verdict.class, verdict.wait) {
            (Some(Class::Throttle | Class::LongPause), Some(time)) => {
                settings.usage.close(account, time, now);
                closed = true;
            }
            // What is left is less than the price, where the answer does not say it itself.
            (Some(Class::Quota), Some(refill)) if verdict.refused && self.call.price > 0 && !says_what_is_left => {
                told.push(Gauge::unpaid(self.call.price, refill));
            }
            _ => {}
        }
        settings.usage.record(account, &told, now);
        settings.purses.record(account, &told, now);
        if let Some(quotas) = settings.quotas.as_ref().filter(|_| closed || !told.is_empty()) {
            quotas.tell(&settings.library, account, &settings.known(account));
        }
    }

    fn hint(&self, outcome: &Outcome) -> Option<Duration> {
        match outcome {
            Ok(answer) => answer.verdict.wait,
            Err(error) => backoff::retry_after(error.headers()?, self.settings.clock.wall()),
        }
    }

    /// How long to wait for another try; `None` if there is none.
    async fn pause(&mut self, outcome: &Outcome, ended: Ended, hint: Option<Duration>) -> Option<Duration> {
        let retry = &self.settings.retry;
        match next(self.call.request.effect, ended) {
            Next::Stop => return None,
            Next::AfterRefill if !retry.wait_for_quota => return None,
            Next::WithNewCredential => return self.renewed(outcome).await.then_some(Duration::ZERO),
            Next::Again | Next::AfterRefill => {}
        }
        let done = self.tries - u32::from(self.renewed);
        let wait = backoff::wait(retry, done, hint, &*self.settings.jitter);
        let refused = match () {
            () if done >= retry.tries => "tries",
            () if wait > self.patience() => "time",
            () if !self.settings.budgets.pay(self.call.account) => "budget",
            () => {
                self.figures().retry(telemetry::outcome(outcome));
                return Some(wait);
            }
        };
        self.figures().refused(refused);
        None
    }

    /// Whether the credential that was refused has been replaced since, which is asked once per call.
    async fn renewed(&mut self, outcome: &Outcome) -> bool {
        let (false, Ok(answer)) = (self.renewed, outcome) else { return false };
        let used = answer.secrets.first().map_or("", |secret| secret.expose_secret());
        let fresh = self.settings.credentials.refreshed();
        let fresh = match self.left() {
            Ok(Some((left, _))) => tokio::time::timeout(left, fresh).await.ok().and_then(Result::ok),
            Ok(None) => fresh.await.ok(),
            Err(_) => None,
        };
        self.renewed = fresh.is_some_and(|fresh| fresh.expose_secret() != used);
        if self.renewed {
            self.figures().retry(telemetry::outcome(outcome));
        }
        self.renewed
    }

    fn finished(&self, outcome: Outcome, hint: Option<Duration>) -> Outcome {
        match outcome {
            Ok(mut answer) => {
                answer.applied_before = self.applied_before;
                answer.retry_after = hint;
                Ok(answer)
            }
            Err(error) => Err(error.of_call(self.tries, self.applied_before, hint)),
        }
    }

    async fn wait(&self, reason: &'static str, time: Duration) {
        self.figures().wait(reason, time);
        self.settings.clock.sleep(time).await;
    }

    /// How long the call may still wait for a try.
    fn patience(&self) -> Duration {
        let spent = self.settings.clock.now().saturating_duration_since(self.started);
        let total = self.settings.retry.total.saturating_sub(spent);
        self.call.deadline.map_or(total, |deadline| total.min(deadline.saturating_sub(spent)))
    }

    /// What is left of the deadline, and how long it is.
    fn left(&self) -> Result<Option<(Duration, Duration)>, Error> {
        let Some(deadline) = self.call.deadline else { return Ok(None) };
        let spent = self.settings.clock.now().saturating_duration_since(self.started);
        let left = deadline.checked_sub(spent).filter(|left| !left.is_zero()).ok_or_else(|| self.too_late())?;
        Ok(Some((left, deadline)))
    }

    fn too_late(&self) -> Error {
        let limit = self.call.deadline.unwrap_or_default();
        self.refusal(ErrorKind::Timeout { what: TimeoutKind::Deadline, limit }, None)
    }

    /// An error in place of a try.
    fn refusal(&self, kind: ErrorKind, retry_after: Option<Duration>) -> Error {
        self.refused(Failure::from(kind), retry_after)
    }

    fn refused(&self, failure: Failure, retry_after: Option<Duration>) -> Error {
        let (operation, host) = (self.call.request.operation, &self.settings.host);
        let error = Error::new(failure, Delivery::NotSent, None, operation, host);
        error.of_call(self.tries, self.applied_before, retry_after)
    }

    fn figures(&self) -> Figures {
        Figures { provider: self.settings.provider, operation: self.call.request.operation }
    }

    fn tell(&self, answered: &Outcome) {
        let now = self.settings.clock.now();
        let took = now.saturating_duration_since(self.started);
        self.settings.standing.note(answered, now);
        self.figures().call(telemetry::outcome(answered), took);
        let span = Span::current();
        span.record("tries", self.tries);
        record(&span, answered, self.moved);
    }
}

/// What call and try say at their ends.
fn record(span: &Span, answered: &Outcome, moved: Moved) {
    span.record("outcome", telemetry::outcome(answered));
    span.record("sent_bytes", moved.sent);
    span.record("received_bytes", moved.received);
    match answered {
        Ok(answer) => {
            span.record("status", answer.status.as_u16());
            if let Some(code) = &answer.verdict.code {
                span.record("code", code);
            }
            if let Some(id) = &answer.verdict.request_id {
                span.record("request_id", id);
            }
        }
        Err(error) => {
            span.record("delivery", field::debug(error.delivery()));
            if let Some(status) = error.status() {
                span.record("status", status.as_u16());
            }
        }
    }
}
