//! Copies that Facebook makes by itself, readings of several images, and pictures that are handed on.

use futures_util::TryStreamExt;
use polyptych_domain::{Applied, Error, ErrorKind, Image, ImageLibrary};
use polyptych_providers::{Facebook, Form, YandexEncoding, YandexLive4, YandexV5, YandexV5Version};
use polyptych_transport::Auth;
use serde_json::json;

use crate::server::{Reply, Server, album, image};

const COPIED: &str = r#"{"images":{"cat.png":{"hash":"h","name":"cat.png","width":5,"height":4}}}"#;
const HELD: &str = r#"{"data":[{"hash":"h","name":"cat.png"}]}"#;
const NONE: &str = r#"{"data":[]}"#;
const REFUSED: &str = r#"{"error":{"message":"(#100) no","type":"OAuthException","code":100,"fbtrace_id":"A"}}"#;

fn facebook(server: &Server) -> Facebook {
    Facebook::new(server.settings(Auth::Bearer), Form::Bytes, None).unwrap()
}

#[tokio::test]
async fn a_copy_names_account_and_hash_of_its_source() {
    let server = Server::new([Reply::ok(COPIED)]).await;
    let copied = facebook(&server).copy(&album("act_1"), &album("act_2"), &image("h")).await.unwrap();
    assert_eq!((copied.image.id, copied.image.album.as_str()), (image("h"), "2"));
    assert_eq!((copied.found, copied.resent), (false, 0));
    let asked = server.only();
    assert_eq!(asked.line, "POST /v26.0/act_2/adimages HTTP/1.1");
    assert_eq!(asked.json(), json!({ "copy_from": { "source_account_id": "1", "hash": "h" } }));
}

