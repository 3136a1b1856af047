//! What is the same for all calls and connections: no more at once than allowed, a name for each request, an end for aged
//! connections, and pages.

use std::time::Duration;

use polyptych_proto::v1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::support::{Server, Wire, origin, reason, settled};
use v1::image_service_client::ImageServiceClient;

fn get() -> v1::GetImageRequest {
    v1::GetImageRequest { name: "libraries/alpha/albums/a/images/b".to_owned() }
}

/// A call that hangs in the library.
async fn hanging(server: &Server) -> tokio::task::JoinHandle<Result<(), tonic::Status>> {
    server.library.put("a", "b");
    server.library.hang();
    let mut client = server.images().await;
    let call = tokio::spawn(async move { client.get_image(get()).await.map(drop) });
    settled().await;
    call
}

#[tokio::test(start_paused = true)]
async fn a_call_too_many_is_refused_at_once_and_may_be_tried_again() {
    for (all, own, code, expected) in
        [(1, 9, Code::Unavailable, "SERVER_BUSY"), (9, 1, Code::ResourceExhausted, "TOO_MANY_CALLS")]
    {
        let server = Server::with(|settings| (settings.calls_at_once, settings.calls_at_once_per_client) = (all, own));
        let call = hanging(&server).await;
        let status = server.images().await.get_image(get()).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, expected));
        assert!(status.get_details_retry_info().is_some(), "{status:?}");
        server.library.mend();
        server.library.release();
        call.await.unwrap().unwrap();
        server.images().await.get_image(get()).await.unwrap();
    }
}

