//! Pictures from addresses: how far they are followed and read, and what is sent for them. Which addresses are refused is the
//! table of `tests/ssrf.rs`.

use std::time::Duration;

use futures_util::TryStreamExt;
use polyptych_transport::{Fetch, FetchConfig, FetchError, FetchErrorKind};

use crate::peer::{Peer, Received, last_reply, read_head, reply};

fn config(peers: &[&Peer]) -> FetchConfig {
    FetchConfig {
        private_hosts: peers.iter().map(|peer| peer.address().parse().unwrap()).collect(),
        ..FetchConfig::default()
    }
}

fn url(peer: &Peer, path: &str) -> String {
    format!("http://{}{path}", peer.address())
}

async fn fetch(config: FetchConfig, url: &str, most: u64) -> Result<Vec<u8>, FetchError> {
    let picture = Fetch::new(config).unwrap().fetch(url, most).await?;
    let bytes = picture.pieces.try_fold(Vec::new(), |mut all, piece| async move {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    bytes.await
}

/// What one answer comes to.
async fn fetched(answer: &str, most: u64) -> (Received, Result<Vec<u8>, FetchError>) {
    let peer = Peer::new().await;
    let url = url(&peer, "/a.png?token=canary#top");
    tokio::join!(peer.answer(answer), fetch(config(&[&peer]), &url, most))
}

#[tokio::test]
async fn a_picture_is_asked_for_in_nobodys_name() {
    let (received, outcome) = fetched(&reply("200 OK", "12345"), 5).await;
    assert_eq!(outcome.unwrap(), b"12345");
    assert_eq!(received.first_line(), "GET /a.png?token=canary HTTP/1.1");
    assert_eq!(received.header("accept-encoding"), ["identity"]);
    for name in ["authorization", "cookie", "referer", "proxy-authorization", "origin"] {
        assert!(received.header(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn nothing_is_read_past_the_limit_whatever_was_announced() {
    let chunked = |chunks: usize| {
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", "5\r\n12345\r\n".repeat(chunks))
    };
    for (answer, whole) in [(reply("200 OK", "123456"), false), (chunked(2), false), (chunked(1), true)] {
        let (_, outcome) = fetched(&answer, 5).await;
        match outcome {
            Ok(bytes) => assert!(whole && bytes == b"12345"),
            Err(error) => assert!(!whole && error.kind() == FetchErrorKind::TooLarge, "{error}"),
        }
    }
}

#[tokio::test]
async fn what_is_no_whole_picture_is_unavailable() {
    let packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n12345";
    let cut = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n12";
    let part = "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n12";
    let lost = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n";
    let missing = reply("404 Not Found", "no");
    for answer in [packed, cut, part, lost, missing.as_str(), "SSH-2.0-x\r\n"] {
        let (_, outcome) = fetched(answer, 5).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::Unavailable, "{answer}: {error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_refused() {
    for (redirects, followed) in [(3, true), (4, false)] {
        let peer = Peer::new().await;
        let answers = async {
            for number in 0..redirects {
                peer.answer(last_reply("302 Found", &format!("Location: /{number}.png\r\n"), "")).await;
            }
            if followed {
                peer.answer(last_reply("200 OK", "", "12345")).await;
            }
        };
        let url = url(&peer, "/");
        let (_, outcome) = tokio::join!(answers, fetch(config(&[&peer]), &url, 5));
        match outcome {
            Ok(bytes) => assert!(followed && bytes == b"12345"),
            Err(error) => assert!(!followed && error.kind() == FetchErrorKind::Refused, "{error}"),
        }
    }
}

#[tokio::test]
async fn a_redirect_is_checked_like_an_address_that_was_given() {
    let (peer, other) = (Peer::new().await, Peer::new().await);
    let location = format!("Location: http://{}/b.png?token=canary\r\n", other.address());
    let answer = last_reply("307 Temporary Redirect", &location, "");
    let address = url(&peer, "/");
    let (_, outcome) = tokio::join!(peer.answer(&answer), fetch(config(&[&peer]), &address, 5));
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Refused);
    let text = error.to_string();
    assert!(text.starts_with("redirected to http://127.0.0.1: ") && !text.contains("canary"), "{text}");
    // Where the other host is meant, too, it is followed.
    let both = config(&[&peer, &other]);
    let (_, _, outcome) =
        tokio::join!(peer.answer(&answer), other.answer(reply("200 OK", "12345")), fetch(both, &address, 5));
    assert_eq!(outcome.unwrap(), b"12345");
}

#[tokio::test]
async fn a_host_that_falls_silent_is_given_up() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12";
    for (answer, idle, total) in [("", 50, 60_000), (half, 50, 60_000), ("", 60_000, 100), (half, 60_000, 100)] {
        let peer = Peer::new().await;
        let limits = FetchConfig {
            idle: Duration::from_millis(idle),
            total: Duration::from_millis(total),
            connect: Duration::from_secs(2).min(Duration::from_millis(total)),
            ..config(&[&peer])
        };
        let url = url(&peer, "/");
        let silent = async {
            let mut stream = peer.accept().await;
            read_head(&mut stream).await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
            std::future::pending::<()>().await
        };
        let outcome = tokio::select! {
            () = silent => unreachable!("it never ends"),
            outcome = fetch(limits, &url, 5) => outcome,
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.to_string(), "the host takes too long", "{answer:?}, {idle}, {total}: {error:?}");
    }
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let zero = FetchConfig { idle: Duration::ZERO, ..FetchConfig::default() };
    assert!(Fetch::new(zero).is_err());
    let certificates = FetchConfig { root_certificates: Some(b"none".to_vec()), ..FetchConfig::default() };
    assert!(Fetch::new(certificates).is_err());
}
