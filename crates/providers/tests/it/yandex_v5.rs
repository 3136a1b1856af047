//! Yandex Direct API v5 in both encodings.

use polyptych_domain::{Applied, ErrorKind, ImageLibrary, Pixels};
use polyptych_providers::{YandexEncoding, YandexV5, YandexV5Version};
use polyptych_transport::Auth;

use crate::reference::{file, recorded};
use crate::server::{IMAGE, Reply, Server, TOKEN, album, base64, image, page, upload};

const BOTH: [YandexEncoding; 2] = [YandexEncoding::Json, YandexEncoding::Soap];

fn library(server: &Server, encoding: YandexEncoding) -> YandexV5 {
    YandexV5::new(server.settings(Auth::Bearer), encoding, YandexV5Version::V5).unwrap()
}

/// The same answer in either encoding.
fn answer(encoding: YandexEncoding, operation: &str, json: &str, xml: &str) -> Reply {
    match encoding {
        YandexEncoding::Json => Reply::ok(format!("{{\"result\":{json}}}")),
        YandexEncoding::Soap => Reply::ok(format!(
            "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>\
             <ns3:{operation}Response xmlns:ns3=\"http://api.direct.yandex.com/v5/adimages\">{xml}</ns3:{operation}Response>\
             </SOAP-ENV:Body></SOAP-ENV:Envelope>"
        )),
    }
    .with("RequestId", "77")
}

#[tokio::test]
async fn an_upload_sends_the_image_once_and_answers_its_hash() {
    for encoding in BOTH {
        let server = Server::new([answer(
            encoding,
            "Add",
            r#"{"AddResults":[{"AdImageHash":"h-1"}]}"#,
            "<AddResults><AdImageHash>h-1</AdImageHash></AddResults>",
        )])
        .await;
        let outcomes = library(&server, encoding).upload(&album("self"), &[upload("cat & dog.png")]).await.unwrap();

        let [Ok(stored)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!((stored.image.id.as_str(), stored.image.album.as_str()), ("h-1", "self"));
        let asked = server.only();
        assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(asked.header("client-login"), None);
        assert!(asked.text().contains(&base64(IMAGE)) && !asked.text().contains(TOKEN));
        match encoding {
            YandexEncoding::Json => {
                assert_eq!(asked.line, "POST /json/v5/adimages HTTP/1.1");
                let item = serde_json::json!({"ImageData": base64(IMAGE), "Type": "AUTO", "Name": "cat & dog.png"});
                let expected = serde_json::json!({"method": "add", "params": {"AdImages": [item]}});
                assert_eq!(asked.json(), expected);
            }
            YandexEncoding::Soap => {
                assert_eq!(asked.line, "POST /v5/adimages HTTP/1.1");
                assert!(asked.header("soapaction").unwrap().contains("/v5/adimages/add"));
                assert!(asked.text().contains("<Type>AUTO</Type><Name>cat &amp; dog.png</Name>"), "{}", asked.text());
            }
        }
    }
}

#[tokio::test]
async fn a_class_and_a_login_are_passed_on() {
    for encoding in BOTH {
        let reply = answer(
            encoding,
            "Add",
            r#"{"AddResults":[{"AdImageHash":"h"}]}"#,
            "<AddResults><AdImageHash>h</AdImageHash></AddResults>",
        );
        let server = Server::new([reply]).await;
        let mut upload = upload("a.png");
        upload.class = Some("FIXED_IMAGE".to_owned());
        library(&server, encoding).upload(&album("client-login"), &[upload]).await.unwrap();
        let asked = server.only();
        assert_eq!(asked.header("client-login"), Some("client-login"));
        assert!(asked.text().contains("FIXED_IMAGE"));
    }
}

#[tokio::test]
async fn a_batch_keeps_order_and_failed_items_do_not_hide_the_others() {
    for encoding in BOTH {
        let server = Server::new([answer(
            encoding,
            "Add",
            r#"{"AddResults":[
                {"Errors":[{"Code":5010,"Message":"Превышен допустимый размер файла","Details":"10 МБ"}]},
                {"AdImageHash":"h-2","Warnings":[{"Code":10000,"Message":"w"}]},
                {}]}"#,
            "<AddResults><Errors><Code>5010</Code><Message>Превышен допустимый размер файла</Message>\
             <Details>10 МБ</Details></Errors></AddResults>\
             <AddResults><Warnings><Code>10000</Code><Message>w</Message></Warnings><AdImageHash>h-2</AdImageHash>\
             </AddResults><AddResults/>",
        )])
        .await;
        let uploads = [upload("1.png"), upload("2.png"), upload("3.png")];
        let outcomes = library(&server, encoding).upload(&album("self"), &uploads).await.unwrap();

        let [Err(large), Ok(stored), Err(empty)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!((large.kind(), large.applied()), (ErrorKind::RulesViolated, Applied::No));
        let words = large.provider_error().unwrap();
        assert_eq!(words.code.as_deref(), Some("5010"));
        assert_eq!(words.message, "Превышен допустимый размер файла: 10 МБ");
        assert_eq!(words.request_id.as_deref(), Some("77"));
        assert_eq!(stored.image.id.as_str(), "h-2");
        assert_eq!((empty.kind(), empty.applied()), (ErrorKind::AnswerUnreadable, Applied::Unknown));
    }
}

