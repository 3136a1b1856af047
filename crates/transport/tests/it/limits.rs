//! Caps on time and size. The clock is paused once the peer has nothing more to do, so that no test waits.

use std::io;
use std::time::Duration;

use polyptych_transport::{Config, ConfigError, Delivery, ErrorKind, TimeoutKind, Timeouts, Transport};
use tokio::io::AsyncWriteExt;

use crate::peer::{Peer, get, post, read_head, read_request, reply};

const LIMITS: Timeouts =
    Timeouts { connect: Duration::from_secs(10), idle: Duration::from_secs(60), total: Duration::from_secs(3600) };

#[tokio::test]
async fn a_peer_that_never_answers_is_a_timeout_of_unknown_delivery() {
    let peer = Peer::new().await;
    let transport = Transport::new(peer.config().with_timeouts(LIMITS)).unwrap();
    let request = post("{}");
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        tokio::time::pause();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Idle, limit: LIMITS.idle });
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_a_timeout_before_the_request_was_sent() {
    let peer = Peer::new().await;
    let transport = Transport::new(peer.config().with_timeouts(LIMITS)).unwrap();
    let request = post(vec![7_u8; 64 * 1024 * 1024]);
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        tokio::time::pause();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Idle, limit: LIMITS.idle });
    assert_eq!(error.delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_peer_that_stops_in_the_middle_of_its_answer_is_a_timeout_after_the_answer() {
    let peer = Peer::new().await;
    let transport = Transport::new(peer.config().with_timeouts(LIMITS)).unwrap();
    let request = get("/");
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
        tokio::time::pause();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Idle, limit: LIMITS.idle });
    assert_eq!((error.delivery(), error.status().map(|status| status.as_u16())), (Delivery::Answered, Some(200)));
}

#[tokio::test]
async fn a_try_as_a_whole_is_limited_even_while_bytes_move() {
    let peer = Peer::new().await;
    let limits = Timeouts { idle: Duration::from_secs(7200), ..LIMITS };
    let transport = Transport::new(peer.config().with_timeouts(limits)).unwrap();
    let request = post("{}");
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        tokio::time::pause();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Total, limit: LIMITS.total });
    assert_eq!(error.delivery(), Delivery::Unknown);
}

/// One byte at a time keeps the silence short and gets nowhere.
#[tokio::test]
async fn a_peer_that_drips_its_answer_meets_the_limit_of_the_whole_try() {
    let peer = Peer::new().await;
    let transport = Transport::new(peer.config().with_timeouts(LIMITS)).unwrap();
    let request = get("/");
    let drip = async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await.unwrap();
        tokio::time::pause();
        let mut drops = 0_u32;
        while stream.write_all(b"x").await.is_ok() {
            drops += 1;
            tokio::time::sleep(LIMITS.idle / 2).await;
        }
        drops
    };
    let (answer, drops) = tokio::join!(transport.execute(&request), drip);
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Total, limit: LIMITS.total });
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(drops >= 60, "{drops} drops: the connection was closed early");
}

/// Writes `body` as an answer in gzip, whatever it is.
async fn answer_in_gzip(peer: &Peer, body: &[u8]) -> crate::peer::Received {
    let mut stream = peer.accept().await;
    let received = read_request(&mut stream).await;
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nRequestId: 7\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    // The other side may have had enough before the end.
    let _ = stream.write_all(body).await;
    received
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_answer_is_asked_for_and_read() {
    let peer = Peer::new().await;
    let (request, transport, packed) = (get("/"), peer.transport(), gzip(b"{\"a\":1}"));
    let (answer, received) = tokio::join!(transport.execute(&request), answer_in_gzip(&peer, &packed));
    let answer = answer.unwrap();
    assert_eq!(received.header("accept-encoding"), ["gzip"]);
    assert_eq!((&*answer.body, answer.header("requestid")), (b"{\"a\":1}".as_slice(), Some("7")));
    assert_eq!((answer.header("content-encoding"), answer.header("content-length")), (None, None));
}

#[tokio::test]
async fn an_answer_that_inflates_over_the_cap_is_refused_and_a_broken_one_is_too() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 64 * 1024 * 2, "{} bytes", bomb.len());
    let cap = ErrorKind::ResponseTooLarge { limit: Config::MAX_RESPONSE_BYTES };
    for (body, kind) in [(bomb, cap), (b"<html>".to_vec(), ErrorKind::Undecodable)] {
        let peer = Peer::new().await;
        let (request, transport) = (get("/"), peer.transport());
        let (answer, _) = tokio::join!(transport.execute(&request), answer_in_gzip(&peer, &body));
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (kind, Delivery::Answered));
        assert_eq!(error.headers().unwrap()["requestid"], "7");
    }
}

#[tokio::test]
async fn an_answer_over_the_cap_is_refused_announced_or_not() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n78901\r\n0\r\n\r\n";
    for answer in [reply("200 OK", "12345678901"), chunked.to_owned()] {
        let peer = Peer::new().await;
        let transport = Transport::new(peer.config().with_max_response_bytes(10)).unwrap();
        let request = get("/");
        let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(&answer));
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResponseTooLarge { limit: 10 });
        assert_eq!((error.delivery(), error.status().map(|status| status.as_u16())), (Delivery::Answered, Some(200)));
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_left_at_the_cap() {
    let peer = Peer::new().await;
    let (request, transport) = (get("/"), peer.transport());
    let (answer, written) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let (chunk, mut written) = (vec![b'x'; 64 * 1024], 0_u64);
        while stream.write_all(&chunk).await.is_ok() {
            written += chunk.len() as u64;
        }
        written
    });
    let limit = Config::MAX_RESPONSE_BYTES;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::ResponseTooLarge { limit });
    // What the sockets of this machine hold between them comes on top.
    assert!((limit..limit + 32 * 1024 * 1024).contains(&written), "{written} bytes were taken");
}

#[tokio::test]
async fn an_answer_of_exactly_the_cap_is_read() {
    let peer = Peer::new().await;
    let transport = Transport::new(peer.config().with_max_response_bytes(10)).unwrap();
    let request = get("/");
    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "1234567890")));
    assert_eq!(answer.unwrap().body, "1234567890");
}

#[tokio::test]
async fn a_limit_of_zero_is_refused() {
    let peer = Peer::new().await;
    for name in ["connect", "idle", "total"] {
        let mut limits = LIMITS;
        match name {
            "connect" => limits.connect = Duration::ZERO,
            "idle" => limits.idle = Duration::ZERO,
            _ => limits.total = Duration::ZERO,
        }
        let refused = Transport::new(peer.config().with_timeouts(limits));
        assert!(matches!(refused, Err(ConfigError::Timeout(found)) if found == name));
    }
}
