//! Spans, events and log lines of calls, at the most talkative level. In a program of its own: which spans are recorded
//! and who takes log lines is decided once per process.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking, as the test does")]

#[allow(dead_code, reason = "shared with the other tests")]
#[path = "it/peer.rs"]
mod peer;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "it/time.rs"]
mod time;

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use polyptych_transport::{
    ByStatus, Call, Error, Gauge, Reading, Response, Scope, SecretString, Signing, Transport, Verdict,
};
use polyptych_wire::{Blob, BodyWriter, Effect, Escape, Request};
use tokio::io::AsyncWriteExt;
use tracing_subscriber::fmt::MakeWriter;

use peer::{Peer, TOKEN, last_reply, post, read_request};

const QUERY: &str = "canary-query-77";
const IMAGE: &str = "canary-image-bytes";
const PROOF: &str = "canary-proof-5d5d5d5d5d5d";
const ACCOUNT: &str = "canary-account";

/// All that the process wrote by way of `tracing` and `log`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

static LOGGED: LazyLock<Lines> = LazyLock::new(Lines::default);

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

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
        io::Write::write_all(&mut self.clone(), line.as_bytes()).unwrap();
    }

    fn flush(&self) {}
}

/// A provider that takes over whatever the peer says, the credential included.
struct Gullible;

impl Reading for Gullible {
    fn read(&self, call: &Call<'_>, answer: &Response) -> Verdict {
        let units = Gauge { spent: Some(20.0), ..Gauge::new("units", Scope::Account) };
        Verdict {
            code: Some(format!("code-of {TOKEN} {PROOF}")),
            request_id: Some(format!("id-of {TOKEN}")),
            usage: vec![units],
            ..ByStatus.read(call, answer)
        }
    }
}

struct Proof;

impl Signing for Proof {
    fn query(&self, _: &SecretString, _: SystemTime) -> SecretString {
        format!("appsecret_proof={PROOF}&appsecret_time=1").into()
    }
}

fn told(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn traces_of_calls_and_tries_hold_what_helps_but_no_secret() {
    let lines = LOGGED.clone();
    log::set_logger(&*LOGGED).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let (peer, clock) = (Peer::new().await, Arc::new(time::Jumping::new()));
    let config = peer.patient(&clock).with_names("facebook", "my-library").with_reading(Arc::new(Gullible));
    let transport = Transport::new(config.with_signing(Arc::new(Proof))).unwrap();
    let mut body = BodyWriter::new();
    body.push_str(IMAGE);
    body.push_base64(&Blob::from_bytes(IMAGE));
    body.push_credential(Escape::Json);
    let path = format!("/images?access_token={QUERY}");
    let request = Request { effect: Effect::Idempotent, path, ..post(body.finish()) };
    let call = Call::new(&request).with_account(ACCOUNT).with_limit(ACCOUNT, 1);

    // Every kind of trouble once: refused, throttled, broken off before and within the answer, and an answer at last.
    let replies = [
        last_reply("401 Denied", &format!("X-Echo: {TOKEN}\r\n"), TOKEN),
        last_reply("429 Slow", "Retry-After: 1\r\n", IMAGE),
        String::new(),
        format!("HTTP/1.1 200 OK\r\nX-Echo: {PROOF}\r\nContent-Length: 100\r\n\r\n{IMAGE}"),
        last_reply("200 OK", "", IMAGE),
    ];
    let mut said = String::new();
    let (mut replies, mut ended) = (replies.into_iter(), 0);
    let serve = async {
        loop {
            let mut stream = peer.accept().await;
            let received = read_request(&mut stream).await;
            assert!(received.text().contains(TOKEN) && received.head.contains(QUERY) && received.head.contains(PROOF));
            stream.write_all(replies.next().unwrap().as_bytes()).await.unwrap();
        }
    };
    let calls = async {
        for _ in 0..2 {
            match transport.execute(call.clone()).await {
                Ok(answer) => write!(said, "{answer:?} {:?}", answer.verdict()).unwrap(),
                Err(error) => said.push_str(&told(&error)),
            }
            ended += 1;
        }
    };
    tokio::select! {
        () = calls => {}
        () = serve => unreachable!(),
    }
    assert_eq!(ended, 2);

    drop(peer);
    let error = transport.execute(call.clone().with_deadline(Duration::from_secs(9))).await.unwrap_err();
    said.push_str(&told(&error));
    write!(said, "{transport:?} {request:?} {call:?}").unwrap();

    let text = lines.text();
    let base64 = base64_simd::STANDARD.encode_to_string(IMAGE);
    for canary in [TOKEN, QUERY, IMAGE, PROOF, base64.as_str()] {
        assert!(!text.contains(canary), "`{canary}` leaked into:\n{text}");
        assert!(!said.contains(canary), "`{canary}` leaked into:\n{said}");
    }
    assert!(!text.contains(ACCOUNT), "accounts are not for logs:\n{text}");
    for expected in [
        "provider=\"facebook\"",
        "library=\"my-library\"",
        "operation=\"Images.add\"",
        "host=\"127.0.0.1:",
        "attempt=1",
        "attempt=4",
        "tries=1",
        "tries=4",
        "status=200",
        "status=401",
        "outcome=\"throttle\"",
        "outcome=\"interrupted\"",
        "outcome=\"connect\"",
        "delivery=NotSent",
        "code=\"code-of [redacted] [redacted]\"",
        "request_id=\"id-of [redacted]\"",
        "sent_bytes=59",
        "received_bytes=18",
        "units=20.0",
    ] {
        assert!(text.contains(expected), "`{expected}` is missing in:\n{text}");
    }
}
