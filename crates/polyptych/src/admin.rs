//! The port at which a server is watched: `/metrics`, `/livez`, `/readyz`. It changes nothing and knows no secret.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics::gauge;
use polyptych_store::Pulse;
use tokio::net::TcpListener;

use crate::figures::Figures;

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

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

/// Serves until `shutdown` completes. A failure is logged: what is watched goes on without it.
pub(crate) async fn serve(
    listener: TcpListener,
    watched: Watched,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(watched);
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(shutdown).await {
        tracing::error!(%error, "the admin port failed");
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
