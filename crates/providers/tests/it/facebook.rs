//! Facebook ad images in both forms of upload.

use std::sync::Arc;

use polyptych_domain::{Applied, ErrorKind, ImageLibrary, Pixels};
use polyptych_providers::facebook::AppSecretProof;
use polyptych_providers::{Facebook, Form};
use polyptych_transport::{Auth, Clock, Signing};
use secrecy::ExposeSecret;

use crate::reference::{graph, recorded};
use crate::server::{Hasty, IMAGE, Reply, Server, TOKEN, album, base64, image, page, settings, upload};

fn library(server: &Server, form: Form) -> Facebook {
    Facebook::new(server.settings(Auth::Bearer), form, None).unwrap()
}

const CREATED: &str = r#"{"images":{"bytes":{"hash":"4f99","url":"https:\/\/scontent.example\/a.jpg","height":600,
    "width":1200,"name":"bytes","url_128":"https:\/\/scontent.example\/t.jpg","url_256_height":"260"}}}"#;

#[tokio::test]
async fn bytes_travel_as_base64_in_json() {
    let server = Server::new([Reply::ok(CREATED)]).await;
    let outcomes = library(&server, Form::Bytes).upload(&album("act_1000000001"), &[upload("a.png")]).await.unwrap();

    let [Ok(stored)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((stored.image.id.as_str(), stored.image.name.as_deref()), ("4f99", Some("bytes")));
    assert_eq!(stored.image.album.as_str(), "1000000001");
    assert_eq!(stored.image.pixels, Some(Pixels::new(1200, 600)));
    assert_eq!(stored.image.url.as_deref(), Some("https://scontent.example/a.jpg"));
    assert_eq!(stored.image.preview_url.as_deref(), Some("https://scontent.example/t.jpg"));
    let asked = server.only();
    assert_eq!(asked.line, "POST /v26.0/act_1000000001/adimages HTTP/1.1");
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.json(), serde_json::json!({"bytes": base64(IMAGE)}));
}

