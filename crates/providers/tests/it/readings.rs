//! How the transport acts on what each provider's answers say, seen from outside: how often a read and an upload are sent,
//! and when it is worth coming back.

use std::time::Duration;

use polyptych_domain::{Applied, Error, ErrorKind, ImageLibrary};
use polyptych_providers::{Evotor, Facebook, Form, Settings, YandexEncoding, YandexLive4, YandexV5, YandexV5Version};
use polyptych_transport::Auth;

use crate::server::{Reply, Server, TOKEN, album, page, upload};

#[derive(Debug, Clone, Copy)]
enum Api {
    V5(YandexEncoding),
    Live4(YandexEncoding),
    Facebook,
    Evotor,
}

impl Api {
    fn library(self, server: &Server) -> Box<dyn ImageLibrary> {
        self.open(server.patient(self.auth()))
    }

    fn auth(self) -> Auth {
        if matches!(self, Self::Live4(_)) { Auth::InBody } else { Auth::Bearer }
    }

    fn open(self, settings: Settings) -> Box<dyn ImageLibrary> {
        match self {
            Self::V5(encoding) => Box::new(YandexV5::new(settings, encoding, YandexV5Version::V501).unwrap()),
            Self::Live4(encoding) => Box::new(YandexLive4::new(settings, encoding, "en").unwrap()),
            Self::Facebook => Box::new(Facebook::new(settings, Form::Multipart, None).unwrap()),
            Self::Evotor => Box::new(Evotor::new(settings).unwrap()),
        }
    }

