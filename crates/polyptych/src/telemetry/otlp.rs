//! Traces, sent to a collector by OTLP over gRPC, in batches by a thread of their own: a collector that is away or slow costs
//! spans, never calls.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TracerProvider};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
    SpanExporter,
};
use polyptych::config::TracesSection;
use polyptych::facade::{Adopt, Join, UNTRACED};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::{Filter, Layer};
use tracing_subscriber::registry::LookupSpan;

/// How the server calls itself in traces.
const NAME: &str = "polyptych";

/// How long one batch may take to be sent, and what is left at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The header that says which trace a caller is in, and whether that is kept.
static PARENT: http::HeaderName = http::HeaderName::from_static("traceparent");

/// Traces on their way to a collector.
pub(super) struct Traces {
    provider: SdkTracerProvider,
    draw: Draw,
}

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
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build();
        let exporter = exporter.with_context(|| format!("traces cannot be sent to {endpoint}"))?;
        Ok(Some(Self::sent_by(exporter, section.ratio.unwrap_or(1.0))))
    }

    /// Traces that go to `exporter`; of those that nobody has decided about a share of `ratio`.
    fn sent_by<S>(exporter: impl SpanExporter + 'static, ratio: f64) -> (Self, impl Layer<S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let draw = Draw(Sampler::TraceIdRatioBased(ratio));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(draw.clone())))
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
            .with_filter(Traced)
            .and_then(Kept.with_filter(FilterFn::new(untraced).with_max_level_hint(LevelFilter::INFO)));
        (Self { provider, draw }, layer)
    }

    /// Decides whether a call is traced: as its caller has, whose `traceparent` names the trace, else by lot.
    pub(super) fn adopt(&self) -> Adopt {
        let draw = self.draw.clone();
        Arc::new(move |headers: &http::HeaderMap| {
            if !headers.contains_key(&PARENT) {
                return draw.call().then(|| Box::new(|_: &Span| ()) as Join);
            }
            let parent = TraceContextPropagator::new().extract(&Headers(headers));
            let span = parent.span().span_context().clone();
            let traced = if span.is_valid() { span.is_sampled() } else { draw.call() };
            traced.then(|| {
                Box::new(move |span: &Span| {
                    // A span that is not recorded has no parent to be given.
                    let _ = span.set_parent(parent);
                }) as Join
            })
        })
    }

    /// Sends what is left.
    pub(super) async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(PATIENCE)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Which of the traces that nobody has decided about are sent. The lot of a call is drawn before there is a span of it, so that
/// its span is sent where there is one; of others, such as those of operations, it is drawn when they begin.
#[derive(Debug, Clone)]
struct Draw(Sampler);

impl Draw {
    /// The lot of a call.
    fn call(&self) -> bool {
        let trace = RandomIdGenerator::default().new_trace_id();
        let drawn = self.0.should_sample(None, trace, "", &SpanKind::Server, &[], &[]);
        drawn.decision == SamplingDecision::RecordAndSample
    }
}

impl ShouldSample for Draw {
    fn should_sample(
        &self,
        parent: Option<&opentelemetry::Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let drawn = self.0.should_sample(parent, trace, name, kind, attributes, links);
        match kind {
            SpanKind::Server => SamplingResult { decision: SamplingDecision::RecordAndSample, ..drawn },
            _ => drawn,
        }
    }
}

/// Keeps the spans of calls that are not traced, also where the log does not want them, so that what is within them is known to be in
/// such a call.
struct Kept;

impl<S: Subscriber> Layer<S> for Kept {}

/// Passes what is in no call, or in one that is traced.
struct Traced;

impl<S> Filter<S> for Traced
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, context: &tracing_subscriber::layer::Context<'_, S>) -> bool {
        let within = context.current_span().id().is_some();
        let within_traced = || context.lookup_current().is_some();
        passed(metadata) && if metadata.is_span() { !within || within_traced() } else { within_traced() }
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if passed(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
}

fn passed(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO && !untraced(metadata)
}

fn untraced(metadata: &Metadata<'_>) -> bool {
    metadata.target() == UNTRACED
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::SpanData;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Sent(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Sent {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    /// A call with these headers, as the façade tells of it, in which a provider is called.
    fn call(adopt: &Adopt, parent: Option<&str>) {
        let mut headers = http::HeaderMap::new();
        headers.extend(parent.map(|value| (PARENT.clone(), value.parse().unwrap())));
        let rpc = match adopt(&headers) {
            Some(join) => {
                let span = tracing::info_span!("rpc", otel.kind = "server");
                join(&span);
                span
            }
            None => tracing::info_span!(target: UNTRACED, "rpc", otel.kind = "server"),
        };
        rpc.in_scope(|| {
            let call = tracing::info_span!("call");
            call.in_scope(|| tracing::info!("told"));
        });
    }

    /// The spans that are sent where this share of traces is: name, trace, parent, and how many events they have.
    fn sent(ratio: f64, what: impl FnOnce(&Adopt)) -> Vec<(String, String, String, usize)> {
        let sent = Sent::default();
        let (traces, layer) = Traces::sent_by(sent.clone(), ratio);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || what(&traces.adopt()));
        traces.provider.force_flush().unwrap();
        let spans = sent.0.lock().unwrap();
        let told = spans.iter().map(|span| {
            let trace = span.span_context.trace_id().to_string();
            (span.name.to_string(), trace, span.parent_span_id.to_string(), span.events.len())
        });
        told.collect()
    }

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const CALLER: &str = "00f067aa0ba902b7";

    #[test]
    fn what_the_caller_has_decided_holds_whatever_the_share_is() {
        for ratio in [0.0, 1.0] {
            let yes = sent(ratio, |adopt| call(adopt, Some(&format!("00-{TRACE}-{CALLER}-01"))));
            let [(inner, trace, _, events), (outer, same, parent, _)] = &*yes else { panic!("{yes:?}") };
            assert_eq!((&**inner, &**outer, &**parent, *events), ("call", "rpc", CALLER, 1));
            assert_eq!((&**trace, &**same), (TRACE, TRACE));
            assert!(sent(ratio, |adopt| call(adopt, Some(&format!("00-{TRACE}-{CALLER}-00")))).is_empty());
        }
    }

    #[test]
    fn of_other_calls_the_share_is_sent_whole_and_of_the_rest_nothing() {
        for parent in [None, Some("nonsense")] {
            assert_eq!(sent(1.0, |adopt| call(adopt, parent)).len(), 2, "{parent:?}");
            assert!(sent(0.0, |adopt| call(adopt, parent)).is_empty(), "{parent:?}");
        }
        let some = sent(0.25, |adopt| (0..2000).for_each(|_| call(adopt, None)));
        let count = |name| some.iter().filter(|(own, ..)| own == name).count();
        // Five standard deviations around five hundred.
        assert!((400..600).contains(&count("rpc")), "{}", count("rpc"));
        assert_eq!(count("rpc"), count("call"));
    }

    #[test]
    fn what_is_in_no_call_is_drawn_by_itself() {
        let operations = |adopt: &Adopt| {
            call(adopt, Some(&format!("00-{TRACE}-{CALLER}-00")));
            tracing::info_span!("operation").in_scope(|| tracing::info_span!("call").in_scope(|| ()));
        };
        let names: Vec<_> = sent(1.0, operations).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["call", "operation"]);
        assert!(sent(0.0, operations).is_empty());
    }
}
