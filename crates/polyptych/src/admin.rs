//! The port at which a server is watched: `/metrics`, `/livez`, `/readyz`. It changes nothing and knows no secret. A connection is for
//! one request and ends soon, whatever its caller does.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use metrics::gauge;
use polyptych_store::Pulse;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::figures::Figures;

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Connections at once; one more ends the oldest, so that those who say nothing hold up nobody.
const AT_ONCE: usize = 64;

/// How long a connection may take to ask, and how long to be answered in all.
const ASKING: Duration = Duration::from_secs(5);
const ANSWERING: Duration = Duration::from_secs(30);

/// How long nothing is accepted after that has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The phases of operations, each of which has a figure even where there is no operation in it.
const PHASES: [&str; 5] = ["pending", "running", "succeeded", "failed", "cancelled"];

/// What is watched. A clone watches the same server.
#[derive(Clone)]
pub(crate) struct Watched {
    figures: Figures,
    pulse: Pulse,
    draining: Arc<AtomicBool>,
}

impl Watched {
    pub(crate) fn new(figures: Figures, pulse: Pulse) -> Self {
        Self { figures, pulse, draining: Arc::default() }
    }

    /// From now on the server is not ready: it takes no new calls.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Why the server is not ready; empty if it is.
    fn obstacles(&self) -> Vec<&'static str> {
        let draining = self.draining.load(Ordering::Acquire).then_some("draining: the server was asked to end");
        let unheard = (!self.pulse.is_heard()).then_some("the database has not answered for three seconds");
        draining.into_iter().chain(unheard).collect()
    }
}

/// Serves until `shutdown` completes, then closes what is open. What fails is logged: what is watched goes on without it.
pub(crate) async fn serve(listener: TcpListener, watched: Watched, shutdown: impl Future<Output = ()>) {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(watched);
    let incoming = stream::poll_fn(|context| listener.poll_accept(context).map(Some));
    accept(incoming.map_ok(|(io, _)| io), router, shutdown).await;
}

/// Answers so many connections at once, the newest.
async fn accept<IO>(incoming: impl Stream<Item = io::Result<IO>>, router: Router, shutdown: impl Future<Output = ()>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut open, mut ages) = (JoinSet::new(), VecDeque::<AbortHandle>::new());
    let (mut incoming, mut shutdown, mut pause) = (pin!(incoming), pin!(shutdown), Instant::now());
    loop {
        let next = async {
            sleep_until(pause).await;
            incoming.next().await
        };
        tokio::select! {
            () = &mut shutdown => return,
            Some(_) = open.join_next() => {}
            connection = next => match connection {
                None => return,
                Some(Ok(io)) => {
                    ages.retain(|connection| !connection.is_finished());
                    if ages.len() >= AT_ONCE
                        && let Some(oldest) = ages.pop_front()
                    {
                        oldest.abort();
                    }
                    ages.push_back(open.spawn(answer(io, router.clone())));
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "the admin port cannot accept connections");
                    pause = Instant::now() + PAUSE;
                }
            },
        }
    }
}

/// Answers the one request of a connection.
async fn answer<IO: AsyncRead + AsyncWrite + Unpin + 'static>(io: IO, router: Router) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(ASKING).keep_alive(false);
    let connection = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
    match tokio::time::timeout(ANSWERING, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error, "a connection to the admin port failed"),
        Err(_) => tracing::debug!("a connection to the admin port took too long"),
    }
}

async fn ready(State(watched): State<Watched>) -> (StatusCode, String) {
    match watched.obstacles() {
        obstacles if obstacles.is_empty() => (StatusCode::OK, "ready\n".to_owned()),
        obstacles => (StatusCode::SERVICE_UNAVAILABLE, obstacles.join("\n") + "\n"),
    }
}

async fn figures(State(watched): State<Watched>) -> impl IntoResponse {
    gauge!("polyptych_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    gauge!("polyptych_ready").set(if watched.obstacles().is_empty() { 1 } else { 0 });
    match watched.pulse.operations().await {
        Ok(counts) => {
            for phase in PHASES {
                let number = counts.iter().find(|(name, _)| name == phase).map_or(0, |(_, number)| *number);
                gauge!("polyptych_operations", "state" => phase).set(number as f64);
            }
        }
        Err(error) => tracing::warn!(%error, "operations cannot be counted"),
    }
    ([(CONTENT_TYPE, METRICS)], watched.figures.render())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    const ASK: &[u8] = b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";

    /// A port whose answers have so many bytes, to which these connections come.
    fn port(bytes: usize, connections: usize) -> Vec<DuplexStream> {
        let (ours, theirs): (Vec<_>, Vec<_>) = (0..connections).map(|_| tokio::io::duplex(1024)).unzip();
        let router = Router::new().route("/livez", get(move || async move { "x".repeat(bytes) }));
        let incoming = stream::iter(theirs).map(Ok).chain(stream::pending());
        tokio::spawn(accept(incoming, router, std::future::pending()));
        ours
    }

    /// What comes until the connection is closed, and after how many seconds.
    async fn read(mut connection: DuplexStream) -> (String, u64) {
        let begun = Instant::now();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        (String::from_utf8(answer).unwrap(), begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_ask_is_closed() {
        for said in [&b""[..], b"GET /liv", b"GET /livez HTTP/1.1\r\nhost: a\r\n"] {
            let [mut connection] = port(1, 1).try_into().unwrap();
            connection.write_all(said).await.unwrap();
            let (answer, seconds) = read(connection).await;
            assert!(!answer.contains("200") && seconds == 5, "{answer} after {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_for_one_request_and_one_that_is_not_read_is_closed() {
        let [mut connection] = port(1, 1).try_into().unwrap();
        connection.write_all(&[ASK, ASK].concat()).await.unwrap();
        let (answer, seconds) = read(connection).await;
        assert!(answer.matches("HTTP/1.1 200").count() == 1 && seconds == 0, "{answer} after {seconds} s");
        let [mut connection] = port(1 << 20, 1).try_into().unwrap();
        connection.write_all(ASK).await.unwrap();
        tokio::time::sleep(ANSWERING + PAUSE).await;
        let (answer, _) = read(connection).await;
        assert!(answer.len() < 1 << 20, "{}", answer.len());
    }

    #[tokio::test(start_paused = true)]
    async fn one_connection_more_than_there_may_be_ends_the_oldest() {
        let mut connections = port(1, AT_ONCE + 1);
        let mut last = connections.pop().unwrap();
        last.write_all(ASK).await.unwrap();
        let (answer, seconds) = read(last).await;
        assert!(answer.contains("HTTP/1.1 200") && seconds == 0, "{answer} after {seconds} s");
        let ends = futures_util::future::join_all(connections.into_iter().map(read)).await;
        assert_eq!(
            ends.iter().map(|(_, seconds)| *seconds).collect::<Vec<_>>(),
            [&[0][..], &[5; AT_ONCE - 1]].concat()
        );
    }
}
