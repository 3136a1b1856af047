//! Traces, sent to a collector by OTLP over gRPC, in batches by a thread of their own: a collector that is away or slow costs
//! spans, never calls.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use polyptych::config::TracesSection;
use polyptych::facade::Adopt;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// How the server calls itself in traces.
const NAME: &str = "polyptych";

/// How long one batch may take to be sent, and what is left at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Traces on their way to a collector.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send traces, if that is configured. Nobody is connected to yet.
    ///
    /// # Errors
    /// If the collector's address cannot be used.
    pub(super) fn start<S>(section: &TracesSection) -> Result<Option<(Self, impl Layer<S>)>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let Some(endpoint) = &section.endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(PATIENCE).build();
        let exporter = exporter.with_context(|| format!("traces cannot be sent to {endpoint}"))?;
        let ratio = Sampler::TraceIdRatioBased(section.ratio.unwrap_or(1.0));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(ratio)))
            .with_resource(Resource::builder().with_service_name(NAME).build())
            .build();
        // Where in the source and on which thread a span is tells nothing of the call; and nothing here asks OpenTelemetry which
        // span it is in.
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(NAME))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(LevelFilter::INFO);
        Ok(Some((Self(provider), layer)))
    }

    /// Joins a call to the trace of its caller, as `traceparent` names it.
    pub(super) fn adopt(&self) -> Adopt {
        Arc::new(|span: &Span, headers: &http::HeaderMap| {
            let parent = TraceContextPropagator::new().extract(&Headers(headers));
            // A span that is not recorded has no parent to be given.
            let _ = span.set_parent(parent);
        })
    }

    /// Sends what is left.
    pub(super) async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(PATIENCE)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// The headers of a call as the propagator reads them.
struct Headers<'h>(&'h http::HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
