//! Reading a body into memory once: up to a cap, and for as long as it keeps arriving. Whose body it is, and what becomes
//! of one that is not read, is decided elsewhere.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has more bytes than the cap.
    TooLarge,
    /// It broke off.
    Broken,
    /// Nothing more of it came in time.
    Stalled,
}

/// The bytes of a body of at most `cap`, of which something must come within each `patience`.
///
/// # Errors
/// See [`Unread`].
pub(crate) async fn read(mut body: Body, cap: usize, patience: Duration) -> Result<Bytes, Unread> {
    let declared = body.size_hint().lower();
    if declared > cap as u64 {
        return Err(Unread::TooLarge);
    }
    let mut whole = Vec::new();
    loop {
        let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = tokio::time::timeout(patience, next).await.map_err(|_| Unread::Stalled)?;
        let Some(frame) = frame else { return Ok(whole.into()) };
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if data.len() > cap - whole.len() {
            return Err(Unread::TooLarge);
        }
        if whole.is_empty() {
            if body.is_end_stream() {
                return Ok(data);
            }
            // As much as was announced, so that a large body is not copied while it grows.
            whole.reserve_exact((declared as usize).max(data.len()));
        }
        whole.extend_from_slice(&data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll};

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A body of frames, which ends, breaks or stalls behind them.
    struct Frames(Vec<&'static str>, Option<Result<(), ()>>);

    impl HttpBody for Frames {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
            if !self.0.is_empty() {
                return Poll::Ready(Some(Ok(http_body::Frame::data(self.0.remove(0).into()))));
            }
            match self.1 {
                Some(Ok(())) => Poll::Ready(None),
                Some(Err(())) => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
                None => Poll::Pending,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_whole_or_not_at_all() {
        let read = async |frames: &[&'static str], end, cap| {
            read(Body::new(Frames(frames.to_vec(), end)), cap, PATIENCE).await
        };
        assert_eq!(read(&["ab", "", "c"], Some(Ok(())), 3).await, Ok(Bytes::from("abc")));
        assert_eq!(read(&["ab", "c"], Some(Ok(())), 2).await, Err(Unread::TooLarge));
        assert_eq!(read(&["ab"], Some(Err(())), 3).await, Err(Unread::Broken));
        assert_eq!(read(&["ab"], None, 3).await, Err(Unread::Stalled));
        assert_eq!(read(&[], Some(Ok(())), 0).await, Ok(Bytes::new()));
        assert_eq!(super::read(Body::from("abc"), 3, PATIENCE).await, Ok(Bytes::from("abc")));
        assert_eq!(super::read(Body::from("abcd"), 3, PATIENCE).await, Err(Unread::TooLarge));
    }
}
