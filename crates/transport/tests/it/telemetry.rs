//! What is counted, under which labels.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge as Level, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use polyptych_transport::{ByStatus, Call, Gauge, Reading, Response, Retry, Scope, Transport, Verdict};

use crate::peer::{Peer, answer_all, last_reply, post};
use crate::time::Jumping;

/// Metric with its labels, and what was added or recorded.
type Figures = BTreeMap<String, Vec<f64>>;

#[derive(Default)]
struct Counted(Arc<Mutex<Figures>>);

struct Figure {
    key: String,
    all: Arc<Mutex<Figures>>,
}

impl Figure {
    fn note(&self, value: f64) {
        self.all.lock().unwrap().entry(self.key.clone()).or_default().push(value);
    }
}

impl CounterFn for Figure {
    fn increment(&self, value: u64) {
        self.note(value as f64);
    }

    fn absolute(&self, _: u64) {
        panic!("nothing is set");
    }
}

impl HistogramFn for Figure {
    fn record(&self, value: f64) {
        self.note(value);
    }
}

impl Counted {
    fn figure(&self, key: &Key) -> Arc<Figure> {
        let mut labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        Arc::new(Figure { key: format!("{} {}", key.name(), labels.join(" ")), all: self.0.clone() })
    }
}

impl Recorder for Counted {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.figure(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Level {
        panic!("there are no levels");
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.figure(key))
    }
}

/// By status, and 20 units for each answer.
struct Priced;

impl Reading for Priced {
    fn read(&self, call: &Call<'_>, answer: &Response) -> Verdict {
        let units = Gauge { spent: Some(20.0), ..Gauge::new("units", Scope::Account) };
        let odd = Gauge { spent: Some(1.0), ..Gauge::new(String::from("named by the peer"), Scope::Account) };
        Verdict { usage: vec![units, odd], ..ByStatus.read(call, answer) }
    }
}

#[tokio::test]
async fn a_call_with_a_retry_is_counted_under_few_labels() {
    let (peer, clock, counted) = (Peer::new().await, Arc::new(Jumping::new()), Counted::default());
    let _here = metrics::set_default_local_recorder(&counted);
    let retry = Retry { tries: 2, ..Retry::default() };
    let config = peer.patient(&clock).with_retry(retry).with_names("yandex", "my-library");
    let transport = Transport::new(config.with_reading(Arc::new(Priced))).unwrap();
    let request = post("12345");
    let call = Call::new(&request).with_account("login").with_deadline(Duration::from_secs(60));
    let (busy, done) = (last_reply("429 Slow", "", "abc"), last_reply("200 OK", "", "defg"));
    let (answer, _) = tokio::join!(transport.execute(call.clone()), answer_all(&peer, [&busy, &done]));
    answer.unwrap();
    let (answer, _) = tokio::join!(transport.execute(call), answer_all(&peer, [&busy, &busy]));
    assert_eq!(answer.unwrap().status.as_u16(), 429);

    let figures = counted.0.lock().unwrap();
    let own = "operation=Images.add";
    let expected: &[(&str, &str, &str, &[f64])] = &[
        ("call_seconds", "outcome=ok", "", &[0.125]),
        ("call_seconds", "outcome=throttle", "", &[0.125]),
        ("calls_total", "outcome=ok", "", &[1.0]),
        ("calls_total", "outcome=throttle", "", &[1.0]),
        ("received_bytes_total", "", "", &[3.0, 4.0, 3.0, 3.0]),
        ("retries_refused_total", "", "reason=tries", &[1.0]),
        ("retries_total", "", "reason=throttle", &[1.0, 1.0]),
        ("sent_bytes_total", "", "", &[5.0; 4]),
        ("tries_total", "outcome=ok", "", &[1.0]),
        ("tries_total", "outcome=throttle", "", &[1.0; 3]),
        ("try_seconds", "outcome=ok", "", &[0.0]),
        ("try_seconds", "outcome=throttle", "", &[0.0; 3]),
        ("units_spent_total", "", "quota=units", &[20.0; 4]),
        ("wait_seconds", "", "reason=backoff", &[0.125, 0.125]),
    ];
    let expected: Figures = expected
        .iter()
        .map(|(name, outcome, other, values)| {
            let labels: Vec<_> =
                [own, outcome, "provider=yandex", other].into_iter().filter(|label| !label.is_empty()).collect();
            (format!("polyptych_{name} {}", labels.join(" ")), values.to_vec())
        })
        .collect();
    assert_eq!(*figures, expected);
}
