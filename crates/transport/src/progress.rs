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
    /// The client works on it; some bytes of the body are still with us.
    Sending,
    /// The last byte was handed to the connection, or there is no body to hold back.
    Sent,
    Answered(StatusCode),
}

impl Progress {
    pub(crate) fn new() -> Self {
        let (stage, last_byte) = (Stage::Preparing, Instant::now());
        let state =
            State { stage, connecting: false, sent: 0, received: 0, last_byte, body_error: None, headers: None };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The client takes over a request whose body is `body_bytes` long.
    pub(crate) fn started(&self, body_bytes: u64) {
        self.state().stage = if body_bytes == 0 { Stage::Sent } else { Stage::Sending };
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

    pub(crate) fn delivery(&self) -> Delivery {
        let state = self.state();
        match state.stage {
            Stage::Preparing | Stage::Sending => Delivery::NotSent,
            Stage::Sent if state.connecting => Delivery::NotSent,
            Stage::Sent => Delivery::Unknown,
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
        state.sent += piece.len() as u64;
        state.last_byte = Instant::now();
        if this.left == 0 && state.stage == Stage::Sending {
            state.stage = Stage::Sent;
        }
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