#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_looked_for_and_asked_for_once_more() {
    for (replies, expected) in [
        (vec![Reply::lost(), Reply::ok(HELD)], Ok((true, 0))),
        (vec![Reply::lost(), Reply::ok(NONE), Reply::ok(COPIED)], Ok((false, 1))),
        (vec![Reply::lost(), Reply::ok(NONE), Reply::lost()], Err((Applied::Unknown, 1))),
        (vec![Reply::lost(), Reply::ok(NONE), Reply::new(400, REFUSED)], Err((Applied::Unknown, 1))),
        (vec![Reply::lost(), Reply::new(503, "")], Err((Applied::Unknown, 0))),
        (vec![Reply::ok(r#"{"images":{}}"#), Reply::ok(NONE)], Err((Applied::Yes, 0))),
        (vec![Reply::ok(r#"{"images":{}}"#), Reply::ok(HELD)], Ok((true, 0))),
    ] {
        let asked = replies.len();
        let server = Server::new(replies).await;
        let copied = facebook(&server).copy(&album("1"), &album("2"), &image("h")).await;
        let told = copied.map(|copied| (copied.found, copied.resent));
        assert_eq!(told.map_err(|error| (error.applied(), error.resent())), expected);
        assert_eq!(server.asked().len(), asked);
    }
}

#[tokio::test]
async fn a_refused_copy_of_an_image_that_is_not_there_says_so() {
    for (look, kind) in [(NONE, ErrorKind::ImageNotFound), (HELD, ErrorKind::ProviderRefused)] {
        let server = Server::new([Reply::new(400, REFUSED), Reply::ok(look)]).await;
        let error = facebook(&server).copy(&album("1"), &album("2"), &image("h")).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (kind, Applied::No));
        assert!(server.asked()[1].line.starts_with("GET /v26.0/act_1/adimages"), "{:?}", server.asked()[1].line);
    }
}

fn kinds(outcomes: Vec<Result<Image, Error>>) -> Vec<Result<String, ErrorKind>> {
    let told = |outcome: Result<Image, Error>| outcome.map(|image| image.id.to_string()).map_err(|error| error.kind());
    outcomes.into_iter().map(told).collect()
}

#[tokio::test]
async fn several_images_are_read_in_one_call_in_the_order_asked_for() {
    let ids = ["a", "x", "b", "a"].map(image);
    let expected = [Ok("a"), Err(ErrorKind::ImageNotFound), Ok("b"), Ok("a")].map(|id| id.map(str::to_owned));

    let server = Server::new([Reply::ok(r#"{"result":{"AdImages":[{"AdImageHash":"b"},{"AdImageHash":"a"}]}}"#)]).await;
    let v5 = YandexV5::new(server.settings(Auth::Bearer), YandexEncoding::Json, YandexV5Version::V5).unwrap();
    assert_eq!(kinds(v5.get_many(&album("self"), &ids).await.unwrap()), expected);
    assert!(v5.get_many(&album("self"), &[]).await.unwrap().is_empty());
    server.only();

    let rows = r#"{"data":{"AdImages":[{"AdImageHash":"b"},{"AdImageHash":"a"}],"TotalObjectsCount":"2"}}"#;
    let server = Server::new([Reply::ok(rows)]).await;
    let live4 = YandexLive4::new(server.settings(Auth::InBody), YandexEncoding::Json, "en").unwrap();
    assert_eq!(kinds(live4.get_many(&album("self"), &ids).await.unwrap()), expected);

    let server = Server::new([Reply::ok(r#"{"data":[{"hash":"b"},{"hash":"a"}]}"#), Reply::ok(NONE)]).await;
    let many: Vec<_> = ids.iter().cloned().chain((0..50).map(|number| image(&format!("n{number}")))).collect();
    let told = kinds(facebook(&server).get_many(&album("1"), &many).await.unwrap());
    assert_eq!((&told[..4], told.len(), server.asked().len()), (&expected[..], 54, 2));
}

fn at(url: &str) -> Image {
    Image { url: Some(url.to_owned()), ..Image::new(album("1"), image("h")) }
}

#[tokio::test]
async fn a_picture_is_handed_on_without_the_credential() {
    let server = Server::new([Reply::ok("picture")]).await;
    let library = facebook(&server);
    let url = format!("{}/picture.png", server.address());
    let picture = library.download(&album("1"), &at(&url), 100).await.unwrap();
    assert_eq!(picture.len, Some(7));
    assert_eq!(picture.pieces.try_collect::<Vec<_>>().await.unwrap().concat(), b"picture");
    assert_eq!(server.only().header("authorization"), None);
}

#[tokio::test]
async fn a_picture_that_cannot_be_had_says_why() {
    let nowhere = Image::new(album("1"), image("h"));
    for (reply, most, kind) in [
        (Reply::new(404, ""), 100, ErrorKind::ProviderRefused),
        (Reply::new(403, ""), 100, ErrorKind::PermissionDenied),
        (Reply::new(503, ""), 100, ErrorKind::ProviderUnavailable),
        (Reply::new(302, ""), 100, ErrorKind::AnswerUnreadable),
        (Reply::ok("picture"), 6, ErrorKind::TooLarge),
        (Reply::lost(), 100, ErrorKind::ProviderUnavailable),
        (Reply::ok("zip").with("content-encoding", "gzip"), 100, ErrorKind::AnswerUnreadable),
    ] {
        let server = Server::new([reply]).await;
        let url = format!("{}/picture.png", server.address());
        let error = facebook(&server).download(&album("1"), &at(&url), most).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (kind, Applied::No), "{error}");
    }
    let server = Server::new([Reply::ok("pic").cut()]).await;
    let url = format!("{}/picture.png", server.address());
    let picture = facebook(&server).download(&album("1"), &at(&url), 100).await.unwrap();
    let error = picture.pieces.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderUnavailable);

    let server = Server::new([]).await;
    for image in [nowhere, at("http://169.254.169.254/latest"), at("https://127.0.0.1/"), at("file:///etc/passwd")] {
        let error = facebook(&server).download(&album("1"), &image, 100).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}
