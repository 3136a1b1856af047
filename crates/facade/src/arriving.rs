//! Requests arrive in good time: one whose caller falls silent, or is too slow, ends with that failure instead of the rest, whether
//! it has one message or many. A method that takes one message is sent no other behind it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::Settings;
use crate::patience::Patience;
use crate::status::{Reason, Refusal};

/// The bytes before each message: a flag, then its length.
const PREFIX: usize = 5;

/// Why a request ended before all of it had come, where a stream of messages failed with that. Of the failure only what is sent
/// comes through the services.
pub(crate) fn late(status: &Status) -> Option<Refusal> {
    let told = status.get_details_error_info()?;
    let mut late = [Reason::UploadStalled, Reason::UploadTooSlow].into_iter();
    let reason = late.find(|reason| reason.as_str() == told.reason)?;
    Some(Refusal::new(status.code(), reason, status.message()))
}

/// The body of a request that has to arrive in time.
pub(crate) struct Arriving {
    body: Body,
    patience: Patience,
    /// Made when something is waited for, which short requests are not.
    late: Option<Pin<Box<Sleep>>>,
    message: Option<Message>,
}

impl Arriving {
    /// A body that begins now, of one message unless `many`.
    pub(crate) fn new(body: Body, many: bool, settings: &Settings) -> Self {
        let message = (!many).then(Message::default);
        Self { body, patience: Patience::of_request(settings, Instant::now()), late: None, message }
    }
}

/// How much of its one message a request has brought.
#[derive(Debug, Default)]
struct Message {
    prefix: [u8; PREFIX],
    seen: usize,
}

impl Message {
    /// Whether this goes on behind its end.
    fn is_exceeded_by(&mut self, data: &[u8]) -> bool {
        self.prefix.iter_mut().skip(self.seen).zip(data).for_each(|(known, byte)| *known = *byte);
        self.seen = self.seen.saturating_add(data.len());
        let [_, length @ ..] = self.prefix;
        let behind = self.seen.saturating_sub(PREFIX);
        behind > 0 && behind as u64 > u32::from_be_bytes(length).into()
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        loop {
            let polled = Pin::new(&mut this.body).poll_frame(context);
            let data = match &polled {
                Poll::Ready(Some(Ok(frame))) => frame.data_ref(),
                Poll::Ready(_) => return polled,
                Poll::Pending => None,
            };
            match data {
                Some(data) if !data.is_empty() => {
                    this.patience.end(Instant::now, data.len());
                    if this.message.as_mut().is_some_and(|message| message.is_exceeded_by(data)) {
                        let message = "the method takes one message, and more than one was sent";
                        let refusal = Refusal::new(Code::InvalidArgument, Reason::MalformedMessage, message);
                        return Poll::Ready(Some(Err(refusal.into())));
                    }
                    return polled;
                }
                // Trailers.
                None if polled.is_ready() => return polled,
                _ => {}
            }
            let now = Instant::now();
            this.patience.begin(now);
            if let Some((end, late)) = this.patience.until() {
                let timer = this.late.get_or_insert_with(|| Box::pin(sleep_until(end)));
                if timer.deadline() != end {
                    timer.as_mut().reset(end);
                }
                if end <= now || timer.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Some(Err(late.refusal().into())));
                }
            }
            if polled.is_pending() {
                return Poll::Pending;
            }
            // Nothing came, which gains no time.
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_ends_where_its_length_says_however_it_is_cut() {
        let one = [0, 0, 0, 0, 3, b'a', b'b', b'c'];
        for cut in 0..=one.len() {
            let mut message = Message::default();
            assert!(!message.is_exceeded_by(&one[..cut]) && !message.is_exceeded_by(&one[cut..]), "{cut}");
            assert!(message.is_exceeded_by(&[0]), "{cut}");
        }
        let mut empty = Message::default();
        assert!(!empty.is_exceeded_by(&[0; 5]) && empty.is_exceeded_by(&[0; 5]));
    }
}
