//! How far a try has got, seen from the connector and from the body that the connection takes its bytes from. From it
//! follows what an error may claim about delivery. It never buffers.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, StatusCode};
use http_body::{Frame, SizeHint};
use polyptych_wire::Outgoing;
use tokio::time::Instant;

use crate::Delivery;

/// A chunk handed to the connection at once is at most this long, so that one large chunk on a slow line does not look
/// like silence.
const STEP: usize = 64 * 1024;

/// Shared by a try, its body and its clocks.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Mutex<State>>);

struct State {
    stage: Stage,
    /// Whether the last byte of the body was handed to the connection, or there is no body.
    whole: bool,
    /// Set when the try is over: the body gives nothing more.
    over: bool,
    /// Whether the try was waiting for a new connection when it was last looked at.
    connecting: bool,
    sent: u64,
    received: u64,
    last_byte: Instant,
    body_error: Option<io::Error>,
    /// Headers of an answer whose body is still to come.
    headers: Option<HeaderMap>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Preparing,
    /// The client works on it.
    Sending,
    Answered(StatusCode),
}

impl Progress {
    pub(crate) fn new() -> Self {
        let (stage, last_byte) = (Stage::Preparing, Instant::now());
        let state = State {
            stage,
            whole: false,
            over: false,
            connecting: false,
            sent: 0,
            received: 0,
            last_byte,
            body_error: None,
            headers: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The client takes over a request whose body is `body_bytes` long.
    pub(crate) fn started(&self, body_bytes: u64) {
        let mut state = self.state();
        state.stage = Stage::Sending;
        state.whole = body_bytes == 0;
    }

    /// The head of the answer is there.
    pub(crate) fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let mut state = self.state();
        state.stage = Stage::Answered(status);
        state.headers = Some(headers.clone());
        state.last_byte = Instant::now();
    }

    /// A piece of the answer is there.
    pub(crate) fn received(&self, bytes: usize) {
        let mut state = self.state();
        state.received += bytes as u64;
        state.last_byte = Instant::now();
    }

    /// Bytes of the answer's body, as they came.
    pub(crate) fn received_bytes(&self) -> u64 {
        self.state().received
    }

    /// Notes whether the try waits for a new connection.
    pub(crate) fn set_connecting(&self, connecting: bool) {
        self.state().connecting = connecting;
    }

    /// Bytes of the body handed to the connection.
    pub(crate) fn sent(&self) -> u64 {
        self.state().sent
    }

    /// What broke the body, once.
    pub(crate) fn take_body_error(&self) -> Option<io::Error> {
        self.state().body_error.take()
    }

    /// Headers of the answer, once.
    pub(crate) fn take_headers(&self) -> Option<HeaderMap> {
        self.state().headers.take()
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self.state().stage {
            Stage::Answered(status) => Some(status),
            _ => None,
        }
    }

    /// How far the request got in the end. From here on the body gives nothing more, so that a request that is said to be
    /// not sent cannot be completed by a connection that has not yet heard of it.
    pub(crate) fn end(&self) -> Delivery {
        let mut state = self.state();
        state.over = true;
        match state.stage {
            Stage::Preparing => Delivery::NotSent,
            _ if !state.whole => Delivery::NotSent,
            Stage::Sending if state.connecting => Delivery::NotSent,
            Stage::Sending => Delivery::Unknown,
            Stage::Answered(_) => Delivery::Answered,
        }
    }

    /// Ends when no byte has moved for `limit`.
    pub(crate) async fn silence(&self, limit: Duration) {
        loop {
            let deadline = self.state().last_byte + limit;
            if Instant::now() >= deadline {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn given_up() -> io::Error {
    io::Error::other("the try is over")
}

/// The body of one try with its exact length, which makes the client announce `Content-Length`.
pub(crate) struct Announced {
    // Only for `Sync`, which the client asks of bodies; it is never contended.
    body: Mutex<Outgoing>,
    chunk: Bytes,
    left: u64,
    progress: Progress,
}

impl Announced {
    pub(crate) fn new(body: Outgoing, progress: Progress) -> Self {
        Self { left: body.len(), body: Mutex::new(body), chunk: Bytes::new(), progress }
    }
}

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if this.progress.state().over {
            return Poll::Ready(Some(Err(given_up())));
        }
        while this.chunk.is_empty() {
            let body = this.body.get_mut().unwrap_or_else(PoisonError::into_inner);
            match ready!(Pin::new(body).poll_next(cx)) {
                Some(Ok(chunk)) => this.chunk = chunk,
                Some(Err(error)) => {
                    let copy = io::Error::new(error.kind(), "the request body failed");
                    this.progress.state().body_error = Some(error);
                    return Poll::Ready(Some(Err(copy)));
                }
                None => return Poll::Ready(None),
            }
        }
        let piece = this.chunk.split_to(this.chunk.len().min(STEP));
        this.left = this.left.saturating_sub(piece.len() as u64);
        let mut state = this.progress.state();
        // Asked again under the lock that the end of the try is noted under.
        if state.over {
            return Poll::Ready(Some(Err(given_up())));
        }
        // Only the bodies of writes are long enough to take more than one step.
        #[cfg(feature = "failpoints")]
        if this.left > 0 && state.sent >= this.left {
            polyptych_failpoint::reach("mid-body");
        }
        state.sent += piece.len() as u64;
        state.last_byte = Instant::now();
        state.whole = this.left == 0;
        drop(state);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http_body::Body as _;
    use polyptych_wire::Body;

    use super::*;

    fn body(progress: &Progress, bytes: usize) -> Announced {
        let outgoing = Body::from(vec![7; bytes]).outgoing("");
        progress.started(outgoing.len());
        Announced::new(outgoing, progress.clone())
    }

    /// The length of the next piece; `None` for an error.
    fn next(body: &mut Announced) -> Option<usize> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => frame.data_ref().map(Bytes::len),
            _ => None,
        }
    }

    #[test]
    fn a_request_that_is_said_to_be_not_sent_cannot_be_completed_any_more() {
        let progress = Progress::new();
        let mut body = body(&progress, STEP + 1);
        assert_eq!(next(&mut body), Some(STEP));
        assert_eq!(progress.end(), Delivery::NotSent);
        assert_eq!(next(&mut body), None);
        assert_eq!(progress.sent(), STEP as u64);
    }

    #[test]
    fn an_answer_before_the_end_of_the_body_leaves_the_request_unsent() {
        let progress = Progress::new();
        let mut body = body(&progress, STEP + 1);
        assert_eq!(next(&mut body), Some(STEP));
        progress.answered(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new());
        assert_eq!(progress.end(), Delivery::NotSent);
    }

    #[test]
    fn a_body_that_was_handed_over_leaves_the_request_unknown_until_it_is_answered() {
        for bytes in [0, 1, STEP] {
            let progress = Progress::new();
            let mut body = body(&progress, bytes);
            assert_eq!(next(&mut body), (bytes > 0).then_some(bytes));
            assert_eq!(progress.end(), Delivery::Unknown);
            progress.answered(StatusCode::OK, &HeaderMap::new());
            assert_eq!(progress.end(), Delivery::Answered);
        }
    }
}