#[tokio::test]
async fn a_form_carries_the_file_under_its_name() {
    let server = Server::new([Reply::ok(r#"{"images":{"cat.png":{"hash":"h","name":"cat.png"}}}"#)]).await;
    let outcomes = library(&server, Form::Multipart).upload(&album("1"), &[upload("cat.png")]).await.unwrap();

    assert_eq!(outcomes[0].as_ref().unwrap().image.name.as_deref(), Some("cat.png"));
    let asked = server.only();
    let boundary = asked.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = [
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"cat.png\"\r\n")
            .as_bytes(),
        b"Content-Type: image/png\r\n\r\n",
        IMAGE,
        format!("\r\n--{boundary}--\r\n").as_bytes(),
    ]
    .concat();
    assert_eq!(String::from_utf8_lossy(&asked.body), String::from_utf8_lossy(&expected));
    assert_eq!(asked.body, expected);
}

#[tokio::test]
async fn recorded_uploads_answer_their_hash() {
    if let Some(reply) = recorded("facebook/recorded/post_one_file.json") {
        let server = Server::new([reply]).await;
        let outcomes = library(&server, Form::Multipart).upload(&album("1"), &[upload("13006112.jpg")]).await.unwrap();
        assert_eq!(outcomes[0].as_ref().unwrap().image.id.as_str(), "d8fc613662fb5ef6cf5fb9d1fe779315");
    }
    for (name, hash) in [
        ("upload_multipart_2026-07-16", "2dd5a6417c24b8a4e6374de0b6960a6d"),
        ("upload_bytes_2018", "925e86d2d195a193cb2446c294960ea0"),
    ] {
        let Some(body) = graph(name) else { return };
        let server = Server::new([Reply::ok(body)]).await;
        let outcomes = library(&server, Form::Bytes).upload(&album("1"), &[upload("a.png")]).await.unwrap();
        assert_eq!(outcomes[0].as_ref().unwrap().image.id.as_str(), hash);
    }
}

#[tokio::test]
async fn a_recorded_read_by_hash_is_an_image() {
    let Some(reply) = recorded("facebook/recorded/get_by_one_hash.json") else { return };
    let server = Server::new([reply]).await;
    let found = library(&server, Form::Bytes)
        .get(&album("act_10152335766987003"), &image("d8fc613662fb5ef6cf5fb9d1fe779315"))
        .await
        .unwrap();
    assert_eq!(found.name.as_deref(), Some("13006112.jpg"));
    assert_eq!((found.pixels, found.in_use), (None, None));
    let line = server.only().line;
    assert!(line.starts_with("GET /v26.0/act_10152335766987003/adimages?"), "{line}");
    assert!(line.contains("hashes=%5B%22d8fc613662fb5ef6cf5fb9d1fe779315%22%5D"), "{line}");
    assert!(!line.contains(TOKEN));
}

#[tokio::test]
async fn a_recorded_list_of_two_has_no_next_page() {
    let Some(reply) = recorded("facebook/recorded/get_by_two_hashes.json") else { return };
    let server = Server::new([reply]).await;
    let list = library(&server, Form::Bytes).list(&album("1"), &page(1_000, None)).await.unwrap();
    assert_eq!((list.items.len(), list.next), (2, None));
    assert!(server.only().line.contains("limit=500"));
}

#[tokio::test]
async fn a_list_goes_on_after_the_cursor_while_there_is_a_next_page() {
    let server = Server::new([Reply::ok(
        r#"{"data":[
            {"hash":"a","name":"a.png","width":10,"height":20,"created_time":"2016-01-01T00:00:00+0000","creatives":["1"]},
            {"hash":"b","status":"DELETED"},
            {"hash":"c","status":"ACTIVE","is_associated_creatives_in_adgroups":false}],
            "paging":{"cursors":{"before":"B","after":"A/="},"next":"https://graph.facebook.com/x?access_token=t"}}"#,
    )])
    .await;
    let list = library(&server, Form::Bytes).list(&album("1"), &page(25, Some("+&"))).await.unwrap();
    assert_eq!(list.next.as_deref(), Some("A/="));
    let [first, second] = list.items.as_slice() else { panic!("{list:?}") };
    assert_eq!((first.id.as_str(), first.in_use), ("a", Some(true)));
    assert_eq!(
        (first.pixels, first.created.unwrap().to_string()),
        (Some(Pixels::new(10, 20)), "2016-01-01T00:00:00Z".to_owned())
    );
    assert_eq!((second.id.as_str(), second.in_use), ("c", Some(false)));
    let line = server.only().line;
    assert!(line.contains("limit=25") && line.contains("after=%2B%26"), "{line}");
    assert!(line.contains("fields=hash%2Cname%2Cwidth%2Cheight%2Cstatus"), "{line}");
}

#[tokio::test]
async fn an_image_that_is_not_told_of_is_not_found() {
    for body in [r#"{"data":[]}"#, r#"{"data":[{"hash":"other"}]}"#, r#"{"data":[{"hash":"h","status":"DELETED"}]}"#] {
        let server = Server::new([Reply::ok(body)]).await;
        let error = library(&server, Form::Bytes).get(&album("1"), &image("h")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ImageNotFound, "{body}");
    }
}

