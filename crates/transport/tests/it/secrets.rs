//! A canary token, a query string and image bytes must turn up on the wire and nowhere else.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use http::HeaderValue;
use polyptych_transport::{Auth, Fixed, FromFile, Transport};
use polyptych_wire::{BodyWriter, Escape};
use tracing_subscriber::fmt::MakeWriter;

use crate::peer::{Peer, TOKEN, get, post, reply};

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

/// Every cause of an error, in both forms.
fn everything(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        write!(text, "{error}\n{error:?}\n{error:#?}\n").unwrap();
        cause = error.source();
    }
    text
}

fn assert_clean(text: &str) {
    for canary in [TOKEN, QUERY, IMAGE] {
        assert!(!text.contains(canary), "`{canary}` leaked into:\n{text}");
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
    assert_clean(&text);
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

#[tokio::test]
async fn errors_and_their_causes_hold_no_secret() {
    let mut texts = Vec::new();
    let path = format!("/images?access_token={QUERY}");

    let peer = Peer::new().await;
    let transport = peer.transport();
    let request = get(&path);
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncanary-image-bytes";
    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(cut));
    texts.push(everything(&answer.unwrap_err()));

    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer("canary-image-bytes\r\n\r\n"));
    texts.push(everything(&answer.unwrap_err()));

    drop(peer);
    texts.push(everything(&transport.execute(&request).await.unwrap_err()));
    texts.push(everything(&transport.execute(&get(&format!("{path}#"))).await.unwrap_err()));

    for text in texts {
        assert_clean(&text);
        assert!(text.contains("Images.get at 127.0.0.1:"), "{text}");
    }
}

#[tokio::test]
async fn a_secret_that_is_no_header_value_is_not_quoted_in_the_error() {
    let peer = Peer::new().await;
    let config = polyptych_transport::Config::new(
        format!("http://{}", peer.address()),
        Auth::Bearer,
        Arc::new(Fixed::new(format!("{TOKEN}\u{7}x"))),
    );
    let error = Transport::new(config).unwrap().execute(&get("/")).await.unwrap_err();
    assert_clean(&everything(&error));
}

#[tokio::test]
async fn a_token_that_the_answer_repeats_can_be_taken_out_of_its_texts() {
    let peer = Peer::new().await;
    let (request, transport) = (get("/"), peer.transport());
    let body = format!("Malformed access token {TOKEN}");
    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(reply("400 Bad Request", &body)));
    let answer = answer.unwrap();
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert_eq!(answer.redacted(text), "Malformed access token [redacted]");
}

#[tokio::test]
async fn debug_of_settings_sources_and_answers_holds_no_secret() {
    let peer = Peer::new().await;
    let name = http::HeaderName::from_static("x-other-secret");
    let config = peer.config().with_header(name, HeaderValue::from_static(QUERY));
    assert_clean(&format!("{config:?} {:#?}", Fixed::new(TOKEN)));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), TOKEN).unwrap();
    let source = FromFile::new(folder.path().join("token"));
    polyptych_transport::CredentialSource::credential(&source).await.unwrap();
    assert_clean(&format!("{source:?}"));

    let transport = Transport::new(config).unwrap();
    let request = get("/");
    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", IMAGE)));
    assert_clean(&format!("{transport:?} {:?}", answer.unwrap()));
}
