//! Answers that are streams: they end at the caller's deadline, and when the caller takes nothing for too long.
//!
//! A stream that is not read is not polled, so that it cannot look at a clock. A task does that for it: what the stream holds
//! (the library's connection, a picture) is dropped at that moment, whether or not anybody reads again. It never cuts off a
//! stream that waits for its source, which has limits of its own, but for the deadline.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::stream::{BoxStream, Stream, StreamExt};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Request, Status};

use crate::Settings;
use crate::deadline::{self, Deadline};
use crate::progress::Progress;
use crate::status::{Reason, Refusal};

/// The messages of an answer.
pub(crate) type Answers<M> = BoxStream<'static, Result<M, Status>>;

/// How long a stream of answers may last.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    deadline: Option<Instant>,
    idle: Duration,
    progress: Arc<Progress>,
}

impl Terms {
    /// Those of a request.
    pub(crate) fn of<T>(request: &Request<T>, settings: &Settings) -> Self {
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.0);
        Self { deadline, idle: settings.download_idle, progress: Progress::of(request) }
    }

    /// Why a stream that is cut off at `now` ends, if it does.
    fn broken(&self, now: Instant, handed: Option<Instant>) -> Option<Refusal> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Some(deadline::passed(&self.progress));
        }
        let idle = handed.is_some_and(|handed| handed + self.idle <= now);
        idle.then(|| {
            let message = format!("the caller took nothing of the answer for {:?}", self.idle);
            self.progress.cut_off(Refusal::new(Code::Aborted, Reason::DownloadStalled, message))
        })
    }
}

/// The messages within these terms.
pub(crate) fn bounded<M: Send + 'static>(messages: Answers<M>, terms: Terms) -> Answers<M> {
    let state = State { messages: Some(messages), handed: Some(Instant::now()), ended: None, waker: None };
    let state = Arc::new(Mutex::new(state));
    let watch = tokio::spawn(watch(Arc::clone(&state), terms)).abort_handle();
    Bounded { state, watch }.boxed()
}

struct Bounded<M> {
    state: Arc<Mutex<State<M>>>,
    watch: AbortHandle,
}

struct State<M> {
    messages: Option<Answers<M>>,
    /// When the caller was given a message, unless the stream waits for its source.
    handed: Option<Instant>,
    ended: Option<Refusal>,
    waker: Option<Waker>,
}

impl<M: Send + 'static> Stream for Bounded<M> {
    type Item = Result<M, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refusal) = state.ended.take() {
            return Poll::Ready(Some(Err(refusal.into())));
        }
        let Some(messages) = &mut state.messages else { return Poll::Ready(None) };
        let polled = messages.poll_next_unpin(context);
        state.handed = polled.is_ready().then(Instant::now);
        match &polled {
            Poll::Pending => state.waker = Some(context.waker().clone()),
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(None | Some(Err(_))) => state.messages = None,
        }
        polled
    }
}

impl<M> Drop for Bounded<M> {
    fn drop(&mut self) {
        self.watch.abort();
        // The task may be dropped later, and what the stream holds must not wait for that.
        let messages = self.state.lock().unwrap_or_else(PoisonError::into_inner).messages.take();
        drop(messages);
    }
}

/// Ends the stream when its terms say so.
async fn watch<M>(state: Arc<Mutex<State<M>>>, terms: Terms) {
    loop {
        let now = Instant::now();
        let next = {
            let mut guard = state.lock().unwrap_or_else(PoisonError::into_inner);
            if guard.messages.is_none() {
                return;
            }
            if let Some(refusal) = terms.broken(now, guard.handed) {
                let dropped = guard.messages.take();
                guard.ended = Some(refusal);
                let waker = guard.waker.take();
                drop(guard);
                drop(dropped);
                if let Some(waker) = waker {
                    waker.wake();
                }
                return;
            }
            let idle = guard.handed.unwrap_or(now) + terms.idle;
            terms.deadline.map_or(idle, |deadline| deadline.min(idle))
        };
        sleep_until(next).await;
    }
}
