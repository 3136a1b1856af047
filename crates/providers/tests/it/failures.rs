//! What is the same in all six forms when there is no answer, or none of the API.

use polyptych_domain::{Applied, Error, ErrorKind, ImageLibrary};
use polyptych_providers::{Evotor, Facebook, Form, YandexEncoding, YandexLive4, YandexV5, YandexV5Version};
use polyptych_transport::Auth;

use crate::server::{Reply, Server, TOKEN, album, page, upload};

/// The six forms at one server, each with an album.
fn forms(server: &Server) -> Vec<(Box<dyn ImageLibrary>, &'static str)> {
    let bearer = || server.settings(Auth::Bearer);
    let in_body = || server.settings(Auth::InBody);
    vec![
        (Box::new(YandexV5::new(bearer(), YandexEncoding::Json, YandexV5Version::V5).unwrap()), "self"),
        (Box::new(YandexV5::new(bearer(), YandexEncoding::Soap, YandexV5Version::V501).unwrap()), "self"),
        (Box::new(YandexLive4::new(in_body(), YandexEncoding::Json, "en").unwrap()), "self"),
        (Box::new(YandexLive4::new(in_body(), YandexEncoding::Soap, "en").unwrap()), "self"),
        (Box::new(Facebook::new(bearer(), Form::Bytes, None).unwrap()), "1"),
        (Box::new(Facebook::new(bearer(), Form::Multipart, Some("v25.0".to_owned())).unwrap()), "1"),
    ]
}

const FORMS: usize = 6;

async fn upload_error(library: &dyn ImageLibrary, album_id: &str) -> Error {
    match library.upload(&album(album_id), &[upload("a.png")]).await {
        Err(error) => error,
        Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
    }
}

#[tokio::test]
async fn every_form_names_its_encoding() {
    let server = Server::new([]).await;
    let encodings: Vec<_> = forms(&server).iter().map(|(library, _)| library.encoding()).collect();
    assert_eq!(encodings, ["json", "soap", "json", "soap", "bytes", "multipart"]);
}

#[tokio::test]
async fn a_gateways_page_says_nothing_of_the_api() {
    let page_text = "<!DOCTYPE html><html><title>502 Bad Gateway</title></html>";
    let cases = [
        (502, ErrorKind::ProviderUnavailable, Applied::Unknown),
        (504, ErrorKind::ProviderTimeout, Applied::Unknown),
        (429, ErrorKind::RateLimited, Applied::No),
        (200, ErrorKind::ProviderUnavailable, Applied::Unknown),
        (302, ErrorKind::Configuration, Applied::No),
    ];
    for (status, kind, applied) in cases {
        for index in 0..FORMS {
            let reply = Reply::new(status, page_text).with("Content-Type", "text/html; charset=utf-8");
            let server = Server::new([reply]).await;
            let (library, album_id) = forms(&server).remove(index);
            let error = upload_error(library.as_ref(), album_id).await;
            assert_eq!((error.kind(), error.applied()), (kind, applied), "{status} {index}");
            let words = error.provider_error().unwrap();
            assert_eq!((words.http_status, words.code.as_deref()), (Some(status), None));
            assert_eq!(words.message, "a body of 58 bytes, text/html");
        }
    }
}

#[tokio::test]
async fn an_empty_success_is_no_answer() {
    for index in 0..FORMS {
        let server = Server::new([Reply::ok("")]).await;
        let (library, album_id) = forms(&server).remove(index);
        let error = upload_error(library.as_ref(), album_id).await;
        assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderUnavailable, Applied::Unknown), "{index}");
        assert_eq!(error.provider_error().unwrap().message, "an empty body");
    }
}

#[tokio::test]
async fn a_success_that_does_not_read_was_applied_if_it_was_a_write() {
    for index in 0..FORMS {
        let garbage = match index {
            1 | 3 => "<SOAP-ENV:Envelope><SOAP-ENV:Body><x>",
            _ => "{\"result\": ",
        };
        // The second is the answer to the look that follows the upload.
        let server = Server::new([Reply::ok(garbage), Reply::ok(garbage), Reply::ok(garbage)]).await;
        let (library, album_id) = forms(&server).remove(index);
        let error = upload_error(library.as_ref(), album_id).await;
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Yes), "{index}");
        let error = library.list(&album(album_id), &page(1, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::No), "{index}");
    }
}