#[tokio::test]
async fn a_delete_names_the_hash_and_believes_a_success_only() {
    let cases = [
        (r#"{"success":true}"#, None),
        (r#"{"success":false}"#, Some((ErrorKind::ProviderRefused, Applied::No))),
        ("{}", Some((ErrorKind::AnswerUnreadable, Applied::Unknown))),
    ];
    for (body, expected) in cases {
        let server = Server::new([Reply::ok(body)]).await;
        let outcome = library(&server, Form::Bytes).delete(&album("1"), &[image("h/1")]).await;
        let refused = outcome.err().map(|error| (error.kind(), error.applied()));
        assert_eq!(refused, expected, "{body}");
        assert_eq!(server.only().line, "DELETE /v26.0/act_1/adimages?hash=h%2F1 HTTP/1.1");
    }
}

#[tokio::test]
async fn a_next_page_without_a_cursor_is_unreadable_rather_than_the_end() {
    let server = Server::new([Reply::ok(r#"{"data":[],"paging":{"next":"https://graph.facebook.com/x"}}"#)]).await;
    let error = library(&server, Form::Bytes).list(&album("1"), &page(1, None)).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::No));
}

#[tokio::test]
async fn a_list_that_does_not_advance_is_refused_rather_than_followed() {
    let body = r#"{"data":[{"hash":"a"}],"paging":{"cursors":{"after":"C"},"next":"https://graph.facebook.com/x"}}"#;
    let server = Server::new([Reply::ok(body)]).await;
    let error = library(&server, Form::Bytes).list(&album("1"), &page(1, Some("C"))).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::No));
}

#[tokio::test]
async fn a_failure_of_the_provider_during_an_upload_leaves_open_what_was_applied() {
    for (status, error, applied) in [
        (500, r#"{"code":1,"message":"An unknown error occurred"}"#, Applied::Unknown),
        (500, r#"{"code":2,"is_transient":true}"#, Applied::Unknown),
        (400, r#"{"code":424242,"is_transient":true}"#, Applied::Unknown),
        (500, r#"{"code":1,"error_subcode":99}"#, Applied::No),
        (400, r#"{"code":17,"is_transient":true}"#, Applied::No),
        (400, r#"{"code":424242}"#, Applied::No),
    ] {
        let server = Server::new([Reply::new(status, format!(r#"{{"error":{error}}}"#))]).await;
        let outcome = library(&server, Form::Bytes).upload(&album("1"), &[upload("a.png")]).await;
        assert_eq!(outcome.unwrap_err().applied(), applied, "{error}");
    }
}

#[tokio::test]
async fn a_refused_deletion_is_explained_by_the_image_itself() {
    let refused = Reply::new(400, r#"{"error":{"message":"m","code":100,"fbtrace_id":"T"}}"#);
    let cases = [
        (Reply::ok(r#"{"data":[]}"#), ErrorKind::ImageNotFound),
        (Reply::ok(r#"{"data":[{"hash":"h","creatives":["1"]}]}"#), ErrorKind::ImageInUse),
        (Reply::ok(r#"{"data":[{"hash":"h"}]}"#), ErrorKind::ProviderRefused),
        (Reply::new(500, ""), ErrorKind::ProviderRefused),
    ];
    for (found, kind) in cases {
        let server = Server::new([refused.clone(), found]).await;
        let error = match library(&server, Form::Bytes).delete(&album("1"), &[image("h")]).await {
            Err(error) => error,
            Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
        };
        assert_eq!((error.kind(), error.applied()), (kind, Applied::No));
        let words = error.provider_error().unwrap();
        assert_eq!((words.code.as_deref(), words.request_id.as_deref()), (Some("100"), Some("T")));
        assert!(server.asked()[1].line.starts_with("GET /v26.0/act_1/adimages?hashes="));
    }
}

#[tokio::test]
async fn recorded_errors_have_their_kinds_under_any_status() {
    let cases = [
        ("error_1487411", ErrorKind::RulesViolated, "100", Some("1487411")),
        ("error_1487197", ErrorKind::RulesViolated, "100", Some("1487197")),
        ("error_zip_deprecated", ErrorKind::RulesViolated, "100", Some("1815814")),
        ("error_hash_required", ErrorKind::ProviderRefused, "100", None),
        ("error_17", ErrorKind::RateLimited, "17", None),
        ("error_80004", ErrorKind::RateLimited, "80004", Some("2446079")),
    ];
    for (name, kind, code, subcode) in cases {
        for status in [400, 200] {
            let Some(body) = graph(name) else { return };
            let server = Server::new([Reply::new(status, body)]).await;
            let error = match library(&server, Form::Bytes).upload(&album("1"), &[upload("a.png")]).await {
                Err(error) => error,
                Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
            };
            assert_eq!((error.kind(), error.applied()), (kind, Applied::No), "{name}");
            let words = error.provider_error().unwrap();
            assert_eq!((words.code.as_deref(), words.subcode.as_deref()), (Some(code), subcode), "{name}");
            assert_eq!(words.http_status, Some(status));
            assert_eq!(words.request_id.is_some(), name != "error_zip_deprecated", "{name}");
        }
    }
}

#[tokio::test]
async fn the_same_code_means_the_image_or_the_account() {
    let body = r#"{"error":{"message":"Unsupported get request.","type":"GraphMethodException","code":100,"error_subcode":33}}"#;
    let server = Server::new([Reply::new(400, body), Reply::new(400, body)]).await;
    let library = library(&server, Form::Bytes);
    let outcomes = library.delete(&album("1"), &[image("h")]).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap_err().kind(), ErrorKind::ImageNotFound);
    let error = library.list(&album("1"), &page(1, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlbumNotFound);
}

#[tokio::test]
async fn an_unknown_code_that_calls_itself_transient_is_an_outage() {
    let body = r#"{"error":{"message":"m","code":424242,"is_transient":true,"fbtrace_id":"T"}}"#;
    let server = Server::new([Reply::new(400, body)]).await;
    let error = library(&server, Form::Bytes).list(&album("1"), &page(1, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderUnavailable);
    assert_eq!(error.provider_error().unwrap().request_id.as_deref(), Some("T"));
}

#[tokio::test]
async fn the_request_id_of_the_header_stands_in_for_one_that_the_body_lacks() {
    for (trace, expected) in [(r#""fbtrace_id":"T""#, "T"), (r#""fbtrace_id":"""#, "H"), (r#""type":"x""#, "H")] {
        let body = format!(r#"{{"error":{{"code":190,{trace}}}}}"#);
        let server = Server::new([Reply::new(400, body).with("x-fb-trace-id", "H")]).await;
        let error = library(&server, Form::Bytes).list(&album("1"), &page(1, None)).await.unwrap_err();
        assert_eq!(error.provider_error().unwrap().request_id.as_deref(), Some(expected), "{trace}");
    }
}

#[tokio::test]
async fn a_token_that_the_provider_quotes_stays_out_of_the_error() {
    let body = format!(r#"{{"error":{{"message":"Malformed access token {TOKEN}","code":190}}}}"#);
    let server = Server::new([Reply::new(400, body)]).await;
    let error = library(&server, Form::Bytes).list(&album("1"), &page(1, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CredentialRefused);
    assert_eq!(error.provider_error().unwrap().message, "Malformed access token [redacted]");
    assert!(!format!("{error} {error:?}").contains(TOKEN));
}

#[tokio::test]
async fn an_upload_that_answers_no_single_hash_was_applied() {
    for body in [r#"{"images":{}}"#, r#"{"images":{"bytes":{"url":"u"}}}"#, r#"{"images":7}"#] {
        let server = Server::new([Reply::ok(body)]).await;
        let error = library(&server, Form::Bytes).upload(&album("1"), &[upload("a.png")]).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Yes), "{body}");
    }
}

#[tokio::test]
async fn an_album_that_is_no_account_is_refused_without_a_call() {
    let server = Server::new([]).await;
    for name in ["act_", "self", "act_act_1", "12a", "../1"] {
        let error = library(&server, Form::Bytes).list(&album(name), &page(1, None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
    }
}

/// The proof stands in the query and nowhere else; what the provider repeats of it is taken out.
#[tokio::test]
async fn every_call_is_proven_with_the_applications_secret() {
    let body = r#"{"error":{"code":100,"message":"Invalid appsecret_proof provided: PROOF"}}"#;
    for timed in [false, true] {
        let proof = AppSecretProof::new("secret".into());
        let proof = Arc::new(if timed { proof.with_time() } else { proof });
        let query = proof.query(&TOKEN.into(), Hasty::new().wall()).expose_secret().to_owned();
        let value = query.split(['=', '&']).nth(1).unwrap();
        let server = Server::new([Reply::new(400, body.replace("PROOF", value)), Reply::ok(CREATED)]).await;
        let connection = server.connection(Auth::Bearer).with_signing(proof);
        let library = Facebook::new(settings(connection), Form::Bytes, None).unwrap();
        let error = library.list(&album("1"), &page(1, None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CredentialRefused);
        assert!(!format!("{error} {error:?}").contains(value), "{error:?}");
        library.upload(&album("1"), &[upload("a.png")]).await.unwrap();
        let asked = server.asked();
        assert!(asked[0].line.ends_with(&format!("&limit=1&{query} HTTP/1.1")), "{}", asked[0].line);
        assert_eq!(asked[1].line, format!("POST /v26.0/act_1/adimages?{query} HTTP/1.1"));
        assert!(!asked[1].text().contains(value));
        assert_eq!(query.contains("appsecret_time=1795262400"), timed);
    }
}
