//! The log in JSON: an object a line, with the fields of the event beside `timestamp`, `level` and `target`, and those of the
//! span that it is in as `span`. What a span tells is written once, when it is told, and copied into each line: a call should
//! not cost more to log than to answer.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Record};
use tracing::{Event, Id, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// What is kept free for the fields of a span, and what a thread keeps for its next line.
const SPAN_BYTES: usize = 192;
const MOST_KEPT: usize = 16 << 10;

/// Writes events as lines.
#[derive(Debug)]
pub(super) struct Lines<W> {
    log: W,
}

/// The fields of a span, as entries of an object.
struct Told(Vec<u8>);

impl<W> Lines<W> {
    /// Writes them to `log`, each at once.
    pub(super) fn new(log: W) -> Self {
        Self { log }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut told = Vec::with_capacity(SPAN_BYTES);
        span.record(&mut Entries(&mut told));
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(Told(told));
        }
    }

    fn on_record(&self, id: &Id, fields: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Told(told)) = span.extensions_mut().get_mut() {
            fields.record(&mut Entries(told));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        thread_local! {
            static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
        }
        let mut line = KEPT.take();
        line.extend_from_slice(b"{\"timestamp\":\"");
        push_time(&mut line);
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(event.metadata().level().as_str().as_bytes());
        line.push(b'"');
        let mut entries = Entries(&mut line);
        event.record(&mut entries);
        entries.add("target", event.metadata().target());
        if let Some(span) = context.event_span(event) {
            line.extend_from_slice(b",\"span\":{\"name\":");
            Entries(&mut line).value(span.name());
            if let Some(Told(told)) = span.extensions().get() {
                line.extend_from_slice(told);
            }
            line.push(b'}');
        }
        line.extend_from_slice(b"}\n");
        // There is nobody who could be told.
        let _ = self.log.make_writer_for(event.metadata()).write_all(&line);
        if line.capacity() <= MOST_KEPT {
            line.clear();
            KEPT.set(line);
        }
    }
}

/// The time of day in UTC, to the microsecond. Its seconds are written once for all lines of one second.
fn push_time(line: &mut Vec<u8>) {
    thread_local! {
        static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, text)| {
        if text.is_empty() || *second != now.as_secs() {
            let time = i64::try_from(now.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok());
            let written = time.unwrap_or(Timestamp::MAX).to_string();
            (*second, *text) = (now.as_secs(), written.trim_end_matches('Z').to_owned());
        }
        line.extend_from_slice(text.as_bytes());
    });
    // Writing into memory does not fail.
    let _ = write!(line, ".{:06}Z", now.subsec_micros());
}

/// Entries of an object, each behind a comma.
struct Entries<'l>(&'l mut Vec<u8>);

impl Entries<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        self.0.push(b',');
        self.value(name);
        self.0.push(b':');
        self.value(value);
    }

    /// A value as it shows itself. One that fails to is left out.
    fn show(&mut self, name: &str, value: fmt::Arguments<'_>) {
        let before = self.0.len();
        self.add(name, "");
        self.0.pop();
        match fmt::write(&mut Text(self.0), value) {
            Ok(()) => self.0.push(b'"'),
            Err(fmt::Error) => self.0.truncate(before),
        }
    }

    /// Writing numbers and texts into memory does not fail.
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        let _ = serde_json::to_writer(&mut *self.0, value);
    }
}

/// A text that has begun, to which pieces are added.
struct Text<'l>(&'l mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let begun = self.0.len();
        Entries(self.0).value(piece);
        // Without the quotes that it has as a text of its own.
        self.0.pop();
        self.0.remove(begun);
        Ok(())
    }
}

impl Visit for Entries<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.show(field.name(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.show(field.name(), format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that are logged meanwhile, without their time, which has to be one.
    fn logged(what: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = Lines::new(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), what);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            let time = time.as_str().unwrap();
            assert!(time.len() == 27 && time.ends_with('Z') && time.contains('T'), "{time}");
            line
        });
        lines.collect()
    }

    #[test]
    fn an_event_is_an_object_with_its_fields_as_what_they_are() {
        let error: &(dyn Error + 'static) = &io::Error::other("no room");
        let lines = logged(|| {
            tracing::warn!(
                target: "part",
                error,
                count = -3,
                bytes = u64::MAX,
                share = 0.5,
                nothing = f64::NAN,
                whole = true,
                text = "\"quoted\"\n\u{1}\u{2028}ё",
                shown = ?Some("x"),
                "it {}",
                "happened"
            );
        });
        let expected = json!({
            "level": "WARN", "target": "part", "message": "it happened", "error": "no room", "count": -3, "bytes": u64::MAX,
            "share": 0.5, "nothing": null, "whole": true, "text": "\"quoted\"\n\u{1}\u{2028}ё", "shown": "Some(\"x\")",
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn the_span_that_an_event_is_in_is_told_with_all_that_it_has_told() {
        let lines = logged(|| {
            let outer = tracing::info_span!("outer", id = 7);
            let span = tracing::info_span!(parent: &outer, "call", client = field::Empty, code = field::Empty);
            let within = span.enter();
            tracing::info!(target: "part", "early");
            span.record("client", "a\"b").record("code", 5);
            tracing::info!(target: "part", "late");
            tracing::info!(target: "part", parent: &outer, "beside");
            tracing::info!(target: "part", parent: None, "alone");
            drop(within);
        });
        let line = |message, span| json!({"level": "INFO", "target": "part", "message": message, "span": span});
        let expected = [
            line("early", json!({"name": "call"})),
            line("late", json!({"name": "call", "client": "a\"b", "code": 5})),
            line("beside", json!({"name": "outer", "id": 7})),
            json!({"level": "INFO", "target": "part", "message": "alone"}),
        ];
        assert_eq!(lines, expected);
    }

    struct Odd;

    impl fmt::Display for Odd {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }

    #[test]
    fn a_value_that_fails_to_show_itself_is_left_out() {
        let lines = logged(|| tracing::info!(target: "part", before = 1, odd = %Odd, after = 2, "around"));
        let expected = json!({"level": "INFO", "target": "part", "message": "around", "before": 1, "after": 2});
        assert_eq!(lines, [expected]);
    }
}
