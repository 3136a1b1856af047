//! `StreamImages`: every image once, and how to go on after a batch.

use polyptych_domain::{Error, ErrorKind};
use polyptych_proto::v1;
use tonic::{Code, Status, Streaming};

use crate::support::{Server, blamed, fact, reason};

fn request(batch_size: i32, page_token: &str) -> v1::StreamImagesRequest {
    v1::StreamImagesRequest { parent: "libraries/alpha".to_owned(), batch_size, page_token: page_token.to_owned() }
}

async fn batches(mut stream: Streaming<v1::StreamImagesResponse>) -> Result<Vec<v1::StreamImagesResponse>, Status> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.message().await? {
        batches.push(batch);
    }
    Ok(batches)
}

#[tokio::test(start_paused = true)]
async fn every_image_comes_once_in_batches_of_the_size_that_is_asked_for() {
    let server = Server::start();
    for number in 0..1101 {
        server.library.put("self", &format!("image-{number:04}"));
    }
    let mut client = server.images().await;
    for (asked, lengths) in [(0, vec![500, 500, 101]), (1000, vec![1000, 101]), (i32::MAX, vec![1000, 101])] {
        let all = batches(client.stream_images(request(asked, "")).await.unwrap().into_inner()).await.unwrap();
        assert_eq!(all.iter().map(|batch| batch.images.len()).collect::<Vec<_>>(), lengths);
        let mut ids: Vec<_> = all.iter().flat_map(|batch| &batch.images).map(|image| image.uid.clone()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1101);
        assert_eq!(all.last().unwrap().next_page_token, "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_after_the_batch_whose_token_it_is_given_and_lists_take_it_too() {
    let server = Server::start();
    for number in 0..5 {
        server.library.put("self", &format!("image-{number}"));
    }
    let mut client = server.images().await;
    let all = batches(client.stream_images(request(2, "")).await.unwrap().into_inner()).await.unwrap();
    let token = &all[0].next_page_token;
    let rest = batches(client.stream_images(request(2, token)).await.unwrap().into_inner()).await.unwrap();
    assert_eq!(rest, all[1..]);
    let list = v1::ListImagesRequest { parent: "libraries/alpha".to_owned(), page_size: 2, page_token: token.clone() };
    assert_eq!(client.list_images(list).await.unwrap().into_inner().images, all[1].images);
}

#[tokio::test(start_paused = true)]
async fn a_failure_ends_the_stream_with_its_reason_and_bad_requests_begin_none() {
    let server = Server::start();
    server.library.fail(|| Error::new(ErrorKind::ProviderUnavailable, "down"));
    let mut client = server.images().await;
    let failed = match client.stream_images(request(2, "")).await {
        Ok(stream) => batches(stream.into_inner()).await.unwrap_err(),
        Err(status) => status,
    };
    assert_eq!((failed.code(), reason(&failed).as_str()), (Code::Unavailable, "PROVIDER_UNAVAILABLE"));
    let status = client.stream_images(request(-1, "")).await.unwrap_err();
    assert_eq!(blamed(&status), ["batch_size"]);
    let status = client.stream_images(request(0, "forged")).await.unwrap_err();
    assert_eq!(blamed(&status), ["page_token"]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_list_whose_library_stalls_and_drops_the_call() {
    let server = Server::start();
    server.library.put("self", "image");
    server.library.hang();
    let mut asked = tonic::Request::new(request(0, ""));
    asked.metadata_mut().insert("grpc-timeout", "7S".parse().unwrap());
    let begun = tokio::time::Instant::now();
    let stream = server.images().await.stream_images(asked).await.unwrap().into_inner();
    let status = batches(stream).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert_eq!((fact(&status, "library").as_deref(), fact(&status, "applied").as_deref()), (Some("alpha"), Some("no")));
    assert_eq!((begun.elapsed().as_secs(), server.library.dropped.load(std::sync::atomic::Ordering::SeqCst)), (7, 1));
}
