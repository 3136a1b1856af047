//! Answers leave in good time, of one message or of many: they end at the caller's deadline, and when the caller takes nothing, or
//! too little, for too long.
//!
//! An answer that is not read is not polled, so that it cannot look at a clock. The server's [`Lookout`] does that for it: what the
//! answer holds (the library's connection, a picture, the call's places) is dropped at that moment, whether or not anybody reads
//! again. It never cuts off an answer that waits for its source, which has limits of its own, but for the deadline.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http_body::Frame;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::HeaderMap;

use crate::deadline;
use crate::lookout::{Lookout, Ticket, Timed};
use crate::patience::Patience;
use crate::progress::Progress;
use crate::status::Refusal;

/// The messages of an answer.
pub(crate) type Answers<M> = BoxStream<'static, Result<M, Status>>;

/// Bytes that are handed to the connection at a time, so that a caller who takes a long message steadily is seen to do so. As many
/// go into one frame of HTTP/2.
const PIECE_BYTES: usize = 16 << 10;

/// How long an answer may last.
#[derive(Debug)]
pub(crate) struct Terms {
    /// When the caller stops waiting, if it says so.
    pub(crate) deadline: Option<Instant>,
    /// How long the caller is waited for.
    pub(crate) patience: Patience,
    /// What is told of a call that is cut off.
    pub(crate) progress: Arc<Progress>,
    /// What looks at the clock.
    pub(crate) lookout: Lookout,
}

/// The answer within these terms.
pub(crate) fn bounded<B>(body: B, terms: Terms) -> Body
where
    B: http_body::Body<Data = Bytes, Error = Status> + Send + Unpin + 'static,
{
    if body.is_end_stream() {
        return Body::empty();
    }
    let Terms { deadline, mut patience, progress, lookout } = terms;
    let now = Instant::now();
    patience.begin(now);
    let state =
        State { body: Some(body), rest: Bytes::new(), handed: 0, patience, ended: None, waker: None, ticket: None };
    let answer = Arc::new(Answer { state: Mutex::new(state), deadline, progress, lookout });
    Arc::clone(&answer).come(now);
    Body::new(Bounded(answer))
}

struct Bounded<B>(Arc<Answer<B>>);

struct Answer<B> {
    state: Mutex<State<B>>,
    deadline: Option<Instant>,
    progress: Arc<Progress>,
    lookout: Lookout,
}

struct State<B> {
    body: Option<B>,
    /// What has come of it and was not handed on.
    rest: Bytes,
    /// Bytes that the caller has been given to take.
    handed: usize,
    patience: Patience,
    ended: Option<Refusal>,
    waker: Option<Waker>,
    ticket: Option<Ticket>,
}

impl<B: http_body::Body<Data = Bytes, Error = Status> + Unpin> State<B> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(refusal) = self.ended.take() {
            let mut trailers = HeaderMap::new();
            let told = Status::from(refusal).add_header(&mut trailers);
            return Poll::Ready(Some(told.map(|()| Frame::trailers(trailers))));
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let now = Instant::now();
        self.patience.end(|| now, std::mem::take(&mut self.handed));
        if self.rest.is_empty() {
            match Pin::new(body).poll_frame(context) {
                Poll::Pending => {
                    self.waker = Some(context.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => {
                        self.body = None;
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                },
                Poll::Ready(end) => {
                    self.body = None;
                    return Poll::Ready(end);
                }
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        self.handed = piece.len();
        self.patience.begin(now);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl<B> Answer<B> {
    fn state(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the answer is cut off at `now`, if it is, else when to look again; `None` for both if it has ended.
    fn look(&self, state: &State<B>, now: Instant) -> Option<Result<Instant, Refusal>> {
        state.body.as_ref()?;
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Some(Err(deadline::passed(&self.progress)));
        }
        let turn = match state.patience.until() {
            Some((end, late)) if end <= now => return Some(Err(self.progress.cut_off(late.refusal()))),
            Some((end, _)) => end,
            // A turn that begins meanwhile and is too slow before then is seen then.
            None => now + state.patience.idle(),
        };
        Some(Ok(self.deadline.map_or(turn, |deadline| deadline.min(turn))))
    }
}

impl<B: Send + 'static> Timed for Answer<B> {
    /// Ends the answer if its terms say so.
    fn come(self: Arc<Self>, now: Instant) {
        let mut state = self.state();
        match self.look(&state, now) {
            None => {}
            Some(Ok(next)) => {
                let own: Arc<dyn Timed> = Arc::clone(&self) as _;
                state.ticket = Some(self.lookout.at(next, Arc::downgrade(&own)));
            }
            Some(Err(refusal)) => {
                state.ended = Some(refusal);
                state.rest = Bytes::new();
                let (body, waker) = (state.body.take(), state.waker.take());
                drop(state);
                drop(body);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        }
    }
}

impl<B: http_body::Body<Data = Bytes, Error = Status> + Unpin> http_body::Body for Bounded<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.0.state().poll(context)
    }

    fn is_end_stream(&self) -> bool {
        let state = self.0.state();
        let ended = state.body.as_ref().is_none_or(B::is_end_stream);
        ended && state.rest.is_empty() && state.ended.is_none()
    }
}

impl<B> Drop for Bounded<B> {
    fn drop(&mut self) {
        // Whoever looks at it may hold it for a moment longer, and what it holds must not wait for that.
        let mut state = self.0.state();
        let held = (state.body.take(), state.ticket.take());
        drop(state);
        drop(held);
    }
}