/// A frame of HTTP/2 (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test(start_paused = true)]
async fn calls_that_come_together_and_end_at_once_need_one_place() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    let server = Server::with(|settings| settings.calls_at_once = 1);
    let mut connection = server.raw();
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/polyptych.v1.LibraryService/ListLibraries"),
        (":authority", "facade.test"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    // Each as it is, and not to be remembered (RFC 7541, 6.2.2).
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let headers: Vec<u8> =
        headers.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
    let mut sent = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(SETTINGS, 0, 0, &[])].concat();
    for stream in (1..40).step_by(2) {
        sent.extend(frame(HEADERS, 4, stream, &headers));
        sent.extend(frame(DATA, 1, stream, &[0; 5]));
    }
    connection.write_all(&sent).await.unwrap();
    let mut ended = Vec::new();
    while ended.len() < 20 {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        connection.read_exact(&mut payload).await.unwrap();
        assert!((kind, flags) != (HEADERS, 5) || ended.contains(&stream), "refused");
        if kind == DATA {
            ended.push(stream);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_its_place() {
    let server = Server::with(|settings| settings.calls_at_once = 1);
    let call = hanging(&server).await;
    call.abort();
    settled().await;
    server.library.mend();
    server.images().await.get_image(get()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_has_the_name_that_its_caller_gave_it_or_one_of_ours() {
    let server = Server::start();
    server.library.put("a", "b");
    let mut client = server.images().await;
    let mut request = Request::new(get());
    request.metadata_mut().insert("x-request-id", "order-7".parse().unwrap());
    let answer = client.get_image(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "order-7");
    let answer = client.get_image(get()).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap().len(), 16);
}

#[tokio::test(start_paused = true)]
async fn an_aged_connection_lets_its_call_end_and_takes_no_other() {
    let server = Server::with(|settings| settings.connection_age = Some(Duration::from_secs(100)));
    server.library.put("a", "b");
    server.library.hang();
    let wire = server.connect().await;
    let client = |wire: Wire| ImageServiceClient::with_origin(wire, origin());
    let mut first = client(wire.clone());
    let call = tokio::spawn(async move { first.get_image(get()).await.map(drop) });
    tokio::time::sleep(Duration::from_secs(111)).await;
    assert!(client(wire.clone()).get_image(get()).await.is_err());
    server.library.mend();
    server.library.release();
    call.await.unwrap().unwrap();
    client(server.connect().await).get_image(get()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_aged_connection_whose_call_does_not_end_is_closed() {
    let server = Server::with(|settings| {
        settings.connection_age = Some(Duration::from_secs(100));
        settings.connection_grace = Duration::from_secs(50);
    });
    let begun = tokio::time::Instant::now();
    let call = hanging(&server).await;
    assert!(call.await.unwrap().is_err());
    assert!((140..=161).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

/// The answer to one HTTP/1 request, as far as it comes before the connection is closed.
async fn http1(server: &Server, head: &str, body: &[u8]) -> String {
    let mut stream = server.raw();
    let length = body.len();
    let request = format!("{head}host: facade.test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    // A server that does not speak HTTP/1 may be gone before all of it is written.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

const LIST: &str = "POST /polyptych.v1.LibraryService/ListLibraries HTTP/1.1\r\ncontent-type: application/grpc-web+proto\r\n\
                    x-grpc-web: 1\r\norigin: ";

#[tokio::test(start_paused = true)]
async fn a_page_of_an_origin_that_may_call_is_answered_by_grpc_web() {
    let server = Server::with(|settings| settings.web_origins = vec!["https://app.test".to_owned()]);
    // An empty message.
    let answer = http1(&server, &format!("{LIST}https://app.test\r\n"), &[0; 5]).await;
    for part in ["HTTP/1.1 200", "access-control-allow-origin: https://app.test", "libraries/alpha", "grpc-status:0"] {
        assert!(answer.contains(part), "{part} is not in\n{answer}");
    }
    let preflight = "OPTIONS /polyptych.v1.LibraryService/ListLibraries HTTP/1.1\r\naccess-control-request-method: POST\r\n\
                     access-control-request-headers: x-grpc-web,authorization\r\norigin: ";
    let answer = http1(&server, &format!("{preflight}https://app.test\r\n"), b"").await;
    for part in ["access-control-allow-origin: https://app.test", "allow-headers: x-grpc-web,authorization", "POST"] {
        assert!(answer.contains(part), "{part} is not in\n{answer}");
    }
    let answer = http1(&server, &format!("{preflight}https://other.test\r\n"), b"").await;
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    // gRPC itself goes on as before.
    let mut libraries = server.libraries().await;
    libraries.list_libraries(v1::ListLibrariesRequest::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_origins_http_1_is_not_spoken() {
    let server = Server::start();
    let answer = http1(&server, &format!("{LIST}https://app.test\r\n"), &[0; 5]).await;
    assert!(!answer.contains("HTTP/1.1") && !answer.contains("libraries/alpha"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn what_a_browser_sends_for_any_page_without_asking_is_no_call() {
    let server = Server::with(|settings| settings.web_origins = vec!["https://app.test".to_owned()]);
    let (ours, other, page) = ("https://app.test", "https://other.test", "application/grpc-web+proto");
    for (method, kind, origin, status) in [
        ("POST", page, other, 403),
        ("POST", "text/plain", other, 403),
        ("POST", "text/plain", ours, 415),
        ("GET", page, ours, 405),
    ] {
        let head = format!(
            "{method} /polyptych.v1.LibraryService/ListLibraries HTTP/1.1\r\ncontent-type: {kind}\r\norigin: {origin}\r\n"
        );
        let answer = http1(&server, &head, &[0; 5]).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{method} {kind} {origin}: {answer}");
        assert!(!answer.contains("libraries/alpha"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let server = Server::start();
    for said in [&b""[..], b"PRI * HTTP/2.0"] {
        let mut stream = server.raw();
        stream.write_all(said).await.unwrap();
        let begun = tokio::time::Instant::now();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 10);
    }
    server.images().await.get_image(get()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_does_not_hold_up_the_end() {
    let server = Server::start();
    let silent = [server.raw(), server.raw()];
    server.images().await.get_image(get()).await.unwrap_err();
    let begun = tokio::time::Instant::now();
    server.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn accepting_that_fails_is_tried_again_once_a_second_and_does_not_hold_up_the_end() {
    let server = Server::start();
    let too_many_files = || std::io::Error::from_raw_os_error(24);
    (0..5).for_each(|_| server.fail_to_accept(too_many_files()));
    let begun = tokio::time::Instant::now();
    server.images().await.get_image(get()).await.unwrap_err();
    assert_eq!(begun.elapsed().as_secs(), 5);
    server.fail_to_accept(too_many_files());
    settled().await;
    let begun = tokio::time::Instant::now();
    server.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}
