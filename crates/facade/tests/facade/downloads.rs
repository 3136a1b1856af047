//! Downloads: metadata, then chunks, to the end or to an error.

use std::sync::Arc;
use std::time::Duration;

use polyptych_proto::v1;
use polyptych_proto::v1::download_image_response::Payload;
use tonic::{Code, Request, Status};

use crate::support::{Server, fact, reason};

const NAME: &str = "libraries/alpha/albums/self/images/1";

fn request(name: &str) -> v1::DownloadImageRequest {
    v1::DownloadImageRequest { name: name.to_owned() }
}

/// A server whose first library holds an image with so many bytes.
fn holding(bytes: usize) -> (Server, Vec<u8>) {
    let server = Server::start();
    server.library.put("self", "1");
    let picture: Vec<u8> = (0..bytes).map(|place| (place % 251) as u8).collect();
    server.library.stored.lock().unwrap()[0].bytes.clone_from(&picture);
    (server, picture)
}

#[tokio::test(start_paused = true)]
async fn a_picture_comes_after_its_metadata_in_chunks() {
    let (server, picture) = holding(600 << 10);
    let mut stream = server.images().await.download_image(request(NAME)).await.unwrap().into_inner();
    let Some(Payload::Metadata(metadata)) = stream.message().await.unwrap().unwrap().payload else {
        panic!("no metadata")
    };
    assert_eq!((metadata.image.unwrap().name.as_str(), metadata.size_bytes), (NAME, 600 << 10));
    let (mut got, mut lengths) = (Vec::new(), Vec::new());
    while let Some(message) = stream.message().await.unwrap() {
        let Some(Payload::Chunk(chunk)) = message.payload else { panic!("{message:?}") };
        lengths.push(chunk.len() >> 10);
        got.extend_from_slice(&chunk);
    }
    assert_eq!(lengths, [256, 256, 88]);
    assert!(got == picture);
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_breaks_off_ends_with_an_error() {
    let (server, _) = holding(10);
    *server.library.breaks.lock().unwrap() = true;
    let mut stream = server.images().await.download_image(request(NAME)).await.unwrap().into_inner();
    let mut messages = 0;
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => messages += 1,
            Ok(None) => panic!("it ended as if it were whole"),
            Err(status) => break status,
        }
    };
    assert_eq!((messages, status.code(), &*reason(&status)), (2, Code::Unavailable, "PROVIDER_UNAVAILABLE"));
    assert_eq!(fact(&status, "applied").as_deref(), Some("no"));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_picture_that_stalls() {
    let (server, _) = holding(10);
    let mut client = server.images().await;
    *server.library.hangs.lock().unwrap() = true;
    let mut asked = Request::new(request(NAME));
    asked.set_timeout(Duration::from_secs(5));
    server.library.release();
    let mut stream = client.download_image(asked).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some() && stream.message().await.unwrap().is_some());
    let status = stream.message().await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

/// What ends a picture of 4 MiB that its caller does not read for `pause`, and how many are open at the library then.
async fn unread(idle: u64, deadline: Option<u64>, pause: u64) -> (Status, usize) {
    let server = Server::with(|settings| settings.download_idle = Duration::from_secs(idle));
    server.library.put("self", "1");
    server.library.stored.lock().unwrap()[0].bytes = vec![7; 4 << 20];
    let mut asked = Request::new(request(NAME));
    if let Some(deadline) = deadline {
        asked.metadata_mut().insert("grpc-timeout", format!("{deadline}S").parse().unwrap());
    }
    let mut stream = server.images().await.download_image(asked).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(Arc::strong_count(&server.library.open), 2);
    tokio::time::sleep(Duration::from_secs(pause)).await;
    let open = Arc::strong_count(&server.library.open) - 1;
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if it were whole"),
            Err(status) => break status,
        }
    };
    (status, open)
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_reading_keeps_no_picture_open() {
    let (status, open) = unread(60, None, 61).await;
    assert_eq!((status.code(), &*reason(&status), open), (Code::Aborted, "DOWNLOAD_STALLED", 0));
    let (status, open) = unread(60, Some(5), 6).await;
    assert_eq!((status.code(), &*reason(&status), open), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_has_no_stream() {
    let (server, _) = holding(10);
    let mut client = server.images().await;
    for (name, why) in [
        ("libraries/alpha/albums/self/images/2", "IMAGE_NOT_FOUND"),
        ("libraries/nowhere/albums/self/images/1", "LIBRARY_NOT_FOUND"),
        ("libraries/alpha/albums/self", "INVALID_ARGUMENT"),
    ] {
        assert_eq!(reason(&client.download_image(request(name)).await.unwrap_err()), why, "{name}");
    }
}
