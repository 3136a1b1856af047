//! Evotor product images.

use polyptych_domain::{Applied, ErrorKind, ImageLibrary, Pixels};
use polyptych_providers::Evotor;
use polyptych_transport::Auth;

use crate::reference::file;
use crate::server::{IMAGE, Reply, Server, TOKEN, album, image, page, upload};

const ALBUM: &str = "20180413-2595-40E8-80CB-4646C05D81B6~5e46f8de";
const IMAGES: &str = "/stores/20180413-2595-40E8-80CB-4646C05D81B6/products/5e46f8de/images";
const EMPTY: &str = r#"{"items":[],"paging":{}}"#;
const OLD: &str = r#"{"items":[{"id":"old","url":"https://example.com/o"}],"paging":{}}"#;
const NEW: &str = r#"{"id":"new","url":"https://example.com/n"}"#;

fn library(server: &Server) -> Evotor {
    Evotor::new(server.settings(Auth::Header(http::HeaderName::from_static("x-authorization")))).unwrap()
}

fn lines(server: &Server) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.line.replace(IMAGES, "IMAGES")).collect()
}

#[tokio::test]
async fn an_upload_looks_first_and_then_posts_the_file() {
    let server = Server::new([Reply::ok(EMPTY), Reply::ok(NEW)]).await;
    let outcomes = library(&server).upload(&album(ALBUM), &[upload("till.png")]).await.unwrap();

    assert_eq!(outcomes[0].as_ref().unwrap().image.id.as_str(), "new");
    assert_eq!(lines(&server), ["GET IMAGES HTTP/1.1", "POST IMAGES HTTP/1.1"]);
    let post = server.asked().remove(1);
    assert_eq!(post.header("x-authorization"), Some(TOKEN));
    assert_eq!(post.header("accept"), Some("application/vnd.evotor.v2+json"));
    let boundary = post.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = [
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"datafile\"; filename=\"till.png\"\r\n")
            .as_bytes(),
        b"Content-Type: image/png\r\n\r\n",
        IMAGE,
        format!("\r\n--{boundary}--\r\n").as_bytes(),
    ]
    .concat();
    assert_eq!(post.body, expected);
}

#[tokio::test]
async fn an_occupied_product_is_left_alone() {
    let server = Server::new([Reply::ok(OLD)]).await;
    let outcomes = library(&server).upload(&album(ALBUM), &[upload("a.png")]).await.unwrap();
    let [Err(error)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((error.kind(), error.applied()), (ErrorKind::AlbumOccupied, Applied::No));
    assert_eq!(lines(&server), ["GET IMAGES HTTP/1.1"]);
}

#[tokio::test]
async fn a_replacement_deletes_and_then_posts() {
    for gone in [Reply::new(204, ""), Reply::new(404, "")] {
        let server = Server::new([Reply::ok(OLD), gone, Reply::ok(NEW)]).await;
        let mut upload = upload("a.png");
        upload.replace = true;
        let outcomes = library(&server).upload(&album(ALBUM), &[upload]).await.unwrap();
        assert_eq!(outcomes[0].as_ref().unwrap().image.id.as_str(), "new");
        assert_eq!(lines(&server), ["GET IMAGES HTTP/1.1", "DELETE IMAGES/old HTTP/1.1", "POST IMAGES HTTP/1.1"]);
    }
}

#[tokio::test]
async fn a_replacement_that_fails_halfway_says_that_the_old_image_is_gone() {
    let body = r#"{"code":"validation_failed","message":"m","violations":[{"subject":"datafile","reason":"not png"}]}"#;
    for (reply, kind, stored) in [
        (Reply::new(400, body), ErrorKind::RulesViolated, "was not stored"),
        (Reply::new(503, "<html>down</html>"), ErrorKind::ProviderUnavailable, "may not have been stored"),
    ] {
        let server = Server::new([Reply::ok(OLD), Reply::new(204, ""), reply]).await;
        let mut upload = upload("a.png");
        upload.replace = true;
        let error = match library(&server).upload(&album(ALBUM), &[upload]).await {
            Err(error) => error,
            Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
        };
        assert_eq!((error.kind(), error.applied()), (kind, Applied::Unknown));
        let start = format!("the old image was deleted, but the new one {stored}: ");
        assert!(error.message().starts_with(&start), "{error}");
        assert!(error.provider_error().is_some());
    }
}

#[tokio::test]
async fn a_replacement_that_cannot_delete_uploads_nothing() {
    let server = Server::new([Reply::ok(OLD), Reply::new(403, "")]).await;
    let mut upload = upload("a.png");
    upload.replace = true;
    let error = library(&server).upload(&album(ALBUM), &[upload]).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::PermissionDenied, Applied::No));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_replacement_that_stops_after_one_of_two_deletions_does_not_claim_that_nothing_changed() {
    let two = r#"{"items":[{"id":"a"},{"id":"b"}]}"#;
    let server = Server::new([Reply::ok(two), Reply::new(204, ""), Reply::new(403, "")]).await;
    let mut upload = upload("a.png");
    upload.replace = true;
    let error = library(&server).upload(&album(ALBUM), &[upload]).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::PermissionDenied, Applied::Unknown));
}