#[tokio::test]
async fn the_recorded_refusal_of_a_damaged_image_is_an_outcome() {
    let Some(reply) = recorded("yandex-direct-v5/json-recorded/adimages.add.item-error-5004.json") else { return };
    let server = Server::new([reply]).await;
    let outcomes =
        library(&server, YandexEncoding::Json).upload(&album("self"), &[upload("test-image.png")]).await.unwrap();
    let [Err(error)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((error.kind(), error.applied()), (ErrorKind::RulesViolated, Applied::No));
    let words = error.provider_error().unwrap();
    assert_eq!(words.code.as_deref(), Some("5004"));
    assert_eq!(words.http_status, Some(200));
    let text = "Invalid format: Invalid image file type, please use the GIF, JPEG or PNG formats";
    assert_eq!(words.message, text);
}

#[tokio::test]
async fn the_recorded_empty_answer_is_an_empty_page_and_an_unknown_image() {
    let Some(reply) = recorded("yandex-direct-v5/json-recorded/adimages.get.empty.json") else { return };
    let server = Server::new([reply.clone(), reply]).await;
    let library = library(&server, YandexEncoding::Json);
    let list = library.list(&album("self"), &page(100, None)).await.unwrap();
    assert_eq!((list.items.len(), list.next), (0, None));
    let error = library.get(&album("self"), &image("h")).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::ImageNotFound, Applied::No));
}

#[tokio::test]
async fn recorded_whole_request_errors_come_under_200_in_both_encodings() {
    let cases = [
        (YandexEncoding::Json, "bidmodifiers.2-set.error-8000.json", ErrorKind::ProviderRefused, "8000"),
        (YandexEncoding::Json, "sitelinks.add.error-1000.json", ErrorKind::ProviderUnavailable, "1000"),
    ];
    for (encoding, name, kind, code) in cases {
        let Some(reply) = recorded(&format!("yandex-direct-v5/json-recorded/{name}")) else { return };
        assert_eq!(reply.status, 200);
        let server = Server::new([reply]).await;
        let error = library(&server, encoding).upload(&album("self"), &[upload("a.png")]).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (kind, Applied::No));
        let words = error.provider_error().unwrap();
        assert_eq!(words.code.as_deref(), Some(code));
        assert!(words.request_id.is_some());
    }
    let Some(fault) = file("yandex-direct-v5/soap/convert_decimal_to_xml.response.xml") else { return };
    for status in [200, 500] {
        let server = Server::new([Reply::new(status, fault.clone())]).await;
        let library = library(&server, YandexEncoding::Soap);
        let error = library.upload(&album("self"), &[upload("a.png")]).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderRefused, Applied::No));
        let words = error.provider_error().unwrap();
        assert_eq!((words.code.as_deref(), words.http_status), (Some("8000"), Some(status)));
        assert_eq!(words.request_id.as_deref(), Some("1670008794873972340"));
        assert!(words.message.starts_with("Invalid request: The required field CampaignId"), "{}", words.message);
    }
}

