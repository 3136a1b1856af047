//! Callers that send or read slowly, or not at all, whether a call has one message or many: they are told, and keep no place.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use polyptych_proto::v1;
use prost::Message;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::Service;
use tonic::codegen::http::{self, uri::PathAndQuery};
use tonic::{Code, Request, Status};

use crate::support::{Server, Wire, origin, reason, settled};

const LIST: &str = "/polyptych.v1.LibraryService/ListLibraries";
const DOWNLOAD: &str = "/polyptych.v1.ImageService/DownloadImage";

/// Calls a method of one message with these, which may be more or none, or never end.
async fn call(
    server: &Server,
    path: &'static str,
    messages: impl Stream<Item = v1::ListLibrariesRequest> + Send + 'static,
) -> Result<(), Status> {
    let mut client = Grpc::with_origin(server.connect().await, origin());
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<_, v1::ListLibrariesResponse>::default();
    let mut answers =
        client.streaming(Request::new(messages), PathAndQuery::from_static(path), codec).await?.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

async fn list(server: &Server) -> Result<(), Status> {
    call(server, LIST, stream::iter([v1::ListLibrariesRequest::default()])).await
}

#[tokio::test(start_paused = true)]
async fn a_request_of_one_message_that_does_not_end_is_aborted_and_leaves_its_place() {
    let server = Server::with(|settings| {
        settings.upload_idle = Duration::from_secs(20);
        settings.calls_at_once = 1;
    });
    for path in [LIST, DOWNLOAD, "/polyptych.v1.ImageService/GetImage", "/grpc.health.v1.Health/Check"] {
        for come in [0, 1] {
            let begun = Instant::now();
            let messages = stream::iter(vec![v1::ListLibrariesRequest::default(); come]).chain(stream::pending());
            let status = call(&server, path, messages).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "UPLOAD_STALLED"), "{path} {status}");
            assert_eq!(begun.elapsed().as_secs(), 20, "{path}");
            settled().await;
            list(&server).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_message_where_one_is_taken_is_refused_and_nothing_is_done() {
    let server = Server::start();
    for messages in [2, 3] {
        let request = v1::ListLibrariesRequest { page_size: 1, ..Default::default() };
        let status = call(&server, LIST, stream::iter(vec![request; messages])).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "MALFORMED_MESSAGE"));
    }
}

/// A connection whose caller takes so many bytes of an answer ahead.
async fn connect(server: &Server, window: u32) -> Wire {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let shaken = builder.initial_stream_window_size(window).handshake(TokioIo::new(server.raw())).await;
    let (sender, connection) = shaken.unwrap();
    tokio::spawn(connection);
    Wire::of(sender)
}

/// The answer to a call, of which nothing has been read.
async fn unread(wire: &Wire, path: &str, message: impl Message) -> http::Response<Incoming> {
    let mut body = vec![0; 5];
    body[1..].copy_from_slice(&u32::try_from(message.encoded_len()).unwrap().to_be_bytes());
    message.encode(&mut body).unwrap();
    let request = http::Request::post(format!("http://facade.test{path}")).version(http::Version::HTTP_2);
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    let request = request.body(Body::new(Full::new(Bytes::from(body)))).unwrap();
    wire.clone().call(request).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_one_message_that_nobody_takes_keeps_no_place() {
    let server = Server::with(|settings| settings.calls_at_once = 1);
    let wire = connect(&server, 0).await;
    let answer = unread(&wire, LIST, v1::ListLibrariesRequest::default()).await;
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(reason(&list(&server).await.unwrap_err()), "SERVER_BUSY");
    tokio::time::sleep(Duration::from_secs(2)).await;
    list(&server).await.unwrap();
    drop(answer);
}

/// The status that a picture of 1 MiB ends with, of which the caller takes a piece of 16 KiB after each pause, and when.
async fn taken(pause: Duration) -> (String, u64) {
    let server = Server::start();
    server.library.put("self", "1");
    server.library.stored.lock().unwrap()[0].bytes = vec![7; 1 << 20];
    let wire = connect(&server, 32 << 10).await;
    let name = "libraries/alpha/albums/self/images/1".to_owned();
    let mut body = unread(&wire, DOWNLOAD, v1::DownloadImageRequest { name }).await.into_body();
    let begun = Instant::now();
    while let Some(frame) = body.frame().await {
        match frame.unwrap().into_trailers() {
            Ok(trailers) => {
                let status = Status::from_header_map(&trailers).unwrap();
                let ended = if status.code() == Code::Ok { "OK".to_owned() } else { reason(&status) };
                return (ended, begun.elapsed().as_secs());
            }
            Err(_) => tokio::time::sleep(pause).await,
        }
    }
    panic!("it ended without a status");
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_take_an_answer_slowly_but_not_ever_so_slowly() {
    // 8 KiB a second, and 1.6: a minute's patience and what 4 KiB a second earn are used up after 100 seconds.
    let (ended, seconds) = taken(Duration::from_secs(2)).await;
    assert!(ended == "OK" && seconds >= 120, "{ended} after {seconds} s");
    let (ended, seconds) = taken(Duration::from_secs(10)).await;
    assert!(ended == "DOWNLOAD_STALLED" && (90..200).contains(&seconds), "{ended} after {seconds} s");
}
