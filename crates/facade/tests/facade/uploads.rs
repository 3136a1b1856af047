//! `UploadImage`: what arrives, what is refused and how, what is left behind.

use std::sync::atomic::Ordering;
use std::time::Duration;

use polyptych_domain::Sha256;
use polyptych_proto::v1::{self, UploadImageRequest};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Status};

use crate::support::{Server, blamed, chunk, fact, first, messages, metadata, png, reason, settled};

/// The failure of an upload of these messages; the library must not have been asked.
async fn refusal(server: &Server, messages: Vec<UploadImageRequest>) -> Status {
    let status = server.images().await.upload_image(tokio_stream::iter(messages)).await.unwrap_err();
    settled().await;
    assert_eq!((server.library.calls.load(Ordering::SeqCst), server.spooled()), (0, 0), "{status:?}");
    assert_eq!(fact(&status, "applied").as_deref(), Some("no"));
    status
}

#[tokio::test(start_paused = true)]
async fn a_small_image_arrives_as_it_was_sent() {
    let server = Server::start();
    let file = png(40, 30);
    let answer = server.images().await.upload_image(messages(metadata("libraries/alpha"), &file)).await.unwrap();
    let answer = answer.into_inner();
    let sha256 = Sha256::of(&file).to_string();
    assert_eq!(server.library.stored.lock().unwrap()[0].bytes, file);
    let cost = answer.cost.clone().unwrap();
    assert_eq!((cost.library.as_str(), cost.calls, cost.sent_bytes), ("libraries/alpha", 1, file.len() as i64));
    let expected = v1::UploadImageResponse {
        image: Some(v1::Image {
            name: format!("libraries/alpha/albums/self/images/{sha256}"),
            uid: sha256.clone(),
            display_name: "banner.png".to_owned(),
            ..Default::default()
        }),
        sent: Some(v1::SentImage {
            media_type: "image/png".to_owned(),
            size: Some(v1::Pixels { width: 40, height: 30 }),
            size_bytes: file.len() as i64,
            sha256,
            fitted: false,
        }),
        reused: false,
        found: false,
        resent: 0,
        check: None,
        provider_request_id: "request-1".to_owned(),
        cost: Some(cost),
    };
    assert_eq!(answer, expected);
}

