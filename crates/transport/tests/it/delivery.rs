//! What an error says about how far the request got.

use std::io;

use bytes::Bytes;
use polyptych_transport::{Delivery, ErrorKind};
use polyptych_wire::{Blob, BodyWriter, ChunkStream, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{Peer, get, post, read_head, read_request};

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    drop(peer);
    for request in [get("/"), post("{}")] {
        let error = transport.execute(&request).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent));
        assert_eq!(error.status(), None);
    }
}

#[tokio::test]
async fn a_connection_closed_after_the_request_was_read_leaves_it_unknown() {
    let peer = Peer::new().await;
    let (request, transport) = (post("{}"), peer.transport());
    let (answer, ()) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::Unknown));
    assert!(error.to_string().ends_with("(the request may have been applied)"), "{error}");
}

#[tokio::test]
async fn a_reset_after_the_request_was_read_leaves_it_unknown() {
    let peer = Peer::new().await;
    let (request, transport) = (post("{}"), peer.transport());
    let (answer, ()) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        stream.set_zero_linger().unwrap();
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::Unknown));
}

#[tokio::test]
async fn a_connection_closed_in_the_middle_of_the_body_was_not_sent_as_a_whole() {
    let peer = Peer::new().await;
    let (request, transport) = (post(vec![7_u8; 64 * 1024 * 1024]), peer.transport());
    let (answer, ()) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        stream.read_u8().await.unwrap();
        stream.set_zero_linger().unwrap();
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::NotSent));
}

#[tokio::test]
async fn a_cut_answer_was_answered_and_keeps_its_status() {
    let peer = Peer::new().await;
    let (request, transport) = (post("{}"), peer.transport());
    let cut = "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"half\":";
    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(cut));
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::Answered));
    assert_eq!(error.status().unwrap().as_u16(), 201);
}

#[tokio::test]
async fn an_answer_that_is_not_http_leaves_the_request_unknown() {
    let peer = Peer::new().await;
    let (request, transport) = (post("{}"), peer.transport());
    let (answer, _) = tokio::join!(transport.execute(&request), peer.answer("220 ready\r\n"));
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::Unknown));
}

/// Announces `announced` bytes and yields `chunks`.
struct Liar {
    announced: u64,
    chunks: Vec<Result<&'static [u8], io::ErrorKind>>,
}

impl Source for Liar {
    fn len(&self) -> u64 {
        self.announced
    }

    fn chunks(&self) -> ChunkStream {
        let chunks: Vec<io::Result<Bytes>> =
            self.chunks.iter().map(|chunk| chunk.map(Bytes::from_static).map_err(io::Error::from)).collect();
        Box::pin(futures_util::stream::iter(chunks))
    }
}

#[tokio::test]
async fn a_source_that_breaks_its_promise_never_makes_a_whole_request() {
    let cases = [
        (Liar { announced: 6, chunks: vec![Ok(b"abc")] }, io::ErrorKind::InvalidData),
        (Liar { announced: 3, chunks: vec![Ok(b"abc"), Ok(b"d")] }, io::ErrorKind::InvalidData),
        (Liar { announced: 6, chunks: vec![Ok(b"abc"), Err(io::ErrorKind::NotFound)] }, io::ErrorKind::NotFound),
    ];
    for (source, expected) in cases {
        let peer = Peer::new().await;
        let mut body = BodyWriter::new();
        body.push_base64(&Blob::new(source));
        body.push_str("tail");
        let (request, transport) = (post(body.finish()), peer.transport());
        let (answer, arrived) = tokio::join!(transport.execute(&request), async {
            let mut stream = peer.accept().await;
            let mut arrived = Vec::new();
            // A reset is as good an end as a close here.
            let _ = stream.read_to_end(&mut arrived).await;
            String::from_utf8(arrived).unwrap()
        });
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::RequestBody, Delivery::NotSent));
        let cause = std::error::Error::source(&error).unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(cause.kind(), expected);
        assert!(!arrived.contains("tail"), "{arrived}");
    }
}

#[tokio::test]
async fn an_early_answer_to_an_unfinished_upload_is_an_answer() {
    let peer = Peer::new().await;
    let (request, transport) = (post(vec![7_u8; 64 * 1024 * 1024]), peer.transport());
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        stream
    });
    assert_eq!(answer.unwrap().status.as_u16(), 413);
}

#[tokio::test]
async fn an_early_answer_is_read_though_the_peer_closes_on_the_unread_body() {
    let peer = Peer::new().await;
    let (request, transport) = (post(vec![7_u8; 4 * 1024 * 1024]), peer.transport());
    let (answer, ()) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        let early = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(early).await.unwrap();
    });
    assert_eq!(answer.unwrap().status.as_u16(), 413);
}

/// The claim behind `NotSent`: whatever the peer had got, it was less than what was announced.
#[tokio::test]
async fn a_half_closed_connection_was_not_sent_and_the_peer_never_gets_the_whole_body() {
    const LENGTH: usize = 16 * 1024 * 1024;
    let peer = Peer::new().await;
    let (request, transport) = (post(vec![7_u8; LENGTH]), peer.transport());
    let (answer, arrived) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        stream.shutdown().await.unwrap();
        let mut arrived = Vec::new();
        // A reset is as good an end as a close here.
        let _ = stream.read_to_end(&mut arrived).await;
        arrived.len()
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::NotSent));
    assert!(arrived < LENGTH, "{arrived} bytes arrived");
}

#[tokio::test]
async fn heads_that_cannot_be_read_leave_the_request_unknown() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n{}".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(10_000)),
        format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "a".repeat(1_000_000)),
        "HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
    ] {
        let peer = Peer::new().await;
        let (request, transport) = (post("{}"), peer.transport());
        let (answer, ()) = tokio::join!(transport.execute(&request), async {
            let mut stream = peer.accept().await;
            read_request(&mut stream).await;
            // The other side may have had enough before the end.
            let _ = stream.write_all(head.as_bytes()).await;
        });
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::Unknown));
    }
}

#[tokio::test]
async fn interim_answers_are_passed_over_and_every_framing_is_read() {
    for reply in [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\n\r\n{}",
    ] {
        let peer = Peer::new().await;
        let (request, transport) = (post("{}"), peer.transport());
        let (answer, _) = tokio::join!(transport.execute(&request), peer.answer(reply));
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, b"{}".as_slice()), "{reply}");
    }
}
