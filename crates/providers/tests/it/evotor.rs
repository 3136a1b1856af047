//! Evotor product images.

use polyptych_domain::{Applied, Error, ErrorKind, ImageLibrary, Pixels, Uploaded};
use polyptych_providers::Evotor;
use polyptych_transport::Auth;

use crate::reference::file;
use crate::server::{IMAGE, Reply, Server, TOKEN, album, image, page, upload};

const ALBUM: &str = "20180413-2595-40E8-80CB-4646C05D81B6~5e46f8de";
const IMAGES: &str = "/stores/20180413-2595-40E8-80CB-4646C05D81B6/products/5e46f8de/images";
const EMPTY: &str = r#"{"items":[],"paging":{}}"#;
const OLD: &str = r#"{"items":[{"id":"old","url":"{base}/old.png"}],"paging":{}}"#;
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n old picture";
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

async fn replaced(server: &Server) -> Result<Uploaded, Error> {
    let mut upload = upload("a.png");
    upload.replace = true;
    library(server).upload(&album(ALBUM), &[upload]).await?.remove(0)
}

#[tokio::test]
async fn a_replacement_fetches_the_old_picture_deletes_it_and_then_posts() {
    for gone in [Reply::new(204, ""), Reply::new(404, "")] {
        let server = Server::new([Reply::ok(OLD), Reply::ok(PICTURE), gone, Reply::ok(NEW)]).await;
        assert_eq!(replaced(&server).await.unwrap().image.id.as_str(), "new");
        let expected = ["GET IMAGES", "GET /old.png", "DELETE IMAGES/old", "POST IMAGES"];
        assert_eq!(lines(&server), expected.map(|line| format!("{line} HTTP/1.1")));
        assert_eq!(server.asked()[1].header("x-authorization"), None);
    }
}

#[tokio::test]
async fn a_replacement_whose_upload_fails_puts_the_old_picture_back() {
    let body = r#"{"code":"validation_failed","message":"m","violations":[{"subject":"datafile","reason":"not png"}]}"#;
    let back = r#"{"id":"back","url":"https://example.com/b"}"#;
    for (reply, kind, stored) in [
        (Reply::new(400, body), ErrorKind::RulesViolated, "was not stored"),
        (Reply::new(503, "<html>down</html>"), ErrorKind::ProviderUnavailable, "may not have been stored"),
    ] {
        // An upload whose outcome is open is looked for first.
        let looks = if stored.starts_with("may") { 2 } else { 1 };
        let mut replies = vec![Reply::ok(OLD), Reply::ok(PICTURE), Reply::new(204, ""), reply];
        replies.extend(vec![Reply::ok(EMPTY); looks]);
        replies.push(Reply::ok(back));
        let server = Server::new(replies).await;
        let error = replaced(&server).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (kind, Applied::Unknown));
        let start = format!("the new picture {stored}, and the old one was put back as back: ");
        assert!(error.message().starts_with(&start), "{error}");
        assert!(error.provider_error().is_some());
        let last = server.asked().pop().unwrap();
        assert!(last.line.starts_with("POST "), "{}", last.line);
        assert!(last.body.windows(PICTURE.len()).any(|part| part == PICTURE), "the very bytes");
    }
}

#[tokio::test]
async fn what_cannot_be_put_back_is_said() {
    let refused = || Reply::new(400, r#"{"code":"validation_failed","message":"m"}"#);
    let other = r#"{"items":[{"id":"other","url":"{base}/x"}],"paging":{}}"#;
    let [deleted, empty] = [Reply::new(204, ""), Reply::ok(EMPTY)];
    let picture = || Reply::ok(PICTURE);
    for (replies, expected) in [
        (vec![picture(), deleted.clone(), refused(), empty.clone(), refused()], "the old one is lost"),
        (
            vec![picture(), deleted.clone(), refused(), empty.clone(), Reply::lost(), empty.clone()],
            "the old one may not have been put back",
        ),
        (vec![picture(), deleted.clone(), refused(), Reply::ok(other)], "the product has another one by now"),
        (
            vec![Reply::new(404, ""), deleted.clone(), refused(), empty.clone()],
            "the old one, which was served no longer",
        ),
    ] {
        let server = Server::new(std::iter::once(Reply::ok(OLD)).chain(replies).collect::<Vec<_>>()).await;
        let error = replaced(&server).await.unwrap_err();
        assert_eq!(error.applied(), Applied::Unknown);
        assert!(error.message().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_replacement_that_cannot_keep_the_old_picture_changes_nothing() {
    for (old, picture) in [
        (OLD, vec![Reply::new(403, "")]),
        (OLD, vec![Reply::ok("cut").cut()]),
        (r#"{"items":[{"id":"old"}]}"#, vec![]),
        (r#"{"items":[{"id":"old","url":"http://169.254.169.254/x"}]}"#, vec![]),
    ] {
        let asked = 1 + picture.len();
        let server = Server::new(std::iter::once(Reply::ok(old)).chain(picture).collect::<Vec<_>>()).await;
        let error = replaced(&server).await.unwrap_err();
        assert_eq!(error.applied(), Applied::No);
        assert!(error.message().starts_with("nothing was changed, since the old picture"), "{error}");
        assert_eq!(server.asked().len(), asked);
    }
}

#[tokio::test]
async fn a_replacement_that_cannot_delete_uploads_nothing() {
    let server = Server::new([Reply::ok(OLD), Reply::ok(PICTURE), Reply::new(403, "")]).await;
    let error = replaced(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::PermissionDenied, Applied::No));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_leaves_the_product_with_a_picture() {
    let back = r#"{"id":"back","url":"https://example.com/b"}"#;
    for (then, applied, said) in [
        (vec![Reply::ok(OLD)], Applied::No, "the old one is still there"),
        (vec![Reply::ok(EMPTY), Reply::ok(back)], Applied::Unknown, "the old one was put back as back"),
    ] {
        let replies = [Reply::ok(OLD), Reply::ok(PICTURE), Reply::lost()].into_iter().chain(then);
        let server = Server::new(replies.collect::<Vec<_>>()).await;
        let error = replaced(&server).await.unwrap_err();
        assert_eq!(error.applied(), applied);
        assert!(error.message().starts_with(&format!("the new picture was not sent, and {said}: ")), "{error}");
    }
}

#[tokio::test]
async fn a_replacement_that_nobody_waits_for_goes_to_its_end_once_something_was_deleted() {
    let back = r#"{"id":"back","url":"https://example.com/b"}"#;
    let answers = [Reply::ok(OLD), Reply::ok(PICTURE), Reply::new(204, ""), Reply::new(400, "{}")];
    let server = Server::new(answers.into_iter().chain([Reply::ok(EMPTY), Reply::ok(back)])).await;
    let mut replacing = Box::pin(replaced(&server));
    while server.asked().len() < 3 {
        tokio::select! {
            biased;
            outcome = &mut replacing => panic!("{outcome:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(replacing);
    while server.asked().len() < 6 {
        tokio::task::yield_now().await;
    }
    assert!(server.asked()[5].line.starts_with("POST "));
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