#[tokio::test(start_paused = true)]
async fn a_second_upload_says_that_nothing_was_sent_unless_it_is_forced() {
    let server = Server::start();
    let file = png(40, 30);
    let upload = async |policy: i32| {
        let metadata = v1::UploadImageMetadata { policy, ..metadata("libraries/alpha") };
        server.images().await.upload_image(messages(metadata, &file)).await
    };
    let answers = [
        (v1::UploadPolicy::Unspecified, false, 1),
        (v1::UploadPolicy::Unspecified, true, 1),
        (v1::UploadPolicy::Reuse, true, 1),
        (v1::UploadPolicy::Force, false, 2),
    ];
    for (policy, reused, stored) in answers {
        let answer = upload(policy.into()).await.unwrap().into_inner();
        assert_eq!(answer.reused, reused, "{policy:?}");
        assert_eq!(server.library.stored.lock().unwrap().len(), stored, "{policy:?}");
    }
    assert_eq!(upload(17).await.unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn a_large_image_goes_through_a_spool_file_that_is_gone_afterwards() {
    let server = Server::start();
    let file = png(400, 400);
    assert!(file.len() > 300 << 10);
    let (sender, receiver) = mpsc::unbounded_channel();
    sender.send(first(metadata("libraries/alpha/albums/other"))).unwrap();
    let mut client = server.images().await;
    let upload = tokio::spawn(async move { client.upload_image(UnboundedReceiverStream::new(receiver)).await });
    for part in file.chunks(100_000) {
        sender.send(chunk(part)).unwrap();
    }
    settled().await;
    assert_eq!(server.spooled(), 1);
    drop(sender);
    upload.await.unwrap().unwrap();
    let stored = server.library.stored.lock().unwrap()[0].clone();
    assert_eq!((stored.bytes, stored.image.album.as_str()), (file, "other"));
    assert_eq!(server.spooled(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_image_is_fitted_if_asked_to() {
    let server = Server::start();
    let mode = Some(v1::fit::Mode::Contain(v1::fit::Contain { background: Some(0x0000_80FF) }));
    let fit = v1::Fit { mode, ..Default::default() };
    let metadata =
        v1::UploadImageMetadata { fit: Some(fit), image_class: "ICON".to_owned(), ..metadata("libraries/alpha") };
    let answer = server.images().await.upload_image(messages(metadata, &png(40, 20))).await.unwrap().into_inner();
    let sent = answer.sent.unwrap();
    assert!(sent.fitted);
    assert_eq!(sent.size, Some(v1::Pixels { width: 16, height: 16 }));
    let stored = server.library.stored.lock().unwrap()[0].clone();
    assert_eq!(Sha256::of(&stored.bytes).to_string(), sent.sha256);
    assert_eq!(answer.image.unwrap().image_class, "ICON");
    let picture = image::load_from_memory(&stored.bytes).unwrap().to_rgb8();
    assert_eq!(picture.get_pixel(0, 0).0, [0x00, 0x80, 0xFF]);
}

#[tokio::test(start_paused = true)]
async fn every_broken_rule_is_named_with_its_field() {
    let server = Server::start();
    let metadata = v1::UploadImageMetadata { display_name: "x".repeat(41), ..metadata("libraries/alpha") };
    let status = refusal(&server, vec![first(metadata), chunk(&png(2, 2))]).await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "RULES_VIOLATED"));
    assert_eq!(blamed(&status), ["metadata.display_name", "metadata.display_name", "chunk"]);
    let place = ["provider", "library", "album"].map(|key| fact(&status, key).unwrap());
    assert_eq!(place, ["evotor", "alpha", "self"]);
}

#[tokio::test(start_paused = true)]
async fn an_image_class_that_does_not_exist_is_named() {
    let server = Server::start();
    let metadata = v1::UploadImageMetadata { image_class: "HUGE".to_owned(), ..metadata("libraries/alpha") };
    let status = refusal(&server, vec![first(metadata), chunk(&png(20, 20))]).await;
    assert_eq!(
        (reason(&status).as_str(), blamed(&status)),
        ("RULES_VIOLATED", vec!["metadata.image_class".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_image_and_damaged_images_are_told_apart() {
    let server = Server::start();
    let mut damaged = png(40, 40);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    for (file, expected) in [(&b"hello"[..], "NOT_AN_IMAGE"), (&damaged, "CORRUPT_IMAGE")] {
        let status = refusal(&server, vec![first(metadata("libraries/alpha")), chunk(file)]).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, expected));
        assert_eq!(blamed(&status), ["chunk"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_order_of_messages_is_kept() {
    let server = Server::start();
    let empty = UploadImageRequest { payload: None };
    let start = || first(metadata("libraries/alpha"));
    let file = png(20, 20);
    for messages in [
        vec![],
        vec![chunk(&file)],
        vec![empty.clone()],
        vec![start(), start()],
        vec![start(), chunk(&file), start()],
        vec![start(), empty, chunk(&file)],
    ] {
        let status = refusal(&server, messages).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "UPLOAD_PROTOCOL"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_without_a_byte_is_refused() {
    let server = Server::start();
    for messages in [vec![first(metadata("libraries/alpha"))], vec![first(metadata("libraries/alpha")), chunk(b"")]] {
        let status = refusal(&server, messages).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "EMPTY_IMAGE"));
    }
}

#[tokio::test(start_paused = true)]
async fn empty_chunks_between_others_do_no_harm() {
    let server = Server::start();
    let file = png(20, 20);
    let (a, b) = file.split_at(100);
    let messages = vec![first(metadata("libraries/alpha")), chunk(b""), chunk(a), chunk(b""), chunk(b), chunk(b"")];
    server.images().await.upload_image(tokio_stream::iter(messages)).await.unwrap();
    assert_eq!(server.library.stored.lock().unwrap()[0].bytes, file);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_above_the_limit_is_refused_whether_decoded_or_not() {
    let server = Server::with(|settings| settings.max_chunk_bytes = 10_000);
    for len in [10_001, 15_000, 1_000_000] {
        let status = refusal(&server, vec![first(metadata("libraries/alpha")), chunk(&vec![7; len])]).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "CHUNK_TOO_LARGE"), "{len}");
    }
    let file = png(50, 50);
    let allowed = file.chunks(10_000).map(chunk);
    let messages: Vec<_> = std::iter::once(first(metadata("libraries/alpha"))).chain(allowed).collect();
    server.images().await.upload_image(tokio_stream::iter(messages)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_above_the_limit_and_a_full_spool_are_refused() {
    let server = Server::with(|settings| settings.max_upload_bytes = 500_000);
    let long: Vec<_> =
        std::iter::once(first(metadata("libraries/alpha"))).chain((0..6).map(|_| chunk(&[1; 100_000]))).collect();
    let status = refusal(&server, long.clone()).await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "IMAGE_TOO_LARGE"));
    let server = Server::with(|settings| settings.spool_bytes = 500_000);
    let status = refusal(&server, long).await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "SPOOL_FULL"));
}

#[tokio::test(start_paused = true)]
async fn what_the_metadata_tells_is_refused_before_a_chunk_is_read() {
    let server = Server::start();
    let base = || metadata("libraries/alpha");
    let mode = v1::fit::Mode::Contain(v1::fit::Contain { background: Some(u32::MAX) });
    let cases = [
        (metadata(""), Code::InvalidArgument, "INVALID_ARGUMENT", vec!["metadata.parent"]),
        (metadata("libraries/alpha/albums/"), Code::InvalidArgument, "INVALID_ARGUMENT", vec!["metadata.parent"]),
        (metadata("libraries/beta"), Code::InvalidArgument, "INVALID_ARGUMENT", vec!["metadata.parent"]),
        (metadata("libraries/missing"), Code::NotFound, "LIBRARY_NOT_FOUND", vec![]),
        (
            v1::UploadImageMetadata { display_name: " ".to_owned(), ..base() },
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            vec!["metadata.display_name"],
        ),
        (
            v1::UploadImageMetadata { display_name: "a\n.png".to_owned(), ..base() },
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            vec!["metadata.display_name"],
        ),
        (
            v1::UploadImageMetadata { fit: Some(v1::Fit { mode: None, ..Default::default() }), ..base() },
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            vec!["metadata.fit.mode"],
        ),
        (
            v1::UploadImageMetadata { fit: Some(v1::Fit { mode: Some(mode), ..Default::default() }), ..base() },
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            vec!["metadata.fit.contain.background"],
        ),
    ];
    for (metadata, code, expected, fields) in cases {
        // The stream stays open: only a refusal that does not wait for chunks can be answered before it stalls.
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(first(metadata.clone())).unwrap();
        let mut client = server.images().await;
        let status = client.upload_image(UnboundedReceiverStream::new(receiver)).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str(), blamed(&status)),
            (code, expected, fields.into_iter().map(str::to_owned).collect()),
            "{metadata:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_falls_silent_is_aborted_and_leaves_nothing() {
    let server = Server::with(|settings| settings.upload_idle = Duration::from_secs(20));
    for start in [
        vec![],
        vec![first(metadata("libraries/alpha"))],
        vec![first(metadata("libraries/alpha")), chunk(&[1; 400_000])],
    ] {
        let (sender, receiver) = mpsc::unbounded_channel();
        start.into_iter().for_each(|message| sender.send(message).unwrap());
        let begun = tokio::time::Instant::now();
        let mut client = server.images().await;
        let status = client.upload_image(UnboundedReceiverStream::new(receiver)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "UPLOAD_STALLED"));
        assert!(begun.elapsed().as_secs() < 25, "{:?}", begun.elapsed());
        settled().await;
        assert_eq!(server.spooled(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_upload_may_go_on_up_to_its_total_time() {
    let server = Server::with(|settings| {
        settings.upload_idle = Duration::from_secs(20);
        settings.upload_total = Duration::from_secs(100);
        settings.upload_rate = 0;
    });
    for (pieces, succeeds) in [(5, true), (10, false)] {
        let file = png(20, 20);
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(first(metadata("libraries/alpha"))).unwrap();
        let mut client = server.images().await;
        let upload = tokio::spawn(async move { client.upload_image(UnboundedReceiverStream::new(receiver)).await });
        for piece in file.chunks(file.len().div_ceil(pieces)) {
            tokio::time::sleep(Duration::from_secs(15)).await;
            // A refused upload does not take the rest.
            let _ = sender.send(chunk(piece));
        }
        drop(sender);
        match upload.await.unwrap() {
            Ok(_) => assert!(succeeds),
            Err(status) => assert_eq!((succeeds, reason(&status).as_str()), (false, "UPLOAD_STALLED")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_drips_is_aborted_however_steadily_it_does() {
    let server = Server::with(|settings| {
        settings.upload_idle = Duration::from_secs(20);
        settings.upload_rate = 1000;
    });
    // At 900 bytes a second 20 seconds of patience are used up after 200 seconds; at 1,100 never.
    for (rate, expected) in [(900, Some("UPLOAD_TOO_SLOW")), (1100, None)] {
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(first(metadata("libraries/alpha"))).unwrap();
        let mut client = server.images().await;
        let begun = tokio::time::Instant::now();
        let upload = tokio::spawn(async move { client.upload_image(UnboundedReceiverStream::new(receiver)).await });
        for _ in 0..250 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // A refused upload does not take the rest.
            let _ = sender.send(chunk(&vec![1; rate]));
        }
        drop(sender);
        let status = upload.await.unwrap().unwrap_err();
        let told = expected.unwrap_or("NOT_AN_IMAGE");
        assert_eq!(reason(&status), told, "{status}");
        if expected.is_some() {
            assert_eq!(status.code(), Code::Aborted);
            assert_eq!(begun.elapsed().as_secs() / 10, 25, "all was sent");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let server = Server::start();
    let (sender, receiver) = mpsc::unbounded_channel();
    sender.send(first(metadata("libraries/alpha"))).unwrap();
    sender.send(chunk(&[1; 400_000])).unwrap();
    let mut client = server.images().await;
    let upload = tokio::spawn(async move { client.upload_image(UnboundedReceiverStream::new(receiver)).await });
    settled().await;
    assert_eq!(server.spooled(), 1);
    upload.abort();
    settled().await;
    assert_eq!((server.spooled(), server.library.calls.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_ends_the_upload_to_the_provider() {
    let server = Server::start();
    server.library.hang();
    let mut client = server.images().await;
    let file = png(400, 400);
    let upload = tokio::spawn(async move { client.upload_image(messages(metadata("libraries/alpha"), &file)).await });
    settled().await;
    assert_eq!((server.library.calls.load(Ordering::SeqCst), server.spooled()), (1, 1));
    upload.abort();
    settled().await;
    assert_eq!((server.library.dropped.load(Ordering::SeqCst), server.spooled()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_check_asks_the_library_nothing_and_leaves_no_file() {
    let server = Server::start();
    let file = png(400, 400);
    // A library without a default album will do: nothing is put anywhere.
    let answer = server.images().await.check_image(messages(metadata("libraries/beta"), &file)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.image_classes, answer.violations), (vec!["SMALL".to_owned()], vec![]));
    assert_eq!(answer.found.unwrap().sha256, Sha256::of(&file).to_string());
    settled().await;
    assert_eq!((server.library.calls.load(Ordering::SeqCst), server.spooled()), (0, 0));
}

fn small(content: Vec<u8>) -> v1::UploadSmallImageRequest {
    v1::UploadSmallImageRequest { metadata: Some(metadata("libraries/alpha")), content: content.into() }
}

#[tokio::test(start_paused = true)]
async fn an_image_in_one_message_is_uploaded_like_one_that_streams() {
    let server = Server::start();
    let mut client = server.images().await;
    let file = png(400, 400);
    let mut request = small(file.to_vec());
    request.metadata.as_mut().unwrap().request_id = "once".to_owned();
    let answer = client.upload_small_image(request.clone()).await.unwrap().into_inner();
    assert_eq!(answer.sent.as_ref().unwrap().sha256, Sha256::of(&file).to_string());
    // The same request by the other way is a repetition.
    let mut same = metadata("libraries/alpha");
    same.request_id = "once".to_owned();
    assert_eq!(client.upload_image(messages(same, &file)).await.unwrap().into_inner(), answer);
    assert_eq!((server.library.stored.lock().unwrap().len(), server.spooled()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_image_in_one_message_that_cannot_be_taken_says_why() {
    let server = Server::start();
    let mut client = server.images().await;
    for (request, code, why, fields) in [
        (small(Vec::new()), Code::InvalidArgument, "EMPTY_IMAGE", vec![]),
        (small(b"text".to_vec()), Code::InvalidArgument, "NOT_AN_IMAGE", vec!["content"]),
        (small(vec![0; 2_000_001]), Code::ResourceExhausted, "IMAGE_TOO_LARGE", vec![]),
        (small(vec![0; 3_000_000]), Code::OutOfRange, "MALFORMED_MESSAGE", vec![]),
        (v1::UploadSmallImageRequest::default(), Code::InvalidArgument, "INVALID_ARGUMENT", vec!["metadata"]),
    ] {
        let status = client.upload_small_image(request).await.unwrap_err();
        let fields: Vec<_> = fields.into_iter().map(str::to_owned).collect();
        assert_eq!((status.code(), reason(&status).as_str(), blamed(&status)), (code, why, fields));
    }
    assert_eq!((server.library.calls.load(Ordering::SeqCst), server.spooled()), (0, 0));
}