#[tokio::test]
async fn a_success_that_may_be_an_error_is_not_called_applied() {
    let json = ["{\"error\":\"text\"}", "{\"error\":{\"code\":", "{\"err"];
    let soap = ["<s:Envelope><s:Body><s:Fault><faultco", "<s:Envelope><s:Body>", "<s:Envelope><s:Body><s:Fau"];
    for index in 0..FORMS {
        for body in if matches!(index, 1 | 3) { soap } else { json } {
            let server = Server::new([Reply::ok(body)]).await;
            let (library, album_id) = forms(&server).remove(index);
            let error = upload_error(library.as_ref(), album_id).await;
            assert_eq!(error.applied(), Applied::Unknown, "{index} {body}: {error}");
        }
    }
}

/// All but Evotor refuse under 200 as well, and what was cut off may have been a refusal.
#[tokio::test]
async fn a_cut_answer_to_a_write_leaves_open_what_was_applied_and_keeps_its_request_id() {
    for index in 0..FORMS {
        let cut = Reply::ok("{").with("RequestId", "77").with("x-fb-trace-id", "77").cut();
        let server = Server::new([cut]).await;
        let (library, album_id) = forms(&server).remove(index);
        let error = upload_error(library.as_ref(), album_id).await;
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Unknown), "{index}");
        let words = error.provider_error().unwrap();
        assert_eq!((words.http_status, words.request_id.as_deref()), (Some(200), Some("77")));
    }
}

#[tokio::test]
async fn an_id_from_the_network_is_cut_to_what_a_header_can_carry() {
    let long = "9".repeat(10_000);
    for index in 0..FORMS {
        let server = Server::new([Reply::new(502, "").with("RequestId", &long).with("x-fb-trace-id", &long)]).await;
        let (library, album_id) = forms(&server).remove(index);
        let error = upload_error(library.as_ref(), album_id).await;
        assert_eq!(error.provider_error().unwrap().request_id.as_deref(), long.get(..128));
    }
}

#[tokio::test]
async fn a_status_that_neither_succeeds_nor_refuses_leaves_open_what_was_applied() {
    for status in [101, 999] {
        for index in 0..FORMS {
            let server = Server::new([Reply::new(status, "")]).await;
            let (library, album_id) = forms(&server).remove(index);
            let error = upload_error(library.as_ref(), album_id).await;
            assert_eq!(error.applied(), Applied::Unknown, "{status} {index}");
        }
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_applied_nothing() {
    for index in 0..FORMS {
        let server = Server::new([]).await;
        let (library, album_id) = forms(&server).remove(index);
        // The server has no answers to give and is gone once its task has run.
        tokio::task::yield_now().await;
        let error = upload_error(library.as_ref(), album_id).await;
        assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderUnavailable, Applied::No), "{index}");
        assert_eq!(error.library().unwrap().as_str(), "library");
        assert_eq!((error.album().unwrap().as_str(), error.provider()), (album_id, Some(library.provider())));
        assert!(error.provider_error().is_none());
    }
}

#[tokio::test]
async fn no_error_holds_the_token() {
    for index in 0..FORMS {
        let replies = [
            Reply::ok(format!("{{\"x\": \"{TOKEN}\"")),
            Reply::ok(format!("{{\"result\": \"{TOKEN}\"}}")),
            Reply::ok(format!("{{\"data\": \"{TOKEN}\"}}")),
            Reply::ok(format!("{{\"images\": \"{TOKEN}\"}}")),
            Reply::ok(format!("{{\"error\": \"{TOKEN}\"}}")),
            Reply::ok(format!("{{\"error\": {{\"code\": 1, \"error_code\": 1, \"fbtrace_id\": \"{TOKEN}\"}}}}")),
            Reply::ok(format!("<Envelope><Body><{TOKEN}>")),
            Reply::new(502, "").with("RequestId", TOKEN).with("x-fb-trace-id", TOKEN),
            Reply::new(502, "x").with("Content-Type", TOKEN),
            Reply::new(500, TOKEN),
            Reply::ok(TOKEN).cut(),
        ];
        for reply in replies {
            let server = Server::new([reply]).await;
            let (library, album_id) = forms(&server).remove(index);
            let error = upload_error(library.as_ref(), album_id).await;
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                let text = format!("{error} {error:?}");
                assert!(!text.contains(TOKEN), "{text}");
                cause = error.source();
            }
        }
    }
}

#[tokio::test]
async fn evotor_behaves_like_the_others_without_an_answer() {
    let server = Server::new([]).await;
    let library = Evotor::new(server.settings(Auth::Bearer)).unwrap();
    tokio::task::yield_now().await;
    let error = upload_error(&library, "store~product").await;
    assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderUnavailable, Applied::No));

    let server = Server::new([Reply::ok(r#"{"items":[]}"#), Reply::ok("{").cut()]).await;
    let library = Evotor::new(server.settings(Auth::Bearer)).unwrap();
    let error = upload_error(&library, "store~product").await;
    assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Yes));
}
