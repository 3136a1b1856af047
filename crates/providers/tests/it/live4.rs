//! Yandex Direct API v4 Live in both encodings.

use polyptych_domain::{Applied, Confirmed, ErrorKind, ImageLibrary, ImportStatus, ImportTicket, PictureUrl};
use polyptych_providers::{YandexEncoding, YandexLive4};
use polyptych_transport::Auth;

use crate::reference::recorded;
use crate::server::{IMAGE, Reply, Server, TOKEN, album, base64, image, page, upload};

const BOTH: [YandexEncoding; 2] = [YandexEncoding::Json, YandexEncoding::Soap];

fn library(server: &Server, encoding: YandexEncoding) -> YandexLive4 {
    YandexLive4::new(server.settings(Auth::InBody), encoding, "en").unwrap()
}

fn answer(encoding: YandexEncoding, json: &str, xml: &str) -> Reply {
    match encoding {
        YandexEncoding::Json => Reply::ok(format!("{{\"data\":{json}}}")),
        YandexEncoding::Soap => Reply::ok(envelope(&format!(
            "<namesp4:AdImageResponse xmlns:namesp4=\"API\"><AdImageResponse xsi:type=\"namesp2:AdImageResponse\">{xml}\
             </AdImageResponse></namesp4:AdImageResponse>"
        ))),
    }
    .with("RequestId", "88")
}

