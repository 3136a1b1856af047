//! What becomes of an upload whose answer was lost: found, sent once more, or left open; never sent blindly.

use polyptych_domain::{Applied, Error, ErrorKind, ImageLibrary, Uploaded};
use polyptych_providers::{Evotor, Facebook, Form, YandexEncoding, YandexLive4, YandexV5, YandexV5Version};
use polyptych_transport::Auth;

use crate::server::{IMAGE, Reply, Server, album, upload};

/// The three APIs that keep identical bytes once.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form3 {
    V5,
    Live4,
    Facebook,
}

const ALL: [Form3; 3] = [Form3::V5, Form3::Live4, Form3::Facebook];

impl Form3 {
    fn library(self, server: &Server) -> Box<dyn ImageLibrary> {
        match self {
            Self::V5 => {
                let settings = server.patient(Auth::Bearer);
                Box::new(YandexV5::new(settings, YandexEncoding::Json, YandexV5Version::V5).unwrap())
            }
            Self::Live4 => {
                Box::new(YandexLive4::new(server.patient(Auth::InBody), YandexEncoding::Json, "en").unwrap())
            }
            Self::Facebook => Box::new(Facebook::new(server.patient(Auth::Bearer), Form::Multipart, None).unwrap()),
        }
    }

    fn album(self) -> &'static str {
        if self == Self::Facebook { "1" } else { "self" }
    }

    /// The answer to an upload of images with these hashes.
    fn stored(self, hashes: &[&str]) -> Reply {
        let items: Vec<_> = hashes.iter().map(|hash| format!(r#"{{"AdImageHash":"{hash}"}}"#)).collect();
        let items = items.join(",");
        Reply::ok(match self {
            Self::V5 => format!(r#"{{"result":{{"AddResults":[{items}]}}}}"#),
            Self::Live4 => format!(r#"{{"data":{{"ActionsResult":[{items}]}}}}"#),
            Self::Facebook => format!(r#"{{"images":{{"a.png":{{"hash":"{}"}}}}}}"#, hashes[0]),
        })
    }

    /// A list of images: hash, name, path of the picture.
    fn list(self, images: &[(&str, &str, &str)]) -> Reply {
        let item = |(hash, name, path): &(&str, &str, &str)| match self {
            Self::V5 => format!(r#"{{"AdImageHash":"{hash}","Name":"{name}","OriginalUrl":"{{base}}{path}"}}"#),
            Self::Live4 => format!(r#"{{"AdImageHash":"{hash}","Name":"{name}","AdImageURL":"{{base}}{path}"}}"#),
            Self::Facebook => format!(
                r#"{{"hash":"{hash}","name":"{name}","url":"{{base}}{path}","created_time":"2026-11-21T12:00:01+0000"}}"#
            ),
        };
        let items = images.iter().map(item).collect::<Vec<_>>().join(",");
        Reply::ok(match self {
            Self::V5 => format!(r#"{{"result":{{"AdImages":[{items}]}}}}"#),
            Self::Live4 => format!(r#"{{"data":{{"AdImages":[{items}],"TotalObjectsCount":"1"}}}}"#),
            Self::Facebook => format!(r#"{{"data":[{items}]}}"#),
        })
    }

    /// A refusal that is about the image.
    fn bad_image(self) -> Reply {
        match self {
            Self::V5 => Reply::ok(r#"{"result":{"AddResults":[{"Errors":[{"Code":5004,"Message":"m"}]}]}}"#),
            Self::Live4 => {
                Reply::ok(r#"{"data":{"ActionsResult":[{"Errors":[{"FaultCode":5004,"FaultString":"m"}]}]}}"#)
            }
            Self::Facebook => Reply::new(400, r#"{"error":{"code":100,"error_subcode":1487411,"message":"m"}}"#),
        }
    }

    /// A refusal that is about the account.
    fn no_rights(self) -> Reply {
        match self {
            Self::V5 => Reply::ok(r#"{"error":{"error_code":54,"error_string":"m"}}"#),
            Self::Live4 => Reply::ok(r#"{"error_code":54,"error_str":"m"}"#),
            Self::Facebook => Reply::new(400, r#"{"error":{"code":10,"message":"m"}}"#),
        }
    }
}

fn picture(bytes: &[u8]) -> Reply {
    Reply::ok(bytes)
}

async fn one(library: &dyn ImageLibrary, album_id: &str) -> Result<Uploaded, Error> {
    library.upload(&album(album_id), &[upload("a.png")]).await.and_then(|mut outcomes| outcomes.remove(0))
}

#[tokio::test]
async fn an_image_of_the_same_bytes_under_its_name_is_the_upload() {
    for form in ALL {
        let list = form.list(&[("x", "b.png", "/x"), ("h", "a.png", "/h")]);
        let server = Server::new([Reply::lost(), list, picture(IMAGE)]).await;
        let uploaded = one(form.library(&server).as_ref(), form.album()).await.unwrap();
        assert_eq!((uploaded.image.id.as_str(), uploaded.found, uploaded.resent), ("h", true, 0), "{form:?}");
        let asked = server.asked();
        assert_eq!((asked.len(), asked[2].line.as_str()), (3, "GET /h HTTP/1.1"));
        assert_eq!((asked[2].header("authorization"), asked[2].text()), (None, ""));
    }
}

#[tokio::test]
async fn among_several_of_its_name_the_bytes_decide() {
    for form in ALL {
        let list = form.list(&[("g", "a.png", "/g"), ("h", "a.png", "/h"), ("i", "a.png", "/i")]);
        let other = vec![b'x'; IMAGE.len()];
        let replies = [Reply::lost(), list, picture(&other), Reply::new(403, ""), picture(IMAGE)];
        let server = Server::new(replies).await;
        let uploaded = one(form.library(&server).as_ref(), form.album()).await.unwrap();
        assert_eq!((uploaded.image.id.as_str(), uploaded.found, uploaded.resent), ("i", true, 0), "{form:?}");
    }
}

#[tokio::test]
async fn what_is_not_found_is_sent_once_more_and_counted() {
    for form in ALL {
        let other_bytes = [form.list(&[("g", "a.png", "/g")]), picture(b"another picture")];
        let looks = [vec![form.list(&[])], vec![form.list(&[("g", "b.png", "/g")])], other_bytes.to_vec()];
        for look in looks {
            let (asked, replies) = (look.len() + 2, [vec![Reply::lost()], look, vec![form.stored(&["h"])]].concat());
            let server = Server::new(replies).await;
            let uploaded = one(form.library(&server).as_ref(), form.album()).await.unwrap();
            assert_eq!((uploaded.image.id.as_str(), uploaded.found, uploaded.resent), ("h", false, 1), "{form:?}");
            assert_eq!(server.asked().len(), asked);
            let (first, last) = (&server.asked()[0], &server.asked()[asked - 1]);
            assert_eq!((&first.line, &first.body), (&last.line, &last.body));
        }
    }
}

#[tokio::test]
async fn one_picture_that_stalls_ends_the_search_for_all_uploads_of_a_call() {
    let list = Form3::V5.list(&[("g", "1.png", "/g"), ("h", "1.png", "/h"), ("i", "2.png", "/i")]);
    let server = Server::new([Reply::lost(), list, Reply::silent(), Form3::V5.stored(&["j", "k"])]).await;
    let library = Form3::V5.library(&server);
    let outcomes = library.upload(&album("self"), &["1.png", "2.png"].map(upload)).await.unwrap();
    let told: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap()).collect();
    assert_eq!(told.iter().map(|one| (one.image.id.as_str(), one.resent)).collect::<Vec<_>>(), [("j", 1), ("k", 1)]);
    assert_eq!(server.count("GET"), (1, 3));
}

#[tokio::test]
async fn nothing_is_sent_again_where_looking_fails() {
    for form in ALL {
        for failed in [form.no_rights(), Reply::new(404, "")] {
            let server = Server::new([Reply::lost(), failed]).await;
            let error = one(form.library(&server).as_ref(), form.album()).await.unwrap_err();
            assert_eq!((error.applied(), error.resent()), (Applied::Unknown, 0), "{form:?}");
            assert_eq!(server.asked().len(), 2);
        }
    }
}

#[tokio::test]
async fn an_upload_is_never_sent_a_third_time() {
    for form in ALL {
        let server = Server::new([Reply::lost(), form.list(&[]), Reply::lost()]).await;
        let error = one(form.library(&server).as_ref(), form.album()).await.unwrap_err();
        assert_eq!((error.applied(), error.resent()), (Applied::Unknown, 1), "{form:?}");
        assert_eq!(server.asked().len(), 3);
    }
}

#[tokio::test]
async fn a_second_sending_that_was_held_back_is_not_counted() {
    // The look tells that no points are left, so that the second upload never leaves.
    let poor = Form3::V5.list(&[]).with("Units", "15/39/64000");
    let server = Server::new([Reply::lost(), poor]).await;
    let error = one(Form3::V5.library(&server).as_ref(), "self").await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::QuotaExhausted, Applied::Unknown));
    assert_eq!((error.resent(), server.asked().len()), (0, 2));
}

#[tokio::test]
async fn a_second_refusal_speaks_for_the_first_only_if_it_is_about_the_image() {
    for form in ALL {
        for (refused, kind, applied) in [
            (form.bad_image(), ErrorKind::RulesViolated, Applied::No),
            (form.no_rights(), ErrorKind::PermissionDenied, Applied::Unknown),
        ] {
            let server = Server::new([Reply::lost(), form.list(&[]), refused]).await;
            let error = one(form.library(&server).as_ref(), form.album()).await.unwrap_err();
            assert_eq!((error.kind(), error.applied(), error.resent()), (kind, applied, 1), "{form:?}");
        }
    }
}

#[tokio::test]
async fn what_was_applied_and_cannot_be_read_is_looked_for_and_not_sent_again() {
    for form in ALL {
        let garbled = Reply::ok(r#"{"result": 7, "data": 7, "images": 7}"#);
        let server = Server::new([garbled.clone(), form.list(&[("h", "a.png", "/h")]), picture(IMAGE)]).await;
        assert!(one(form.library(&server).as_ref(), form.album()).await.unwrap().found, "{form:?}");
        let server = Server::new([garbled, form.list(&[])]).await;
        let error = one(form.library(&server).as_ref(), form.album()).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Yes), "{form:?}");
    }
}

#[tokio::test]
async fn of_a_batch_only_what_is_lost_is_looked_for_and_sent_again() {
    let answer = r#"{"result":{"AddResults":[{"AdImageHash":"h1"},{"Errors":[{"Code":1002,"Message":"m"}]},
        {"Errors":[{"Code":5004,"Message":"m"}]}]}}"#;
    let server = Server::new([Reply::ok(answer), Form3::V5.list(&[]), Form3::V5.stored(&["h2"])]).await;
    let uploads = ["1.png", "2.png", "3.png"].map(upload);
    let outcomes = Form3::V5.library(&server).upload(&album("self"), &uploads).await.unwrap();
    let [Ok(first), Ok(second), Err(third)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((first.image.id.as_str(), first.resent), ("h1", 0));
    assert_eq!((second.image.id.as_str(), second.resent), ("h2", 1));
    assert_eq!((third.kind(), third.resent()), (ErrorKind::RulesViolated, 0));
    let names = |asked: usize| server.asked()[asked].json()["params"]["AdImages"].as_array().unwrap().len();
    assert_eq!((names(0), names(2)), (3, 1));
}

#[tokio::test]
async fn only_unbound_images_are_looked_through_and_one_page_of_them() {
    let server = Server::new([Reply::lost(), Form3::V5.list(&[]), Form3::V5.stored(&["h"])]).await;
    one(Form3::V5.library(&server).as_ref(), "self").await.unwrap();
    let params = &server.asked()[1].json()["params"];
    assert_eq!(params["SelectionCriteria"], serde_json::json!({"Associated": "NO"}));
    assert_eq!(params["Page"], serde_json::json!({"Limit": 1_000}));
}

#[tokio::test]
async fn an_image_from_before_the_upload_is_not_fetched() {
    let old = r#"{"data":[{"hash":"h","name":"a.png","url":"{base}/h","created_time":"2026-11-21T11:54:59+0000"}]}"#;
    let server = Server::new([Reply::lost(), Reply::ok(old), Form3::Facebook.stored(&["h"])]).await;
    let uploaded = one(Form3::Facebook.library(&server).as_ref(), "1").await.unwrap();
    assert_eq!((uploaded.found, uploaded.resent), (false, 1));
}

#[tokio::test]
async fn an_image_that_came_as_base64_is_looked_for_under_the_providers_name() {
    let list = Form3::Facebook.list(&[("g", "a.png", "/g"), ("h", "bytes", "/h")]);
    let server = Server::new([Reply::lost(), list, picture(IMAGE)]).await;
    let library = Facebook::new(server.patient(Auth::Bearer), Form::Bytes, None).unwrap();
    assert_eq!(one(&library, "1").await.unwrap().image.id.as_str(), "h");
}

const TILL: &str = "store~product";
const EMPTY: &str = r#"{"items":[],"paging":{}}"#;

fn till(length: usize) -> Reply {
    Reply::ok(format!(r#"{{"items":[{{"id":"new","url":"{{base}}/p","meta":{{"file_size":{length}}}}}]}}"#))
}

async fn evotor(replies: Vec<Reply>) -> (Result<Uploaded, Error>, Server) {
    let server = Server::new(replies).await;
    let library = Evotor::new(server.patient(Auth::Bearer)).unwrap();
    (one(&library, TILL).await, server)
}

#[tokio::test]
async fn an_empty_product_that_now_holds_the_image_was_uploaded_to() {
    let (uploaded, _) = evotor(vec![Reply::ok(EMPTY), Reply::lost(), till(IMAGE.len()), picture(IMAGE)]).await;
    let uploaded = uploaded.unwrap();
    assert_eq!((uploaded.image.id.as_str(), uploaded.found, uploaded.resent), ("new", true, 0));
}

#[tokio::test]
async fn an_equal_length_does_not_prove_that_an_image_is_the_upload() {
    let length = IMAGE.len();
    let without_address = Reply::ok(format!(r#"{{"items":[{{"id":"new","meta":{{"file_size":{length}}}}}]}}"#));
    for look in [vec![till(length), Reply::new(401, "")], vec![without_address]] {
        let (uploaded, _) = evotor([vec![Reply::ok(EMPTY), Reply::lost()], look].concat()).await;
        let error = uploaded.unwrap_err();
        assert_eq!((error.applied(), error.resent()), (Applied::Unknown, 0));
    }
}

#[tokio::test]
async fn nothing_is_ever_posted_twice_to_a_till() {
    let other = vec![b'x'; IMAGE.len()];
    for look in
        [vec![Reply::ok(EMPTY)], vec![till(7)], vec![till(IMAGE.len()), picture(&other)], vec![Reply::new(403, "")]]
    {
        let (uploaded, server) = evotor([vec![Reply::ok(EMPTY), Reply::lost()], look].concat()).await;
        let error = uploaded.unwrap_err();
        assert_eq!((error.applied(), error.resent()), (Applied::Unknown, 0));
        assert_eq!(server.count("POST").0, 1);
    }
}
