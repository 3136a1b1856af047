//! A canary token, a query string and image bytes must turn up on the wire and nowhere else.

use std::fmt::Write as _;
use std::sync::Arc;

use http::HeaderValue;
use polyptych_transport::{Auth, Fixed, FromFile, Transport};

use crate::peer::{Peer, TOKEN, get, reply};

const QUERY: &str = "canary-query-77";
const IMAGE: &str = "canary-image-bytes";

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
async fn a_token_that_the_answer_repeats_in_a_header_is_taken_out() {
    let peer = Peer::new().await;
    let (request, transport) = (get("/"), peer.transport());
    for length in [2, 9] {
        let head = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nRequestId: 7\r\nX-Echo: Bearer {TOKEN}\r\nContent-Length: {length}"
        );
        let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(format!("{head}\r\n\r\n{{}}")));
        let headers = match &answer {
            Ok(answer) => &answer.headers,
            Err(error) => error.headers().unwrap(),
        };
        assert_eq!(
            (&headers["x-echo"], &headers["requestid"]),
            (&"[redacted]".parse().unwrap(), &"7".parse().unwrap())
        );
        assert_eq!(answer.is_ok(), length == 2);
    }
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
