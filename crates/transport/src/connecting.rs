//! Tells a try that still waits for its connection from one whose request may be on the way. A request without a body
//! gives no other sign of it.
//!
//! The client looks for a kept connection and makes a new one at the same time, within the try's own future. While
//! that future polls a connector and gets none, no connection has been found; once one has, the connector is dropped or
//! goes on elsewhere and is no longer polled from here. So the note is made anew in each poll, and what is not seen
//! counts as sent.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tower::{Layer, Service};

use crate::progress::Progress;

tokio::task_local! {
    static TRY: Progress;
}

/// Runs `exchange` and keeps the note in `progress`.
pub(crate) async fn watched<T>(progress: &Progress, exchange: impl Future<Output = T>) -> T {
    let mut exchange = pin!(exchange);
    std::future::poll_fn(|cx| {
        progress.set_connecting(false);
        TRY.sync_scope(progress.clone(), || exchange.as_mut().poll(cx))
    })
    .await
}

/// Put around the client's connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch;

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, connector: S) -> Watched<S> {
        Watched(connector)
    }
}

#[derive(Clone)]
pub(crate) struct Watched<T>(T);

impl<T, S: Service<T, Future: Send + 'static>> Service<T> for Watched<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, target: T) -> Self::Future {
        Connecting(Box::pin(self.0.call(target)))
    }
}

pub(crate) struct Connecting<F>(Pin<Box<F>>);

impl<F: Future> Future for Connecting<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let outcome = self.0.as_mut().poll(cx);
        // Outside of a try it is a connection that goes on being made for whoever needs it next.
        let _ = TRY.try_with(|progress| progress.set_connecting(outcome.is_pending()));
        outcome
    }
}
