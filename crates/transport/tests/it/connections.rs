//! How long a connection lives: kept for the next call, replaced when the peer has closed it, closed when a call is
//! given up.

use std::time::Duration;

use polyptych_transport::{Delivery, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{Peer, get, post, put, read_request, reply};

#[tokio::test]
async fn calls_one_after_another_share_a_connection() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let (first, second) = (get("/1"), put("{}"));
    let client = async {
        transport.execute(&first).await.unwrap();
        transport.clone().execute(&second).await.unwrap();
    };
    let ((), lines) = tokio::join!(client, async {
        let mut stream = peer.accept().await;
        let mut lines = Vec::new();
        for _ in 0..2 {
            lines.push(read_request(&mut stream).await.first_line().to_owned());
            stream.write_all(reply("200 OK", "").as_bytes()).await.unwrap();
        }
        lines
    });
    assert_eq!(lines, ["GET /1 HTTP/1.1", "POST /images HTTP/1.1"]);
}

#[tokio::test]
async fn an_upload_has_a_connection_of_its_own() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let (read, write) = (get("/"), post("{}"));
    let client = async {
        for request in [&read, &write, &write] {
            transport.execute(request).await.unwrap();
        }
    };
    let ((), mut streams) = tokio::join!(client, async {
        let mut streams = Vec::new();
        for _ in 0..3 {
            let mut stream = peer.accept().await;
            read_request(&mut stream).await;
            stream.write_all(reply("200 OK", "").as_bytes()).await.unwrap();
            streams.push(stream);
        }
        streams
    });
    for written in &mut streams[1..] {
        assert_eq!(written.read(&mut [0]).await.unwrap(), 0, "it is closed when it has served");
    }
}

#[tokio::test]
async fn a_call_after_the_peer_closed_its_connection_takes_a_new_one() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let (first, second) = (get("/1"), put("{}"));
    let client = async {
        transport.execute(&first).await.unwrap();
        transport.execute(&second).await
    };
    let (answer, received) = tokio::join!(client, async {
        peer.answer(reply("200 OK", "")).await;
        peer.answer(reply("201 Created", "")).await
    });
    assert_eq!(answer.unwrap().status.as_u16(), 201);
    assert_eq!(received.text(), "{}");
}

/// A second answer that nobody asked for must not become that of the next call.
#[tokio::test]
async fn an_answer_too_many_is_never_taken_for_the_next_one() {
    for (at_once, second) in [(true, get("/2")), (false, get("/2")), (true, post("{}")), (false, post("{}"))] {
        let peer = Peer::new().await;
        let transport = peer.transport();
        let (first, twice) = (get("/1"), reply("200 OK", "first"));
        let (answer, mut stream) = tokio::join!(transport.execute(&first), async {
            let mut stream = peer.accept().await;
            read_request(&mut stream).await;
            let written = if at_once { twice.repeat(2) } else { twice.clone() };
            stream.write_all(written.as_bytes()).await.unwrap();
            stream
        });
        assert_eq!(answer.unwrap().body, "first");
        if !at_once {
            stream.write_all(twice.as_bytes()).await.unwrap();
        }
        let answer = tokio::select! {
            answer = transport.execute(&second) => answer.unwrap(),
            () = async {
                peer.answer(reply("200 OK", "second")).await;
                std::future::pending().await
            } => unreachable!(),
        };
        assert_eq!(answer.body, "second", "{} {at_once}", second.operation);
    }
}

#[tokio::test]
async fn giving_a_call_up_closes_its_connection() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let request = post("{}");
    let served = async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        stream
    };
    let mut stream = tokio::select! {
        answer = transport.execute(&request) => panic!("answered by nobody: {answer:?}"),
        stream = served => stream,
    };
    tokio::time::pause();
    let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{end:?}");
}

#[tokio::test]
async fn a_call_that_a_kept_connection_took_and_did_not_answer_is_unknown() {
    for body in ["", "{}"] {
        let peer = Peer::new().await;
        let transport = peer.transport();
        let (first, second) = (get("/1"), put(body));
        let client = async {
            transport.execute(&first).await.unwrap();
            transport.execute(&second).await
        };
        let server = async {
            let mut stream = peer.accept().await;
            read_request(&mut stream).await;
            stream.write_all(reply("200 OK", "").as_bytes()).await.unwrap();
            read_request(&mut stream).await;
            drop(stream);
            peer.answer(reply("200 OK", "")).await
        };
        let error = tokio::select! {
            answer = client => answer.unwrap_err(),
            again = server => panic!("sent again: {}", again.first_line()),
        };
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Interrupted, Delivery::Unknown));
    }
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let requests: Vec<_> = (0..64).map(|number| post(vec![number; 100_000])).collect();
    let calls = futures_util::future::join_all(requests.iter().map(|request| transport.execute(request)));
    let server = async {
        loop {
            let mut stream = peer.accept().await;
            tokio::spawn(async move {
                let received = read_request(&mut stream).await;
                let echo = format!("{} {}", received.body[0], received.body.len());
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}", echo.len());
                stream.write_all(format!("{head}\r\n\r\n{echo}").as_bytes()).await.unwrap();
            });
        }
    };
    let answers = tokio::select! { answers = calls => answers, () = server => unreachable!() };
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().body, format!("{number} 100000"));
    }
}
