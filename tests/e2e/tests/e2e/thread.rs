//! One image into each of the six libraries and back, through one gRPC call each.

use bytes::Bytes;
use image::ImageFormat;
use polyptych::emulator::Settings;
use polyptych_e2e::{Refusal, Stack, contain, picture, plain_client, to};
use tonic::Code;

/// Library, and a file that it takes as it is.
fn suited() -> [(&'static str, &'static str, Bytes); 6] {
    let jpeg = picture(600, 450, ImageFormat::Jpeg);
    [
        ("yandex-v5", "a.jpg", jpeg.clone()),
        ("yandex-v5-soap", "a.jpg", jpeg.clone()),
        ("yandex-live4", "a.jpg", jpeg.clone()),
        ("yandex-live4-soap", "a.jpg", jpeg.clone()),
        ("facebook", "a.jpg", jpeg),
        ("evotor", "a.png", picture(300, 300, ImageFormat::Png)),
    ]
}

/// Fetches with a client that knows nothing of our transport.
async fn fetched(uri: &str) -> Bytes {
    plain_client().get(uri).send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap()
}

#[tokio::test]
async fn what_is_sent_is_what_is_stored_until_it_is_deleted() {
    let mut stack = Stack::start(Settings::default()).await;
    for (library, name, bytes) in suited() {
        let uploaded = stack.upload(to(library, name), bytes.clone()).await.unwrap();
        let sent = uploaded.sent.unwrap();
        assert_eq!((sent.size_bytes, sent.fitted), (bytes.len() as i64, false), "{library}");
        let image = uploaded.image.unwrap();
        assert!(image.name.ends_with(&image.uid), "{library}: {}", image.name);

        let read = stack.get(&image.name).await.unwrap();
        assert_eq!(read.uid, image.uid, "{library}");
        assert_eq!(fetched(&read.uri).await, bytes, "{library}: {}", read.uri);
        assert_eq!(stack.list(library).await.unwrap().iter().map(|one| &one.name).collect::<Vec<_>>(), [&image.name]);

        stack.delete(&image.name).await.unwrap();
        let gone = Refusal::of(&stack.get(&image.name).await.unwrap_err());
        assert_eq!((gone.code, &*gone.reason, gone.get("library")), (Code::NotFound, "IMAGE_NOT_FOUND", library));
        assert_eq!(stack.list(library).await.unwrap(), []);
    }
    stack.running.stop().await.unwrap();
}

#[tokio::test]
async fn a_large_photo_is_fitted_to_every_library() {
    let mut stack = Stack::start(Settings::default()).await;
    let photo = picture(3000, 1500, ImageFormat::Jpeg);
    for (library, ..) in suited() {
        let metadata = polyptych::proto::v1::UploadImageMetadata { fit: contain(), ..to(library, "photo.jpg") };
        let sent = stack.upload(metadata, photo.clone()).await.unwrap().sent.unwrap();
        let size = sent.size.unwrap();
        let expected = match library {
            "facebook" => ("image/jpeg", 3000, 1500, false),
            "evotor" => ("image/png", 300, 300, true),
            // 2:1 is nearest to WIDE, which is 16:9.
            _ => ("image/jpeg", 3000, size.height, true),
        };
        assert_eq!((&*sent.media_type, size.width, size.height, sent.fitted), expected, "{library}");
    }
}

#[tokio::test]
async fn every_input_format_reaches_every_library() {
    let mut stack = Stack::start(Settings::default()).await;
    let formats =
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP];
    for format in formats {
        let bytes = picture(640, 480, format);
        for (library, ..) in suited() {
            let name = format!("picture.{}", format.extensions_str()[0]);
            let metadata =
                polyptych::proto::v1::UploadImageMetadata { fit: contain(), replace: true, ..to(library, &name) };
            let uploaded = stack.upload(metadata, bytes.clone()).await;
            assert!(uploaded.is_ok(), "{format:?} into {library}: {uploaded:?}");
        }
    }
}

#[tokio::test]
async fn pages_of_a_list_hold_every_image_once() {
    let mut stack = Stack::start(Settings::default()).await;
    for library in ["yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap", "facebook"] {
        let mut stored = Vec::new();
        for width in 600..605 {
            let uploaded = stack.upload(to(library, "a.png"), picture(width, 600, ImageFormat::Png)).await.unwrap();
            stored.push(uploaded.image.unwrap().name);
        }
        let (mut found, mut page_token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let parent = format!("libraries/{library}");
            let request = polyptych::proto::v1::ListImagesRequest { parent, page_size: 2, page_token };
            let page = stack.images.list_images(request).await.unwrap().into_inner();
            assert!(page.images.len() <= 2, "{library}");
            found.extend(page.images.into_iter().map(|image| image.name));
            pages += 1;
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        found.sort();
        stored.sort();
        assert_eq!(found, stored, "{library}");
        assert!((3..=4).contains(&pages), "{library}: {pages} pages");
    }
}
