//! What the parts of the program count, kept for Prometheus to ask for. Which figures there are is told by those who count, and
//! by `docs/operations.md`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{
    Counter, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SetRecorderError, SharedString,
    Unit,
};

/// Upper bounds of the buckets of every histogram, in seconds: from a look into memory to the longest call.
const BOUNDS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// All figures of a process. A clone holds the same ones.
#[derive(Debug, Clone, Default)]
pub struct Figures(Arc<Held>);

#[derive(Debug, Default)]
struct Held {
    counters: RwLock<HashMap<Key, Arc<AtomicU64>>>,
    gauges: RwLock<HashMap<Key, Arc<AtomicU64>>>,
    histograms: RwLock<HashMap<Key, Arc<Spread>>>,
}

/// A histogram.
#[derive(Debug, Default)]
struct Spread {
    /// How many fell into each bucket, and beyond the last.
    counts: [AtomicU64; BOUNDS.len() + 1],
    /// The bits of a floating-point number.
    sum: AtomicU64,
}

impl HistogramFn for Spread {
    fn record(&self, value: f64) {
        let bucket = BOUNDS.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        GaugeFn::increment(&self.sum, value);
    }
}

impl Figures {
    /// Keeps what this process counts from now on.
    ///
    /// # Errors
    /// If somebody else does so already.
    pub fn install(&self) -> Result<(), SetRecorderError<Self>> {
        metrics::set_global_recorder(self.clone())
    }

    /// All of them in Prometheus' text format, version 0.0.4, ordered by name and labels.
    pub fn render(&self) -> String {
        let mut families: BTreeMap<String, (&'static str, Vec<String>)> = BTreeMap::new();
        let mut put = |key: &Key, kind, lines: Vec<String>| {
            families.entry(key.name().to_owned()).or_insert((kind, Vec::new())).1.extend(lines);
        };
        for (key, value) in &*read(&self.0.counters) {
            let labels = labels(key, None);
            put(key, "counter", vec![format!("{}{labels} {}", key.name(), value.load(Ordering::Relaxed))]);
        }
        for (key, value) in &*read(&self.0.gauges) {
            let value = f64::from_bits(value.load(Ordering::Relaxed));
            put(key, "gauge", vec![format!("{}{} {value}", key.name(), labels(key, None))]);
        }
        for (key, spread) in &*read(&self.0.histograms) {
            put(key, "histogram", spread.lines(key));
        }
        let mut text = String::new();
        for (name, (kind, mut lines)) in families {
            if kind != "histogram" {
                lines.sort();
            }
            // Writing into a string does not fail.
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for line in lines {
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

impl Spread {
    fn lines(&self, key: &Key) -> Vec<String> {
        let name = key.name();
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut all = 0;
        let mut lines: Vec<String> = bounds
            .zip(&self.counts)
            .map(|(bound, count)| {
                all += count.load(Ordering::Relaxed);
                format!("{name}_bucket{} {all}", labels(key, Some(&bound)))
            })
            .collect();
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed));
        lines.push(format!("{name}_sum{} {sum}", labels(key, None)));
        lines.push(format!("{name}_count{} {all}", labels(key, None)));
        lines
    }
}

fn labels(key: &Key, bound: Option<&str>) -> String {
    let mut labels: Vec<_> = key.labels().map(|label| (label.key(), label.value())).collect();
    labels.extend(bound.map(|bound| ("le", bound)));
    if labels.is_empty() {
        return String::new();
    }
    let written: Vec<_> = labels.into_iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", written.join(","))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// The figure of a key, made if there is none.
fn figure<T: Default>(held: &RwLock<HashMap<Key, Arc<T>>>, key: &Key) -> Arc<T> {
    if let Some(figure) = read(held).get(key) {
        return Arc::clone(figure);
    }
    let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(held.entry(key.clone()).or_default())
}

impl Recorder for Figures {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(figure(&self.0.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(figure(&self.0.gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(figure(&self.0.histograms, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let figures = Figures::default();
        metrics::with_local_recorder(&figures, || {
            metrics::counter!("b_total", "of" => "x\"y\\z\n").increment(2);
            metrics::counter!("b_total", "of" => "a").increment(1);
            metrics::gauge!("c").set(1.5);
            metrics::histogram!("a_seconds").record(0.003);
            metrics::histogram!("a_seconds").record(1000.0);
        });
        let text = figures.render();
        assert!(text.starts_with("# TYPE a_seconds histogram\na_seconds_bucket{le=\"0.001\"} 0\n"), "{text}");
        for line in [
            "a_seconds_bucket{le=\"0.005\"} 1",
            "a_seconds_bucket{le=\"600\"} 1",
            "a_seconds_bucket{le=\"+Inf\"} 2",
            "a_seconds_sum 1000.003",
            "a_seconds_count 2",
            "# TYPE b_total counter",
            "b_total{of=\"a\"} 1",
            "b_total{of=\"x\\\"y\\\\z\\n\"} 2",
            "c 1.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