#[tokio::test]
async fn the_documented_samples_are_images() {
    let samples =
        [("image_get_200.json", "2018-09-04T13:31:10.357Z"), ("image_post_200.json", "2018-09-04T13:31:01.104Z")];
    for (name, created) in samples {
        let Some(body) = file(&format!("evotor/doc_samples/{name}")) else { return };
        let server = Server::new([Reply::ok(body)]).await;
        let found = library(&server).get(&album(ALBUM), &image("2392e522")).await.unwrap();
        assert_eq!((found.pixels, found.bytes), (Some(Pixels::new(300, 300)), Some(429)));
        assert_eq!(found.created.unwrap().to_string(), created);
        assert!(found.url.unwrap().starts_with("https://example.com/images/"));
        assert_eq!(server.only().line, format!("GET {IMAGES}/2392e522 HTTP/1.1"));
    }
    let Some(body) = file("evotor/doc_samples/images_list_200.json") else { return };
    let server = Server::new([Reply::ok(body)]).await;
    let list = library(&server).list(&album(ALBUM), &page(100, None)).await.unwrap();
    assert_eq!((list.items.len(), list.next), (1, None));
}

#[tokio::test]
async fn statuses_have_their_kinds_with_and_without_a_body() {
    let cases = [
        (400, ErrorKind::ProviderRefused, Applied::No),
        (401, ErrorKind::CredentialRefused, Applied::No),
        (402, ErrorKind::PermissionDenied, Applied::No),
        (403, ErrorKind::PermissionDenied, Applied::No),
        (404, ErrorKind::ImageNotFound, Applied::No),
        (429, ErrorKind::RateLimited, Applied::No),
        (502, ErrorKind::ProviderUnavailable, Applied::Unknown),
        (418, ErrorKind::ProviderRefused, Applied::No),
    ];
    for (status, kind, applied) in cases {
        for body in ["", "<html>x</html>", r#"{"code":"c","message":"m"}"#] {
            let server = Server::new([Reply::new(status, body)]).await;
            let error = match library(&server).delete(&album(ALBUM), &[image("i")]).await {
                Err(error) => error,
                Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
            };
            assert_eq!((error.kind(), error.applied()), (kind, applied), "{status} {body}");
            let words = error.provider_error().unwrap();
            assert_eq!(words.http_status, Some(status));
            assert!(!words.message.is_empty() && !words.message.contains("html>"), "{}", words.message);
        }
    }
}

#[tokio::test]
async fn the_providers_name_of_an_error_is_its_code_and_the_status_stands_in_for_it() {
    let named = r#"{"code":"invalid_format","message":"m","value":"line 1, column 161","violations":[]}"#;
    for (body, code, message) in [
        (named, "invalid_format", "m: line 1, column 161"),
        ("", "400", "an empty body"),
        (r#"{"code":"","message":"m"}"#, "400", "m"),
    ] {
        let server = Server::new([Reply::new(400, body)]).await;
        let error = library(&server).list(&album(ALBUM), &page(1, None)).await.unwrap_err();
        let words = error.provider_error().unwrap();
        assert_eq!((words.code.as_deref(), words.message.as_str()), (Some(code), message));
    }
}

#[tokio::test]
async fn recorded_violations_are_told_in_the_providers_words() {
    let Some(body) = file("evotor/doc_samples/error_400_validation_failed.recorded.json") else { return };
    let server = Server::new([Reply::new(400, body)]).await;
    let error = library(&server).list(&album(ALBUM), &page(1, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderRefused);
    let message = &error.provider_error().unwrap().message;
    assert!(message.starts_with("validation failed for specified payload: "), "{message}");
    assert!(message.contains("name: размер должен находиться в диапазоне от 0 до 160"), "{message}");
}

#[tokio::test]
async fn a_page_under_a_success_is_no_deletion() {
    let server = Server::new([Reply::ok("<html>log in to the network</html>")]).await;
    let error = library(&server).delete(&album(ALBUM), &[image("i")]).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderUnavailable, Applied::Unknown));
}

#[tokio::test]
async fn an_album_that_is_no_product_and_a_page_token_are_refused_without_a_call() {
    let server = Server::new([]).await;
    for name in ["store", "~", "store~", "~product", "..~x", "x~.."] {
        let error = library(&server).list(&album(name), &page(1, None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
    }
    let error = library(&server).list(&album(ALBUM), &page(1, Some("x"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = library(&server).get(&album(ALBUM), &image("..")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ImageNotFound);
}

#[tokio::test]
async fn ids_cannot_leave_their_segment() {
    let server = Server::new([Reply::new(404, "")]).await;
    library(&server).get(&album("a/b~c?d"), &image("e/../f")).await.unwrap_err();
    assert_eq!(server.only().line, "GET /stores/a%2Fb/products/c%3Fd/images/e%2F..%2Ff HTTP/1.1");
}
