//! What a scripted fault does to an answer: another status, no byte of it, or half of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body::{Frame, SizeHint};

use super::script::{Close, ErrorCode, ErrorFault, FaultAnswer, StatusFault};
use crate::connection::Switch;
use crate::exchange::text;

impl FaultAnswer {
    /// The word for it in the journal.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Error(_) => "error",
            Self::Close(Close::Before) => "close-before",
            Self::Close(Close::After) => "close-after",
            Self::Close(Close::Mid) => "close-mid",
        }
    }

    /// The error to answer with instead of carrying the call out; `None` when it is carried out. Where the whole answer
    /// is replaced later, the error is a stand-in.
    pub(crate) fn refusal(&self) -> Option<ErrorFault> {
        match self {
            Self::Error(error) => Some(error.clone()),
            Self::Status(_) | Self::Close(Close::Before) => Some(ErrorFault {
                code: ErrorCode::Number(0),
                subcode: None,
                message: None,
                detail: None,
                status: None,
            }),
            Self::Close(Close::After | Close::Mid) => None,
        }
    }

    /// The answer that goes out in place of `response`.
    pub(crate) fn change(&self, head: &Parts, response: Response) -> Response {
        match self {
            Self::Error(_) => response,
            Self::Status(fault) => status(fault),
            Self::Close(Close::Before | Close::After) => lose(head, response),
            Self::Close(Close::Mid) => halve(head, response),
        }
    }
}

impl ErrorFault {
    /// The code as Yandex and Facebook have it; 0 for a word.
    pub(crate) fn number(&self) -> i64 {
        match self.code {
            ErrorCode::Number(number) => number,
            ErrorCode::Word(_) => 0,
        }
    }
}

fn status(fault: &StatusFault) -> Response {
    let code = StatusCode::from_u16(fault.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = text(code, "");
    *response.body_mut() = Body::from(fault.body.clone());
    for (name, value) in &fault.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Without a connection of ours (a router that another server, or a test, drives) the body fails at once instead.
fn lose(head: &Parts, response: Response) -> Response {
    match head.extensions.get::<ConnectInfo<Switch>>() {
        Some(ConnectInfo(switch)) => {
            switch.cut();
            response
        }
        None => response.map(|body| Body::new(Broken { left: 0, body, flushed: false })),
    }
}

fn halve(head: &Parts, response: Response) -> Response {
    match response.body().size_hint().exact() {
        Some(whole) if whole > 1 => response.map(|body| Body::new(Broken { left: whole / 2, body, flushed: false })),
        _ => lose(head, response),
    }
}

/// A body that declares its whole length and fails after `left` bytes of it.
struct Broken {
    left: u64,
    body: Body,
    flushed: bool,
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left == 0 {
            // One turn without data lets the server send what it has before it learns that the body fails.
            if !self.flushed {
                self.flushed = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(Some(Err(axum::Error::new("the fault script ends the answer here"))));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let left = self.left;
            let frame =
                frame?.map_data(|data| data.slice(..data.len().min(usize::try_from(left).unwrap_or(usize::MAX))));
            self.left -= frame.data_ref().map_or(0, |data| data.len() as u64);
            Ok(frame)
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
