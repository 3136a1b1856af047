//! The unary methods: libraries, lists and their tokens, reads, deletions.

use polyptych_proto::v1;
use tonic::{Code, Status};

use crate::support::{Server, blamed, fact, reason};

fn told(status: &Status) -> (Code, String, Vec<String>) {
    (status.code(), reason(status), blamed(status))
}

fn argument(field: &str) -> (Code, String, Vec<String>) {
    (Code::InvalidArgument, "INVALID_ARGUMENT".to_owned(), vec![field.to_owned()])
}

fn list(parent: &str, page_size: i32, page_token: &str) -> v1::ListImagesRequest {
    v1::ListImagesRequest { parent: parent.to_owned(), page_size, page_token: page_token.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn libraries_are_listed_in_the_order_of_their_ids_page_by_page() {
    let server = Server::start();
    let mut client = server.libraries().await;
    let mut request = v1::ListLibrariesRequest { page_size: 2, page_token: String::new() };
    let first = client.list_libraries(request.clone()).await.unwrap().into_inner();
    let names =
        |page: &v1::ListLibrariesResponse| page.libraries.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&first), ["libraries/alpha", "libraries/beta"]);
    request.page_token = first.next_page_token;
    let second = client.list_libraries(request.clone()).await.unwrap().into_inner();
    assert_eq!((names(&second), second.next_page_token.as_str()), (vec!["libraries/gamma".to_owned()], ""));
    request.page_size = 3;
    request.page_token.clear();
    let all = client.list_libraries(request).await.unwrap().into_inner();
    assert_eq!((all.libraries.len(), all.next_page_token.as_str()), (3, ""));
}

#[tokio::test(start_paused = true)]
async fn a_library_is_told_with_its_capabilities_and_rules() {
    use v1::capabilities::Support;
    use v1::image_class::Evidence;
    let server = Server::start();
    let request = v1::GetLibraryRequest { name: "libraries/alpha".to_owned() };
    let library = server.libraries().await.get_library(request).await.unwrap().into_inner();
    let pixels = |side| Some(v1::Pixels { width: side, height: side });
    let expected = v1::Library {
        name: "libraries/alpha".to_owned(),
        provider: "evotor".to_owned(),
        encoding: "bytes".to_owned(),
        default_album: "libraries/alpha/albums/self".to_owned(),
        capabilities: Some(v1::Capabilities {
            deduplicates: Support::Native.into(),
            replace: Support::Emulated.into(),
            download: Support::Native.into(),
            uploads_per_call: 3,
            deletes_per_call: 10_000,
            page_size: 2,
            copy: Support::Emulated.into(),
            associations: Support::Absent.into(),
            associate: Support::Absent.into(),
            albums: Support::Absent.into(),
            room: Support::Absent.into(),
            import_uri: Support::Emulated.into(),
        }),
        rules: Some(v1::Rules {
            classes: vec![
                v1::ImageClass {
                    display_name: "SMALL".to_owned(),
                    media_types: vec!["image/png".to_owned(), "image/jpeg".to_owned()],
                    min_size: pixels(4),
                    max_size: pixels(900),
                    min_ratio: 0.5,
                    max_ratio: 2.0,
                    max_bytes: 4 << 20,
                    automatic: true,
                    evidence: Evidence::Documented.into(),
                    ..Default::default()
                },
                v1::ImageClass {
                    display_name: "ICON".to_owned(),
                    media_types: vec!["image/png".to_owned()],
                    exact_sizes: pixels(16).into_iter().collect(),
                    max_bytes: 10_000,
                    evidence: Evidence::Assumed.into(),
                    ..Default::default()
                },
            ],
            max_name_chars: 40,
            name_extension_required: true,
            max_images_per_album: 1000,
        }),
    };
    assert_eq!(library, expected);
}

#[tokio::test(start_paused = true)]
async fn malformed_and_unknown_names_are_told_apart() {
    let server = Server::start();
    let mut libraries = server.libraries().await;
    let mut images = server.images().await;
    let get = |name: &str| v1::GetLibraryRequest { name: name.to_owned() };
    assert_eq!(told(&libraries.get_library(get("alpha")).await.unwrap_err()), argument("name"));
    let status = libraries.get_library(get("libraries/missing")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "LIBRARY_NOT_FOUND"));
    assert_eq!(fact(&status, "library").as_deref(), Some("missing"));
    let bad = "libraries/alpha/albums/self".to_owned();
    let status = images.get_image(v1::GetImageRequest { name: bad.clone() }).await.unwrap_err();
    assert_eq!(told(&status), argument("name"));
    let status = images.delete_image(v1::DeleteImageRequest { name: bad, ..Default::default() }).await.unwrap_err();
    assert_eq!(told(&status), argument("name"));
    assert_eq!(told(&images.list_images(list("alpha", 0, "")).await.unwrap_err()), argument("parent"));
    assert_eq!(told(&images.list_images(list("libraries/beta", 0, "")).await.unwrap_err()), argument("parent"));
    let missing = "libraries/missing/albums/a/images/b".to_owned();
    let status = images.delete_image(v1::DeleteImageRequest { name: missing, ..Default::default() }).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "LIBRARY_NOT_FOUND"));
}