    fn album(self) -> &'static str {
        match self {
            Self::V5(_) | Self::Live4(_) => "self",
            Self::Facebook => "1",
            Self::Evotor => "s~p",
        }
    }

    /// An answer that refuses with this code.
    fn error(self, code: i64) -> Reply {
        match self {
            Self::V5(YandexEncoding::Json) => {
                Reply::ok(format!(r#"{{"error":{{"error_code":{code},"error_string":"m","error_detail":""}}}}"#))
            }
            Self::V5(YandexEncoding::Soap) => Reply::ok(format!(
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>c</faultcode>\
                 <faultstring>m</faultstring><detail><g:FaultResponse xmlns:g=\"http://api.direct.yandex.com/v5/general\">\
                 <requestId>1</requestId><errorCode>{code}</errorCode></g:FaultResponse></detail></s:Fault></s:Body>\
                 </s:Envelope>"
            )),
            Self::Live4(YandexEncoding::Json) => Reply::ok(format!(r#"{{"error_str":"m","error_code":{code}}}"#)),
            Self::Live4(YandexEncoding::Soap) => Reply::new(
                500,
                format!(
                    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
                     <faultcode>s:{code}</faultcode><faultstring>m</faultstring><detail/></s:Fault></s:Body></s:Envelope>"
                ),
            ),
            Self::Facebook => Reply::new(400, format!(r#"{{"error":{{"code":{code},"message":"m"}}}}"#)),
            Self::Evotor => Reply::new(u16::try_from(code).unwrap(), r#"{"code":"c","message":"m"}"#),
        }
    }
}

/// How often an upload and a list are sent to a server that always gives this answer.
async fn sent(api: Api, reply: Reply) -> (usize, usize) {
    // Evotor is asked what it holds before an upload.
    let empty = matches!(api, Api::Evotor).then(|| Reply::ok(r#"{"items":[]}"#));
    let server = Server::new(empty.into_iter().chain(std::iter::repeat(reply.clone()))).await;
    let _ = api.library(&server).upload(&album(api.album()), &[upload("a.png")]).await;
    let big = |asked: &crate::server::Asked| {
        let text = String::from_utf8_lossy(&asked.body).into_owned();
        let write = ["\"add\"", "AddRequest", "UploadRawData"].iter().any(|word| text.contains(word));
        write || (asked.line.starts_with("POST") && asked.header("content-type").unwrap().starts_with("multipart"))
    };
    let uploads = server.asked().iter().filter(|asked| big(asked)).count();
    let server = Server::repeating(reply).await;
    let _ = api.library(&server).list(&album(api.album()), &page(1, None)).await;
    (uploads, server.asked().len())
}

const JSON: YandexEncoding = YandexEncoding::Json;
const SOAP: YandexEncoding = YandexEncoding::Soap;

/// The outcome is known and may be another next time.
const REFUSED_FOR_NOW: (usize, usize) = (4, 4);
/// An upload may have been stored; a read may just be repeated.
const UNSURE: (usize, usize) = (1, 4);
/// The same again would fail again.
const FINAL: (usize, usize) = (1, 1);

#[tokio::test]
async fn codes_of_yandex_are_told_apart() {
    let v5 = [
        (52, REFUSED_FOR_NOW),
        (506, REFUSED_FOR_NOW),
        (1000, REFUSED_FOR_NOW),
        (1002, UNSURE),
        (53, FINAL),
        (54, FINAL),
        (152, FINAL),
        (8000, FINAL),
        (424_242, FINAL),
    ];
    let live4 = [
        (52, REFUSED_FOR_NOW),
        (57, REFUSED_FOR_NOW),
        (503, REFUSED_FOR_NOW),
        (506, REFUSED_FOR_NOW),
        (500, UNSURE),
        (53, FINAL),
        (56, FINAL),
        (71, FINAL),
        (152, FINAL),
    ];
    for encoding in [JSON, SOAP] {
        for (code, expected) in v5 {
            let api = Api::V5(encoding);
            assert_eq!(sent(api, api.error(code)).await, expected, "v5 {encoding:?} {code}");
        }
        for (code, expected) in live4 {
            let api = Api::Live4(encoding);
            assert_eq!(sent(api, api.error(code)).await, expected, "live 4 {encoding:?} {code}");
        }
    }
}

#[tokio::test]
async fn codes_and_flags_of_facebook_are_told_apart() {
    let cases = [
        (400, r#"{"code":17,"is_transient":true}"#, REFUSED_FOR_NOW),
        (400, r#"{"code":4}"#, REFUSED_FOR_NOW),
        (400, r#"{"code":341}"#, REFUSED_FOR_NOW),
        (500, r#"{"code":1}"#, UNSURE),
        (200, r#"{"code":1}"#, UNSURE),
        (503, r#"{"code":2}"#, UNSURE),
        (400, r#"{"code":2,"is_transient":true}"#, UNSURE),
        (400, r#"{"code":424242,"is_transient":true}"#, UNSURE),
        (500, r#"{"code":1,"error_subcode":99}"#, FINAL),
        (500, r#"{"code":1,"message":"Please reduce the amount of data you're asking for"}"#, FINAL),
        (400, r#"{"code":100}"#, FINAL),
        (400, r#"{"code":190}"#, FINAL),
        (403, r#"{"code":200}"#, FINAL),
        (400, r#"{"code":368}"#, FINAL),
        (400, r#"{"code":2635}"#, FINAL),
        (400, r#"{"code":424242}"#, FINAL),
    ];
    for (status, error, expected) in cases {
        let reply = Reply::new(status, format!(r#"{{"error":{error}}}"#));
        assert_eq!(sent(Api::Facebook, reply).await, expected, "{status} {error}");
    }
}

#[tokio::test]
async fn statuses_of_evotor_are_told_apart() {
    for (status, expected) in [(500, UNSURE), (503, UNSURE), (400, FINAL), (401, FINAL), (402, FINAL), (404, FINAL)] {
        assert_eq!(sent(Api::Evotor, Api::Evotor.error(status)).await, expected, "{status}");
    }
    let slow = Api::Evotor.error(429).with("X-RateLimit-Reset", "5");
    assert_eq!(sent(Api::Evotor, slow).await, REFUSED_FOR_NOW);
}

#[tokio::test]
async fn what_is_no_answer_of_the_api_leaves_an_upload_open_unless_its_status_refuses() {
    for api in [Api::V5(JSON), Api::V5(SOAP), Api::Live4(JSON), Api::Live4(SOAP), Api::Facebook, Api::Evotor] {
        for (reply, expected) in [
            (Reply::new(502, "<html>Bad Gateway</html>"), UNSURE),
            (Reply::ok("<html>log in</html>"), UNSURE),
            (Reply::ok(""), UNSURE),
            (Reply::new(429, "<html>slow down</html>").with("Retry-After", "1"), REFUSED_FOR_NOW),
            (Reply::new(302, ""), FINAL),
            (Reply::new(403, "<html>no</html>"), FINAL),
        ] {
            let told = format!("{api:?} {}", reply.status);
            assert_eq!(sent(api, reply).await, expected, "{told}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_if_it_was_to_a_read() {
    for (api, body) in [
        (Api::V5(JSON), r#"{"result":{"AdImages":[{"AdImageHash":"h""#),
        (Api::V5(JSON), r#"{"error":{"error_code":1"#),
        (Api::V5(SOAP), "<s:Envelope><s:Body><r:GetResponse xmlns:r=\"u\"><AdImages><Adim"),
        (Api::Live4(JSON), r#"{"data":{"AdImages":["#),
        (Api::Facebook, r#"{"data":[{"hash":"h""#),
        (Api::Facebook, r#"{"err"#),
        (Api::Evotor, r#"{"items":["#),
    ] {
        assert_eq!(sent(api, Reply::ok(body)).await, UNSURE, "{api:?} {body}");
    }
}

/// Whatever status the refusal comes under, and wherever the credential travels.
#[tokio::test]
async fn a_refused_credential_is_looked_at_again_and_the_call_sent_once_more_with_the_new_one() {
    for (api, code) in [
        (Api::V5(JSON), 53),
        (Api::V5(SOAP), 53),
        (Api::Live4(JSON), 53),
        (Api::Live4(SOAP), 53),
        (Api::Facebook, 190),
        (Api::Evotor, 401),
    ] {
        for writes in [false, true] {
            let server = Server::repeating(api.error(code)).await;
            let library = api.open(server.renewing(api.auth()));
            // Evotor is asked what it holds before an upload, which is refused already.
            let error = match writes {
                true => library.upload(&album(api.album()), &[upload("a.png")]).await.unwrap_err(),
                false => library.list(&album(api.album()), &page(1, None)).await.unwrap_err(),
            };
            assert_eq!((error.kind(), error.applied()), (ErrorKind::CredentialRefused, Applied::No), "{api:?}");
            let asked = server.asked();
            let shown = |at: usize, number: usize| {
                let token = format!("{TOKEN}{number}");
                let header = asked[at].header("authorization").is_some_and(|value| value.ends_with(&token));
                header || String::from_utf8_lossy(&asked[at].body).contains(&token)
            };
            assert_eq!((asked.len(), shown(0, 0), shown(1, 1)), (2, true, true), "{api:?}");
        }
    }
}

async fn refusal(api: Api, reply: Reply) -> Error {
    let server = Server::repeating(reply).await;
    let error = api.library(&server).list(&album(api.album()), &page(1, None)).await.unwrap_err();
    assert_eq!(server.asked().len(), 1, "{error}");
    error
}

/// Waits that are longer than a call is patient end it, and tell when to come back.
#[tokio::test]
async fn hints_of_the_providers_say_when_to_come_back() {
    let date = "Sat, 21 Nov 2026 12:40:00 GMT";
    let usage = |minutes: u32| {
        format!(
            r#"{{"1":[{{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":{minutes}}},
                {{"type":"ads_insights","call_count":1,"estimated_time_to_regain_access":90}}]}}"#
        )
        .replace('\n', "")
    };
    let scored = |tier: &str| {
        let account = format!(r#"{{"acc_id_util_pct":100,"ads_api_access_tier":"{tier}_access"}}"#);
        let body = r#"{"error":{"code":80004,"error_subcode":2446079,"message":"m"}}"#;
        Reply::new(400, body).with("X-Ad-Account-Usage", &account)
    };
    let too_many = Reply::new(400, r#"{"error":{"code":80004,"message":"m"}}"#);
    let cases = [
        (Api::V5(JSON), Api::V5(JSON).error(152).with("Date", date), Some(20 * 60)),
        (Api::V5(JSON), Api::V5(JSON).error(152), Some(60 * 60)),
        (Api::Live4(SOAP), Api::Live4(SOAP).error(56), Some(10 * 60)),
        (Api::Facebook, too_many.with("X-Business-Use-Case-Usage", &usage(7)), Some(7 * 60)),
        (Api::Facebook, scored("development"), Some(5 * 60)),
        (Api::Evotor, Api::Evotor.error(429), Some(30 * 60)),
        (Api::Evotor, Api::Evotor.error(429).with("X-RateLimit-Reset", "600"), Some(600)),
        (Api::Evotor, Api::Evotor.error(429).with("Retry-After", "900").with("X-RateLimit-Reset", "5"), Some(900)),
        (
            Api::Evotor,
            Api::Evotor.error(429).with("Date", date).with("X-RateLimit-Reset", "1795265400"),
            Some(1_795_265_400 - 1_795_264_800),
        ),
        (Api::V5(JSON), Api::V5(JSON).error(8000), None),
    ];
    for (api, reply, seconds) in cases {
        let error = refusal(api, reply).await;
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{api:?}: {error}");
    }
    // With full access a spent score blocks for a minute, which a call waits for.
    assert_eq!(sent(Api::Facebook, scored("standard")).await.1, 2);
}
