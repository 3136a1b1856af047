//! Pictures out of libraries: downloaded, and copied to another album, natively or through the server.

use bytes::Bytes;
use image::ImageFormat;
use polyptych::emulator::Settings;
use polyptych::proto::longrunning::{Operation, operation};
use polyptych::proto::v1;
use polyptych_e2e::{Refusal, Stack, contain, picture, to};
use prost::Message;
use tonic::{Code, Status};
use v1::download_image_response::Payload;
use v1::upload_outcome::Result as Upload;

/// The longest chunk of a download.
const CHUNK: usize = 256 << 10;

/// Library, and a file that it takes as it is; some are longer than a chunk.
fn suited() -> [(&'static str, &'static str, Bytes); 6] {
    let (jpeg, large) = (picture(600, 450, ImageFormat::Jpeg), picture(3000, 2250, ImageFormat::Jpeg));
    assert!(large.len() > CHUNK, "{}", large.len());
    [
        ("yandex-v5", "a.jpg", large.clone()),
        ("yandex-v5-soap", "a.jpg", jpeg.clone()),
        ("yandex-live4", "a.jpg", jpeg.clone()),
        ("yandex-live4-soap", "a.jpg", jpeg),
        ("facebook", "a.jpg", large),
        ("evotor", "a.png", picture(300, 300, ImageFormat::Png)),
    ]
}

async fn downloaded(stack: &mut Stack, name: &str) -> Result<(v1::DownloadImageMetadata, Vec<u8>), Status> {
    let request = v1::DownloadImageRequest { name: name.to_owned() };
    let mut messages = stack.images.download_image(request).await?.into_inner();
    let first = messages.message().await?.and_then(|message| message.payload);
    let Some(Payload::Metadata(metadata)) = first else { panic!("{name} begins with {first:?}") };
    let mut bytes = Vec::new();
    while let Some(message) = messages.message().await? {
        let Some(Payload::Chunk(chunk)) = message.payload else { panic!("{name} goes on without bytes") };
        assert!((1..=CHUNK).contains(&chunk.len()));
        bytes.extend_from_slice(&chunk);
    }
    Ok((metadata, bytes))
}

#[tokio::test]
async fn what_was_uploaded_is_downloaded_from_every_library() {
    let mut stack = Stack::start(Settings::default()).await;
    for (library, name, bytes) in suited() {
        let image = stack.upload(to(library, name), bytes.clone()).await.unwrap().image.unwrap();
        let (metadata, file) = downloaded(&mut stack, &image.name).await.unwrap();
        assert_eq!(file, bytes, "{library}");
        assert_eq!(metadata.image.unwrap().name, image.name);
        assert!([0, bytes.len() as i64].contains(&metadata.size_bytes), "{library}: {}", metadata.size_bytes);
        stack.delete(&image.name).await.unwrap();
        let gone = Refusal::of(&downloaded(&mut stack, &image.name).await.unwrap_err());
        assert_eq!((gone.code, &*gone.reason, gone.get("library")), (Code::NotFound, "IMAGE_NOT_FOUND", library));
    }
    for (name, expected) in [
        ("libraries/nowhere/albums/a/images/b", (Code::NotFound, "LIBRARY_NOT_FOUND")),
        ("libraries/facebook/albums/1000000001", (Code::InvalidArgument, "INVALID_ARGUMENT")),
        ("libraries/evotor/albums/no-product/images/a", (Code::InvalidArgument, "INVALID_ARGUMENT")),
        ("", (Code::InvalidArgument, "INVALID_ARGUMENT")),
    ] {
        let refusal = Refusal::of(&downloaded(&mut stack, name).await.unwrap_err());
        assert_eq!((refusal.code, &*refusal.reason), expected, "{name}: {refusal:?}");
    }
}

fn outcomes(operation: &Operation) -> Vec<v1::UploadOutcome> {
    let Some(operation::Result::Response(any)) = &operation.result else { panic!("{operation:?}") };
    v1::CopyImagesResponse::decode(any.value.as_slice()).unwrap().outcomes
}

async fn copied(stack: &mut Stack, request: v1::CopyImagesRequest) -> Result<Vec<v1::UploadOutcome>, Status> {
    let begun = stack.images.copy_images(request).await?.into_inner();
    Ok(outcomes(&stack.ended(begun).await?))
}

fn stored(outcome: &v1::UploadOutcome) -> &v1::UploadImageResponse {
    match &outcome.result {
        Some(Upload::Upload(upload)) => upload,
        other => panic!("{other:?}"),
    }
}