#[tokio::test(start_paused = true)]
async fn an_album_is_listed_page_by_page_whichever_way_it_is_named() {
    let server = Server::start();
    for id in ["a", "b", "c/d", "e"] {
        server.library.put("self", id);
    }
    server.library.put("other", "x");
    let mut client = server.images().await;
    let first = client.list_images(list("libraries/alpha", 3, "")).await.unwrap().into_inner();
    let names: Vec<_> = first.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "libraries/alpha/albums/self/images/a",
            "libraries/alpha/albums/self/images/b",
            "libraries/alpha/albums/self/images/c%2Fd"
        ]
    );
    let next = list("libraries/alpha/albums/self", 3, &first.next_page_token);
    let second = client.list_images(next).await.unwrap().into_inner();
    assert_eq!((second.images.len(), second.images[0].uid.as_str(), second.next_page_token.as_str()), (1, "e", ""));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_list_and_a_forged_one_are_refused() {
    let server = Server::start();
    for id in ["a", "b", "c"] {
        server.library.put("self", id);
        server.library.put("other", id);
    }
    let mut client = server.images().await;
    let page = client.list_images(list("libraries/alpha", 1, "")).await.unwrap().into_inner();
    let token = page.next_page_token;
    let mut forged = token.clone();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for (parent, token) in [
        ("libraries/alpha/albums/other", token.as_str()),
        ("libraries/gamma", &token),
        ("libraries/alpha", &forged),
        ("libraries/alpha", "1"),
        ("libraries/alpha", "no token"),
    ] {
        let status = client.list_images(list(parent, 1, token)).await.unwrap_err();
        assert_eq!(told(&status), argument("page_token"), "{parent} {token}");
    }
    let request = v1::ListLibrariesRequest { page_size: 1, page_token: token };
    let status = server.libraries().await.list_libraries(request).await.unwrap_err();
    assert_eq!(told(&status), argument("page_token"));
}

#[tokio::test(start_paused = true)]
async fn a_page_size_is_bounded_and_never_negative() {
    let server = Server::with(|settings| (settings.page_size, settings.max_page_size) = (2, 3));
    for number in 0..10 {
        server.library.put("self", &format!("image-{number}"));
    }
    let mut client = server.images().await;
    for (asked, got) in [(0, 2), (1, 1), (3, 3), (1000, 3)] {
        let page = client.list_images(list("libraries/alpha", asked, "")).await.unwrap().into_inner();
        assert_eq!(page.images.len(), got, "{asked}");
    }
    assert_eq!(told(&client.list_images(list("libraries/alpha", -1, "")).await.unwrap_err()), argument("page_size"));
    let request = v1::ListLibrariesRequest { page_size: -5, page_token: String::new() };
    assert_eq!(told(&server.libraries().await.list_libraries(request).await.unwrap_err()), argument("page_size"));
}

#[tokio::test(start_paused = true)]
async fn an_image_is_read_and_deleted_by_its_name() {
    let server = Server::start();
    server.library.put("self", "c/d");
    let mut client = server.images().await;
    let name = "libraries/alpha/albums/self/images/c%2Fd".to_owned();
    let image = client.get_image(v1::GetImageRequest { name: name.clone() }).await.unwrap().into_inner();
    assert_eq!((image.name.as_str(), image.uid.as_str()), (name.as_str(), "c/d"));
    client.delete_image(v1::DeleteImageRequest { name: name.clone(), ..Default::default() }).await.unwrap();
    let gone = client.get_image(v1::GetImageRequest { name: name.clone() }).await.unwrap_err();
    assert_eq!((gone.code(), reason(&gone).as_str()), (Code::NotFound, "IMAGE_NOT_FOUND"));
    let gone = client.delete_image(v1::DeleteImageRequest { name, ..Default::default() }).await.unwrap_err();
    assert_eq!((gone.code(), reason(&gone).as_str()), (Code::NotFound, "IMAGE_NOT_FOUND"));
}