fn fault(encoding: YandexEncoding, code: i32, text: &str) -> Reply {
    match encoding {
        YandexEncoding::Json => {
            Reply::ok(format!(r#"{{"error_detail":"","error_str":"{text}","error_code":{code}}}"#))
        }
        YandexEncoding::Soap => Reply::new(
            500,
            envelope(&format!(
                "<SOAP-ENV:Fault><faultcode xsi:type=\"xsd:string\">SOAP-ENV:{code}</faultcode>\
                 <faultstring xsi:type=\"xsd:string\">{text}</faultstring><detail xsi:type=\"xsd:string\"/></SOAP-ENV:Fault>"
            )),
        ),
    }
    .with("RequestId", "88")
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SOAP-ENV:Envelope \
         xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\" \
         xmlns:namesp2=\"http://namespaces.soaplite.com/perl\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}

const ONE_RESULT: (&str, &str) = (
    r#"{"ActionsResult":[{"AdImageHash":"h-1"}]}"#,
    "<ActionsResult SOAP-ENC:arrayType=\"namesp2:AdImageActionResult[1]\"><item>\
     <AdImageHash xsi:type=\"xsd:string\">h-1</AdImageHash></item></ActionsResult>",
);

#[tokio::test]
async fn an_upload_carries_token_and_image_in_the_body() {
    for encoding in BOTH {
        let server = Server::new([answer(encoding, ONE_RESULT.0, ONE_RESULT.1)]).await;
        let outcomes = library(&server, encoding).upload(&album("client"), &[upload("a.png")]).await.unwrap();

        let [Ok(stored)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!(stored.image.id.as_str(), "h-1");
        let asked = server.only();
        assert_eq!(asked.header("authorization"), None);
        match encoding {
            YandexEncoding::Json => {
                assert_eq!(asked.line, "POST /live/v4/json/ HTTP/1.1");
                let item = serde_json::json!({"Login": "client", "RawData": base64(IMAGE), "Name": "a.png"});
                let param = serde_json::json!({"Action": "UploadRawData", "AdImageRawData": [item]});
                let expected = serde_json::json!({"method": "AdImage", "param": param, "locale": "en", "token": TOKEN});
                assert_eq!(asked.json(), expected);
            }
            YandexEncoding::Soap => {
                assert_eq!(asked.line, "POST /live/v4/soap/ HTTP/1.1");
                let body = asked.text();
                assert!(body.contains(&format!("<ns1:token>{TOKEN}</ns1:token>")), "{body}");
                assert!(body.contains(&base64(IMAGE)) && body.contains(">client</Login>"), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn the_tokens_own_login_is_not_named() {
    for encoding in BOTH {
        let server = Server::new([answer(encoding, ONE_RESULT.0, ONE_RESULT.1)]).await;
        library(&server, encoding).upload(&album("self"), &[upload("a.png")]).await.unwrap();
        assert!(!server.only().text().contains("Login"));
    }
}

#[tokio::test]
async fn a_failed_item_is_an_outcome() {
    for encoding in BOTH {
        let server = Server::new([answer(
            encoding,
            r#"{"ActionsResult":[{"Errors":[{"FaultDetail":"d","FaultString":"Invalid format","FaultCode":5004}]}]}"#,
            "<ActionsResult><item><Errors><item><FaultCode>5004</FaultCode><FaultDetail>d</FaultDetail>\
             <FaultString>Invalid format</FaultString></item></Errors></item></ActionsResult>",
        )])
        .await;
        let outcomes = library(&server, encoding).upload(&album("self"), &[upload("a.png")]).await.unwrap();
        let [Err(error)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!((error.kind(), error.applied()), (ErrorKind::RulesViolated, Applied::No));
        let words = error.provider_error().unwrap();
        assert_eq!((words.code.as_deref(), words.message.as_str()), (Some("5004"), "Invalid format: d"));
        assert_eq!(words.request_id.as_deref(), Some("88"));
    }
}

#[tokio::test]
async fn a_list_counts_on_with_limit_offset_and_total() {
    let json = r#"{"AdImages":[{"Login":"l","AdImageHash":"h","AdImageURL":"http://direct.yandex.ru/images/h","Name":"n",
        "Assigned":"Yes"},{"AdImageHash":"i","Assigned":"No"}],"TotalObjectsCount":"5"}"#;
    let xml = "<AdImages><item><AdImageHash>h</AdImageHash><AdImageURL>http://direct.yandex.ru/images/h</AdImageURL>\
        <Assigned>Yes</Assigned><Login>l</Login><Name>n</Name></item><item><AdImageHash>i</AdImageHash>\
        <Assigned>No</Assigned><Name xsi:nil=\"true\"/></item></AdImages><TotalObjectsCount>5</TotalObjectsCount>";
    for encoding in BOTH {
        for (after, next) in [(None, Some("2")), (Some("2"), Some("4")), (Some("3"), None)] {
            let server = Server::new([answer(encoding, json, xml)]).await;
            let list = library(&server, encoding).list(&album("l"), &page(2, after)).await.unwrap();
            assert_eq!(list.next.as_deref(), next);
            let [first, second] = list.items.as_slice() else { panic!("{list:?}") };
            assert_eq!((first.id.as_str(), first.name.as_deref(), first.in_use), ("h", Some("n"), Some(true)));
            assert_eq!(first.url.as_deref(), Some("https://direct.yandex.ru/images/h"));
            assert_eq!((second.name.as_deref(), second.in_use), (None, Some(false)));
            if encoding == YandexEncoding::Json {
                let offset: i64 = after.unwrap_or("0").parse().unwrap();
                let expected = serde_json::json!({"Logins": ["l"], "Limit": 2, "Offset": offset});
                assert_eq!(server.only().json()["param"]["SelectionCriteria"], expected);
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_image_is_not_found() {
    for encoding in BOTH {
        let server = Server::new([answer(encoding, r#"{"AdImages":[],"TotalObjectsCount":"0"}"#, "")]).await;
        let error = library(&server, encoding).get(&album("self"), &image("h")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ImageNotFound);
    }
}

#[tokio::test]
async fn a_delete_tells_unknown_and_used_images_apart() {
    for encoding in BOTH {
        for (code, kind) in [(271, ErrorKind::ImageNotFound), (80, ErrorKind::ImageInUse)] {
            let server = Server::new([fault(encoding, code, "no")]).await;
            let outcomes = library(&server, encoding).delete(&album("self"), &[image("h")]).await.unwrap();
            let [Err(error)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
            assert_eq!((error.kind(), error.applied()), (kind, Applied::No));
        }
        let server = Server::new([answer(encoding, "{}", "")]).await;
        let outcomes = library(&server, encoding).delete(&album("self"), &[image("h")]).await.unwrap();
        let confirmed = Confirmed { request_id: Some("88".to_owned()) };
        assert_eq!(outcomes[0].as_ref().unwrap(), &confirmed);
    }
}

#[tokio::test]
async fn recorded_errors_have_their_kinds() {
    let cases = [
        ("CheckPayment.error-370.json", "370", ErrorKind::ImageNotFound, Applied::No),
        ("GetWordstatReport.1-error-52.json", "52", ErrorKind::ProviderUnavailable, Applied::No),
        ("GetBannersTags.error-500.json", "500", ErrorKind::ProviderUnavailable, Applied::Unknown),
    ];
    for (name, code, kind, applied) in cases {
        let Some(reply) = recorded(&format!("yandex-direct-live4/json-recorded/{name}")) else { return };
        let server = Server::new([reply]).await;
        let outcome = library(&server, YandexEncoding::Json).delete(&album("self"), &[image("h")]).await;
        let error = match outcome {
            Err(error) => error,
            Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
        };
        assert_eq!((error.kind(), error.applied()), (kind, applied), "{name}");
        let words = error.provider_error().unwrap();
        assert_eq!((words.code.as_deref(), words.http_status), (Some(code), Some(200)));
        assert!(words.request_id.is_some());
    }
}

#[tokio::test]
async fn the_recorded_error_of_an_item_is_read_from_a_success() {
    let Some(reply) = recorded("yandex-direct-live4/json-recorded/AccountManagement.Get.item-error-515.json") else {
        return;
    };
    let server = Server::new([reply]).await;
    let outcomes = library(&server, YandexEncoding::Json).upload(&album("self"), &[upload("a.png")]).await.unwrap();
    let [Err(error)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let words = error.provider_error().unwrap();
    assert_eq!(words.code.as_deref(), Some("515"));
    assert_eq!(words.message, "Shared account must be connected.");
}

fn tasks(encoding: YandexEncoding, tasks: &[(i32, &str, &str)]) -> Reply {
    let json: Vec<_> = tasks
        .iter()
        .map(|(id, name, rest)| {
            let rest: serde_json::Value = serde_json::from_str(rest).unwrap();
            let mut task = serde_json::json!({"AdImageUploadTaskID": id, "Name": name, "SourceURL": SOURCE});
            task.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            task
        })
        .collect();
    let member = |(name, value): (&String, &serde_json::Value)| match value {
        serde_json::Value::Object(inner) => {
            let inner: String =
                inner.iter().map(|(name, value)| format!("<{name}>{}</{name}>", plain(value))).collect();
            format!("<{name}>{inner}</{name}>")
        }
        value => format!("<{name}>{}</{name}>", plain(value)),
    };
    let items: String = json
        .iter()
        .map(|task| format!("<item>{}</item>", task.as_object().unwrap().iter().map(member).collect::<String>()))
        .collect();
    let json = serde_json::json!({ "AdImageUploads": json }).to_string();
    answer(encoding, &json, &format!("<AdImageUploads>{items}</AdImageUploads>"))
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const SOURCE: &str = "http://pictures.test/a.png?x=1";

fn source() -> PictureUrl {
    PictureUrl::new(SOURCE).unwrap()
}

#[tokio::test]
async fn a_picture_is_fetched_by_the_provider_under_a_ticket() {
    for encoding in BOTH {
        let started = answer(
            encoding,
            r#"{"ActionsResult":[{"AdImageUploadTaskID":17}]}"#,
            "<ActionsResult><item><AdImageUploadTaskID>17</AdImageUploadTaskID></item></ActionsResult>",
        );
        let server = Server::new([
            started,
            tasks(encoding, &[(17, "a.png", r#"{"Status":"Pending"}"#)]),
            tasks(
                encoding,
                &[(17, "a.png", r#"{"Status":"Done","AdImageHash":"h-1","AdImageURL":"http://x.test/h-1"}"#)],
            ),
            tasks(
                encoding,
                &[(
                    17,
                    "a.png",
                    r#"{"Status":"Error","Error":{"FaultCode":5004,"FaultString":"no picture","FaultDetail":""}}"#,
                )],
            ),
            tasks(encoding, &[]),
        ])
        .await;
        let (library, album) = (library(&server, encoding), album("client"));
        let (ticket, confirmed) = library.import(&album, &source(), "a.png").await.unwrap();
        assert_eq!(ticket, ImportTicket("17".to_owned()));
        assert_eq!(confirmed.request_id.as_deref(), Some("88"));
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(library.import_status(&album, &ticket).await.unwrap());
        }
        let [ImportStatus::Pending, ImportStatus::Stored(image), ImportStatus::Failed(error), ImportStatus::Forgotten] =
            seen.as_slice()
        else {
            panic!("{seen:?}")
        };
        assert_eq!((image.id.as_str(), image.name.as_deref()), ("h-1", Some("a.png")));
        let code = error.provider_error().and_then(|said| said.code.as_deref());
        assert_eq!((code, error.applied()), (Some("5004"), Applied::No));
        let asked = server.asked();
        if encoding == YandexEncoding::Json {
            let item = serde_json::json!({"Login": "client", "URL": SOURCE, "Name": "a.png"});
            assert_eq!(asked[0].json()["param"], serde_json::json!({"Action": "Upload", "AdImageURLData": [item]}));
            let criteria = &asked[1].json()["param"]["SelectionCriteria"];
            assert_eq!(criteria["AdImageUploadTaskIDS"], serde_json::json!([17]));
        }
    }
}

#[tokio::test]
async fn a_ticket_is_found_again_by_address_and_name() {
    for encoding in BOTH {
        let known = [(3, "a.png", "{}"), (9, "a.png", "{}"), (11, "b.png", "{}")];
        let server = Server::new([tasks(encoding, &known), tasks(encoding, &known)]).await;
        let library = library(&server, encoding);
        let found = library.find_import(&album("client"), &source(), "a.png").await.unwrap();
        assert_eq!(found, Some(ImportTicket("9".to_owned())));
        assert_eq!(library.find_import(&album("client"), &source(), "c.png").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_lost_answer_to_an_import_leaves_open_whether_the_provider_is_at_work() {
    for encoding in BOTH {
        let server = Server::new([Reply::lost()]).await;
        let error = library(&server, encoding).import(&album("client"), &source(), "a.png").await.unwrap_err();
        assert_eq!(error.applied(), Applied::Unknown);
        let foreign = ImportTicket("x".to_owned());
        let error = library(&server, encoding).import_status(&album("client"), &foreign).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
