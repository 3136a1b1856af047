//! Whether a façade lets a caller in. In TLS 1.3 a caller's handshake is done before the façade has looked at the caller's
//! certificate; one that it misses it tells by an alert, which a connection that breaks easily loses. So the first word of the
//! façade is waited for before anything is asked. Which certificates are good is for the façade to say.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::sign::CertifiedKey;

/// Shows no certificate, and remembers whether it was asked for one.
#[derive(Debug, Default)]
pub(super) struct Unshown(AtomicBool);

impl Unshown {
    /// Whether the façade has asked.
    pub(super) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes nothing of having been asked, where it was not the façade that ended the handshake.
    pub(super) fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl ResolvesClientCert for Unshown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// What the façade has said first.
#[derive(Debug, Clone)]
pub(super) enum First {
    /// Nothing yet.
    Awaited,
    /// What a façade says to a caller whom it lets in.
    Word,
    /// It ended the connection, and how.
    End(String),
}

/// A connection that tells what is said first.
pub(super) struct Watched<S> {
    stream: S,
    first: watch::Sender<First>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, first: watch::Sender<First>) -> Self {
        Self { stream, first }
    }

    fn tell(&self, told: impl FnOnce() -> First) {
        self.first.send_if_modified(|first| {
            let begun = matches!(first, First::Awaited);
            if begun {
                *first = told();
            }
            begun
        });
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.tell(|| First::End("the connection broke".to_owned()));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        self.tell(|| match &read {
            Ok(()) if buf.filled().len() > before => First::Word,
            Ok(()) => First::End("it closed the connection".to_owned()),
            Err(error) => First::End(error.to_string()),
        });
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