#[tokio::test]
async fn whole_request_codes_have_their_kinds() {
    let cases = [
        (52, ErrorKind::ProviderUnavailable, Applied::No),
        (53, ErrorKind::CredentialRefused, Applied::No),
        (54, ErrorKind::PermissionDenied, Applied::No),
        (152, ErrorKind::QuotaExhausted, Applied::No),
        (506, ErrorKind::RateLimited, Applied::No),
        (1002, ErrorKind::ProviderUnavailable, Applied::Unknown),
        (8800, ErrorKind::AlbumNotFound, Applied::No),
        (424_242, ErrorKind::ProviderRefused, Applied::No),
    ];
    for (code, kind, applied) in cases {
        let body =
            format!(r#"{{"error":{{"error_code":"{code}","error_string":"s","error_detail":"","request_id":5}}}}"#);
        let server = Server::new([Reply::ok(body)]).await;
        let library = library(&server, YandexEncoding::Json);
        let error = library.upload(&album("self"), &[upload("a.png")]).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (kind, applied), "{code}");
        assert_eq!(error.provider_error().unwrap().request_id.as_deref(), Some("5"));
    }
}

#[tokio::test]
async fn a_list_asks_for_all_fields_and_goes_on_where_it_was_limited() {
    for encoding in BOTH {
        let server = Server::new([answer(
            encoding,
            "Get",
            r#"{"AdImages":[{"AdImageHash":"h","Name":"n","Associated":"YES","Type":"FIXED_IMAGE","Subtype":"IMG_240_400",
                "OriginalUrl":"http://direct.yandex.ru/images/direct/h","PreviewUrl":null},
                {"AdImageHash":"i","Associated":"MAYBE","Subtype":"NONE"}],"LimitedBy":42}"#,
            "<LimitedBy>42</LimitedBy><AdImages><AdImageHash>h</AdImageHash><Name>n</Name><Associated>YES</Associated>\
             <Type>FIXED_IMAGE</Type><Subtype>IMG_240_400</Subtype>\
             <OriginalUrl>http://direct.yandex.ru/images/direct/h</OriginalUrl>\
             <PreviewUrl xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/></AdImages>\
             <AdImages><AdImageHash>i</AdImageHash><Associated>MAYBE</Associated><Subtype>NONE</Subtype></AdImages>",
        )])
        .await;
        let list = library(&server, encoding).list(&album("self"), &page(2, Some("40"))).await.unwrap();

        assert_eq!(list.next.as_deref(), Some("42"));
        let [first, second] = list.items.as_slice() else { panic!("{list:?}") };
        assert_eq!((first.id.as_str(), first.name.as_deref(), first.in_use), ("h", Some("n"), Some(true)));
        assert_eq!((first.class.as_deref(), first.pixels), (Some("FIXED_IMAGE"), Some(Pixels::new(240, 400))));
        assert_eq!(first.url.as_deref(), Some("https://direct.yandex.ru/images/direct/h"));
        assert_eq!(first.preview_url, None);
        assert_eq!((second.id.as_str(), second.in_use, second.pixels), ("i", None, None));
        let asked = server.only();
        let fields = ["AdImageHash", "OriginalUrl", "PreviewUrl", "Name", "Type", "Subtype", "Associated"];
        match encoding {
            YandexEncoding::Json => {
                let params = &asked.json()["params"];
                assert_eq!(params["Page"], serde_json::json!({"Limit": 2, "Offset": 40}));
                assert_eq!(params["FieldNames"], serde_json::json!(fields));
            }
            YandexEncoding::Soap => {
                let body = asked.text();
                assert!(body.contains("<Page><Limit>2</Limit><Offset>40</Offset></Page>"), "{body}");
                for field in fields {
                    assert!(body.contains(&format!("<FieldNames>{field}</FieldNames>")), "{body}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_does_not_advance_is_refused_rather_than_followed() {
    let server = Server::new([Reply::ok(r#"{"result":{"LimitedBy":40}}"#)]).await;
    let list = library(&server, YandexEncoding::Json).list(&album("self"), &page(2, Some("40"))).await;
    assert_eq!(list.unwrap_err().kind(), ErrorKind::AnswerUnreadable);
}

#[tokio::test]
async fn a_foreign_page_token_is_refused_without_a_call() {
    let server = Server::new([]).await;
    for token in ["", "x", "-1", "99999999999999999999"] {
        let list = library(&server, YandexEncoding::Json).list(&album("self"), &page(2, Some(token))).await;
        assert_eq!(list.unwrap_err().kind(), ErrorKind::InvalidArgument, "{token}");
    }
}

#[tokio::test]
async fn a_delete_tells_unknown_and_bound_images_apart() {
    for encoding in BOTH {
        let server = Server::new([answer(
            encoding,
            "Delete",
            r#"{"DeleteResults":[{"AdImageHash":"a"},{"Errors":[{"Code":8800,"Message":"Object not found"}]},
                {"Errors":[{"Code":8301,"Message":"Невозможно удалить объект"}]}]}"#,
            "<DeleteResults><AdImageHash>a</AdImageHash></DeleteResults>\
             <DeleteResults><Errors><Code>8800</Code><Message>Object not found</Message></Errors></DeleteResults>\
             <DeleteResults><Errors><Code>8301</Code><Message>Невозможно удалить объект</Message></Errors></DeleteResults>",
        )])
        .await;
        let ids = [image("a"), image("b"), image("c")];
        let outcomes = library(&server, encoding).delete(&album("self"), &ids).await.unwrap();
        let [Ok(_), Err(unknown), Err(bound)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!(unknown.kind(), ErrorKind::ImageNotFound);
        assert_eq!(bound.kind(), ErrorKind::ImageInUse);
        assert_eq!(bound.applied(), Applied::No);
    }
}

#[tokio::test]
async fn results_that_do_not_match_the_request_leave_open_what_was_applied() {
    for results in ["[]", r#"[{"AdImageHash":"h"},{"AdImageHash":"i"}]"#] {
        let server = Server::new([Reply::ok(format!(r#"{{"result":{{"AddResults":{results}}}}}"#))]).await;
        let outcome = library(&server, YandexEncoding::Json).upload(&album("self"), &[upload("a.png")]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Unknown), "{results}");
    }
}

#[tokio::test]
async fn an_item_with_both_a_hash_and_an_error_is_neither_a_success_nor_surely_refused() {
    for (hash, applied) in [("h", Applied::Unknown), ("", Applied::No)] {
        let item = format!(r#"{{"AdImageHash":"{hash}","Errors":[{{"Code":5004,"Message":"m"}}]}}"#);
        let server = Server::new([Reply::ok(format!(r#"{{"result":{{"AddResults":[{item}]}}}}"#))]).await;
        let outcome = library(&server, YandexEncoding::Json).upload(&album("self"), &[upload("a.png")]).await;
        let error = outcome.unwrap().remove(0).unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::RulesViolated, applied), "{hash}");
    }
}

#[tokio::test]
async fn a_page_is_never_larger_than_the_provider_gives() {
    let server = Server::new([Reply::ok(r#"{"result":{}}"#)]).await;
    library(&server, YandexEncoding::Json).list(&album("self"), &page(u32::MAX, None)).await.unwrap();
    assert_eq!(server.only().json()["params"]["Page"]["Limit"], 1_000);
}

#[tokio::test]
async fn a_batch_beyond_the_limit_and_a_login_that_is_no_header_are_refused_without_a_call() {
    let server = Server::new([]).await;
    let library = library(&server, YandexEncoding::Json);
    let four = [upload("1.png"), upload("2.png"), upload("3.png"), upload("4.png")];
    let error = library.upload(&album("self"), &four).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::InvalidArgument, Applied::No));
    assert_eq!(library.upload(&album("self"), &[]).await.unwrap().len(), 0);
    let error = library.list(&album("логин"), &page(1, None)).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::InvalidArgument, Applied::No));
}

#[tokio::test]
async fn an_agency_can_spend_its_own_points() {
    for encoding in BOTH {
        let replies = [Reply::ok("{}"), Reply::ok("{}")];
        let server = Server::new(replies).await;
        let _ = library(&server, encoding).list(&album("client"), &page(1, None)).await;
        let _ = library(&server, encoding).with_operator_units().list(&album("client"), &page(1, None)).await;
        let units: Vec<_> =
            server.asked().iter().map(|asked| asked.header("use-operator-units").map(str::to_owned)).collect();
        assert_eq!(units, [None, Some("true".to_owned())]);
        assert_eq!(server.asked()[1].header("client-login"), Some("client"));
    }
}