fn copy(names: &[&str], parent: &str) -> v1::CopyImagesRequest {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    v1::CopyImagesRequest { names, parent: parent.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn facebook_copies_by_itself_and_once() {
    let mut stack = Stack::start(Settings::default()).await;
    let bytes = picture(600, 450, ImageFormat::Jpeg);
    let image = stack.upload(to("facebook", "a.jpg"), bytes.clone()).await.unwrap().image.unwrap().name;
    let parent = "libraries/facebook/albums/1000000002";
    let first = copied(&mut stack, copy(&[&image], parent)).await.unwrap();
    let upload = stored(&first[0]);
    assert!(upload.sent.is_none() && !upload.reused && !upload.found, "{upload:?}");
    let copy_name = upload.image.as_ref().unwrap().name.clone();
    assert!(copy_name.starts_with(parent), "{copy_name}");
    assert_eq!(downloaded(&mut stack, &copy_name).await.unwrap().1, bytes);

    // What was copied is known: neither a second copy nor an upload of the same file sends anything.
    assert!(stored(&copied(&mut stack, copy(&[&image], parent)).await.unwrap()[0]).reused);
    let metadata = v1::UploadImageMetadata { parent: parent.to_owned(), ..to("", "a.jpg") };
    assert!(stack.upload(metadata, bytes).await.unwrap().reused);
}

#[tokio::test]
async fn other_copies_go_through_here_and_are_fitted_where_that_is_asked_for() {
    let mut stack = Stack::start(Settings::default()).await;
    let mut names = Vec::new();
    for (library, name, bytes) in suited() {
        let bytes = match library {
            "evotor" | "facebook" => bytes,
            _ => picture(600 - names.len() as u32, 450, ImageFormat::Jpeg),
        };
        names.push(stack.upload(to(library, name), bytes).await.unwrap().image.unwrap().name);
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let sources = [all[0], all[1], all[2], all[3], all[5]];
    let request = v1::CopyImagesRequest { fit: contain(), ..copy(&sources, "libraries/facebook") };
    let through = copied(&mut stack, request).await.unwrap();
    assert_eq!(through.len(), sources.len());
    for (name, outcome) in sources.iter().zip(&through) {
        let upload = stored(outcome);
        assert!(!upload.sent.as_ref().unwrap().fitted && !upload.reused, "{name}: {upload:?}");
    }
    let small = stack.upload(to("facebook", "small.png"), picture(100, 100, ImageFormat::Png)).await.unwrap();
    // Too small for Yandex as it is.
    let request = copy(&[&small.image.unwrap().name], "libraries/yandex-v5");
    let Some(Upload::Error(status)) = &copied(&mut stack, request.clone()).await.unwrap()[0].result else { panic!() };
    assert_eq!(status.code, Code::InvalidArgument as i32);
    let fitted = copied(&mut stack, v1::CopyImagesRequest { fit: contain(), ..request }).await.unwrap();
    assert!(stored(&fitted[0]).sent.as_ref().unwrap().fitted);
    // A product has one picture, which gives way only if that is asked for.
    let request = v1::CopyImagesRequest { fit: contain(), ..copy(&[all[2]], "libraries/evotor") };
    let Some(Upload::Error(status)) = &copied(&mut stack, request.clone()).await.unwrap()[0].result else { panic!() };
    assert_eq!(status.code, Code::AlreadyExists as i32);
    let replaced = copied(&mut stack, v1::CopyImagesRequest { replace: true, ..request }).await.unwrap();
    let now: Vec<_> = stack.list("evotor").await.unwrap().into_iter().map(|image| image.name).collect();
    assert_eq!(now, [stored(&replaced[0]).image.as_ref().unwrap().name.clone()]);
}

#[tokio::test]
async fn each_image_of_a_copy_fails_alone_and_what_is_malformed_is_refused_at_once() {
    let mut stack = Stack::start(Settings::default()).await;
    let image = stack.upload(to("facebook", "a.jpg"), picture(600, 450, ImageFormat::Jpeg)).await.unwrap();
    let image = image.image.unwrap().name;
    let missing = "libraries/facebook/albums/1000000001/images/ffffffffffffffffffffffffffffffff";
    let unserved = "libraries/yandex-v5/albums/self/images/ffffffffffffffffffffff";
    let request = copy(&[&image, missing, &image, unserved], "libraries/facebook/albums/1000000002");
    let outcomes = copied(&mut stack, request).await.unwrap();
    assert_eq!(stored(&outcomes[0]), stored(&outcomes[2]));
    for outcome in [&outcomes[1], &outcomes[3]] {
        let Some(Upload::Error(status)) = &outcome.result else { panic!("{outcome:?}") };
        assert_eq!(status.code, Code::NotFound as i32, "{status:?}");
    }
    // An album is no copy of itself.
    let itself = copied(&mut stack, copy(&[&image], "libraries/facebook")).await.unwrap();
    let Some(Upload::Error(status)) = &itself[0].result else { panic!("{itself:?}") };
    assert_eq!(status.code, Code::InvalidArgument as i32);

    let many = vec![image.as_str(); 1001];
    for (request, expected) in [
        (copy(&[], "libraries/facebook"), (Code::InvalidArgument, "INVALID_ARGUMENT")),
        (copy(&many, "libraries/yandex-v5"), (Code::InvalidArgument, "INVALID_ARGUMENT")),
        (copy(&["a.png"], "libraries/facebook"), (Code::InvalidArgument, "INVALID_ARGUMENT")),
        (copy(&[&image], "libraries/nowhere"), (Code::NotFound, "LIBRARY_NOT_FOUND")),
        (copy(&["libraries/nowhere/albums/a/images/b"], "libraries/facebook"), (Code::NotFound, "LIBRARY_NOT_FOUND")),
        (copy(&[&image], "libraries"), (Code::InvalidArgument, "INVALID_ARGUMENT")),
    ] {
        let refusal = Refusal::of(&stack.images.copy_images(request.clone()).await.unwrap_err());
        assert_eq!((refusal.code, &*refusal.reason), expected, "{:?}", request.parent);
        assert_eq!(refusal.get("applied"), "no");
    }
}
