//! Spans and events of calls, at the most talkative level. In a program of its own: which spans are recorded is decided
//! once per process.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking, as the test does")]

#[allow(dead_code, reason = "shared with the other tests")]
#[path = "it/peer.rs"]
mod peer;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "it/time.rs"]
mod time;

use std::io;
use std::sync::{Arc, Mutex};

use polyptych_wire::{BodyWriter, Escape};
use tracing_subscriber::fmt::MakeWriter;

use peer::{Peer, TOKEN, post, reply};

const QUERY: &str = "canary-query-77";
const IMAGE: &str = "canary-image-bytes";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn traces_of_calls_hold_operation_host_and_status_but_no_secret() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let peer = Peer::new().await;
    let transport = peer.transport();
    let mut body = BodyWriter::new();
    body.push_str(IMAGE);
    body.push_credential(Escape::Json);
    let mut request = post(body.finish());
    request.path = format!("/images?access_token={QUERY}");
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", IMAGE)));
    answer.unwrap();
    assert!(received.text().contains(TOKEN) && received.head.contains(QUERY));

    drop(peer);
    transport.execute(&request).await.unwrap_err();

    let text = lines.text();
    for canary in [TOKEN, QUERY, IMAGE] {
        assert!(!text.contains(canary), "`{canary}` leaked into:\n{text}");
    }
    for expected in [
        "operation=\"Images.add\"",
        "host=\"127.0.0.1:",
        "attempt=1",
        "status=200",
        "sent_bytes=35",
        "received_bytes=18",
        "delivery=NotSent",
    ] {
        assert!(text.contains(expected), "`{expected}` is missing in:\n{text}");
    }
}
