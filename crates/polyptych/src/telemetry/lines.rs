//! The log in JSON: an object a line, with the fields of the event beside `timestamp`, `level` and `target`, and those of the
//! span that it is in as `span`. What a span tells is written once, when it is told, and copied into each line: a call should
//! not cost more to log than to answer.

use std::error::Error;
use std::fmt;
use std::io;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes events and the fields of spans.
#[derive(Debug)]
pub(super) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        write!(line, "\",\"level\":\"{}\"", metadata.level())?;
        Entries::after_others(&mut line).record(event)?;
        Entries::after_others(&mut line).entry("target", metadata.target())?;
        let span = event.parent().and_then(|id| context.span(id));
        if let Some(span) = span.or_else(|| event.is_contextual().then(|| context.lookup_current()).flatten()) {
            line.write_str(",\"span\":{")?;
            Entries::first(&mut line).entry("name", span.name())?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                write!(line, ",{}", fields.fields)?;
            }
            line.write_char('}')?;
        }
        line.write_str("}\n")
    }
}

impl<'w> FormatFields<'w> for Lines {
    fn format_fields<R: RecordFields>(&self, mut line: Writer<'w>, fields: R) -> fmt::Result {
        Entries::first(&mut line).record(fields)
    }

    fn add_fields(&self, told: &'w mut FormattedFields<Self>, fields: &tracing::span::Record<'_>) -> fmt::Result {
        let first = told.is_empty();
        Entries { line: &mut told.as_writer(), first, outcome: Ok(()) }.record(fields)
    }
}

/// Entries of an object without its braces.
struct Entries<'l, 'w> {
    line: &'l mut Writer<'w>,
    first: bool,
    outcome: fmt::Result,
}

impl<'l, 'w> Entries<'l, 'w> {
    fn first(line: &'l mut Writer<'w>) -> Self {
        Self { line, first: true, outcome: Ok(()) }
    }

    fn after_others(line: &'l mut Writer<'w>) -> Self {
        Self { line, first: false, outcome: Ok(()) }
    }

    fn record(mut self, fields: impl RecordFields) -> fmt::Result {
        fields.record(&mut self);
        self.outcome
    }

    fn entry<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> fmt::Result {
        if !std::mem::take(&mut self.first) {
            self.line.write_char(',')?;
        }
        let mut line = Text(self.line);
        serde_json::to_writer(&mut line, name).map_err(|_| fmt::Error)?;
        line.0.write_char(':')?;
        serde_json::to_writer(line, value).map_err(|_| fmt::Error)
    }

    fn add<T: Serialize + ?Sized>(&mut self, field: &Field, value: &T) {
        self.outcome = self.outcome.and_then(|()| self.entry(field.name(), value));
    }
}

impl Visit for Entries<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format_args!("{value:?}"));
    }
}

/// A line as serde_json writes to it, which is in whole characters.
struct Text<'l, 'w>(&'l mut Writer<'w>);

impl io::Write for Text<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_str(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
        let lines = tracing_subscriber::fmt::layer().event_format(Lines).fmt_fields(Lines);
        let lines = lines.with_writer(move || writer.clone());
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
}
