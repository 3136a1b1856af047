//! Connections: so many at once, each asked whether it lives, each closed in good time when it has aged, so that clients spread
//! over servers that were added. Of calls it knows what answers them.

use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use metrics::gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::transport::server::Connected;

use crate::Settings;
use crate::web::Web;

/// What a caller may send ahead of what is read, of one call and of all calls of a connection. It is memory that any caller
/// can fill, for each connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// The least that the reader of HTTP/1 works with.
const MIN_HTTP1_BUFFER: usize = 8 << 10;

/// How long a connection may take to say that it speaks HTTP, and how many bytes that takes: the preface of HTTP/2. Until then no
/// other limit of time holds for it.
const PREFACE: Duration = Duration::from_secs(10);
const PREFACE_BYTES: usize = 24;

/// How long nothing is accepted after that has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The most connections of a server.
const MOST: usize = Semaphore::MAX_PERMITS;

/// Serves the connections of `incoming` until `stopping` completes, then lets their calls end. Dropped, it closes them.
pub(crate) async fn serve<IO>(
    incoming: impl Stream<Item = io::Result<IO>>,
    web: Web,
    settings: &Settings,
    stopping: impl Future<Output = ()>,
) where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let (web, builder) = (Arc::new(web), builder(settings));
    let places = Arc::new(Semaphore::new(settings.connections_at_once.clamp(1, MOST)));
    let (stop, stopped) = watch::channel(());
    let mut open = JoinSet::new();
    {
        let (mut incoming, mut stopping) = (pin!(incoming), pin!(stopping));
        let mut pause = Instant::now();
        loop {
            let next = async {
                sleep_until(pause).await;
                let place = Arc::clone(&places).acquire_owned().await;
                (place, incoming.next().await)
            };
            tokio::select! {
                () = &mut stopping => break,
                Some(_) = open.join_next() => {}
                (place, connection) = next => match connection {
                    None => break,
                    // It went before it was accepted.
                    Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {
                        tracing::debug!(%error, "a connection could not be accepted");
                    }
                    // Such as that there are too many open files: the next one fails at once, too.
                    Some(Err(error)) => {
                        tracing::warn!(%error, "connections cannot be accepted");
                        pause = Instant::now() + PAUSE;
                    }
                    Some(Ok(io)) => {
                        let (web, builder, age) = (Arc::clone(&web), builder.clone(), Age::of(settings));
                        let stopped = stopped.clone();
                        open.spawn(async move {
                            let _place = place;
                            let _counted = Counted::new();
                            connection_of(io, web, builder, age, stopped).await;
                        });
                    }
                },
            }
        }
    }
    drop(stop);
    while open.join_next().await.is_some() {}
}

fn builder(settings: &Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    if settings.web_origins.is_empty() {
        builder = builder.http2_only();
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(settings.streams_per_connection)
        .max_header_list_size(settings.max_header_bytes)
        .keep_alive_interval(settings.keepalive)
        .keep_alive_timeout(settings.keepalive_timeout);
    let buffer = (settings.max_header_bytes as usize).max(MIN_HTTP1_BUFFER);
    builder.http1().timer(TokioTimer::new()).max_buf_size(buffer);
    builder
}

/// How long a connection takes calls, and how long its last ones may take.
struct Age {
    takes: Option<Duration>,
    grace: Duration,
}

impl Age {
    /// Give or take a tenth, so that those that came together do not go together.
    fn of(settings: &Settings) -> Self {
        let share = 0.9 + 0.2 * (random() as f64 / u64::MAX as f64);
        Self { takes: settings.connection_age.map(|age| age.mul_f64(share)), grace: settings.connection_grace }
    }

    async fn reached(&self) {
        match self.takes {
            Some(age) => tokio::time::sleep(age).await,
            None => std::future::pending().await,
        }
    }
}

/// What nobody relies on for secrecy.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

async fn connection_of<IO>(
    io: IO,
    web: Arc<Web>,
    builder: Builder<TokioExecutor>,
    age: Age,
    mut stopped: watch::Receiver<()>,
) where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let info = io.connect_info();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(info.clone());
        let web = Arc::clone(&web);
        // Begun by the task of the call: in that of the connection, all that came together would have to have a place before
        // the first of them can end.
        async move { web.call(request).await }
    });
    let said = Arc::new(AtomicBool::new(false));
    let io = Heard { io, left: PREFACE_BYTES, said: Arc::clone(&said) };
    let silent = async {
        tokio::time::sleep(PREFACE).await;
        if said.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = silent => return tracing::debug!("a connection did not say in time that it speaks HTTP"),
        () = age.reached() => None,
        // An error means that whoever could ask has gone, which is how it asks.
        _ = stopped.changed() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        // It has no call that could be waited for, and would not learn that it is to go.
        None if !said.load(Ordering::Acquire) => return,
        None => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(age.grace, connection).await {
                Ok(ended) => ended,
                Err(_) => return tracing::debug!("a connection that had aged was closed with calls in progress"),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection failed");
    }
}

/// A connection that tells when the first bytes have come.
struct Heard<IO> {
    io: IO,
    left: usize,
    said: Arc<AtomicBool>,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Heard<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        if self.left > 0 {
            self.left = self.left.saturating_sub(buffer.filled().len().saturating_sub(before));
            if self.left == 0 {
                self.said.store(true, Ordering::Release);
            }
        }
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Heard<IO> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// An open connection in the figures: `polyptych_connections`, a gauge.
struct Counted;

impl Counted {
    fn new() -> Self {
        gauge!("polyptych_connections").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!("polyptych_connections").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_differ_by_a_tenth_at_most() {
        let settings = Settings { connection_age: Some(Duration::from_secs(1000)), ..Settings::default() };
        let ages: Vec<_> = (0..100).filter_map(|_| Age::of(&settings).takes).map(|age| age.as_secs()).collect();
        assert!(ages.iter().all(|age| (900..=1100).contains(age)), "{ages:?}");
        assert!(ages.iter().max() > ages.iter().min());
    }
}
