//! What AdImages of Direct v5 refuses, and with which code.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::HeaderValue;
use image::ImageFormat;
use polyptych_emulator::{BadBase64, Role, Settings, Token};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::harness::{Client, Served, base64, picture, png, reference_json, shape};
use crate::yandex_v5_json::{BEARER, PATH, add, call, get};

#[tokio::test]
async fn an_omitted_field_is_refused_in_the_recorded_form_for_fifty_points() {
    let client = Client::default();
    let answer = call(&client, &json!({"method":"add","params":{"AdImages":[{"ImageData":"aGk="}]}})).await;
    let body = answer.json();
    assert_eq!(body["error"]["error_detail"], "The required field Name is omitted in an item in the AdImages array");
    assert_eq!(body["error"]["error_string"], "Invalid request");
    assert_eq!(body["error"]["request_id"], answer.header("requestid"));
    assert_eq!(answer.header("units"), "50/159950/160000");
    let Some(recorded) = reference_json("yandex-direct-v5/json-recorded/bidmodifiers.2-set.error-8000.json") else {
        return;
    };
    let recorded: Value = serde_json::from_str(recorded["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(shape(&body), shape(&recorded));
}

#[tokio::test]
async fn picture_rules_are_those_that_were_measured() {
    let client = Client::default();
    let jpeg = |width, height| picture(ImageFormat::Jpeg, width, height, 3);
    // The first twelve are the rows of v5 reference 5.4.
    let mut heavy = png(2000, 1900, 3);
    heavy.resize(11_416_979, 0);
    let noise: Vec<u8> = (0..40_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (size, kind) = (
        "Размер изображения некорректен",
        "Недопустимый тип файла изображения, используйте графические форматы GIF, JPEG, PNG",
    );
    let cases: [(Vec<u8>, &str, &str, &str); 16] = [
        (jpeg(450, 450), "AUTO", "REGULAR", ""),
        (jpeg(5000, 5000), "AUTO", "REGULAR", ""),
        (jpeg(1080, 607), "AUTO", "WIDE", ""),
        (jpeg(5000, 2812), "AUTO", "WIDE", ""),
        (jpeg(449, 449), "AUTO", "5004", size),
        (jpeg(5001, 5001), "AUTO", "5004", size),
        (jpeg(1079, 607), "AUTO", "5004", size),
        (jpeg(450, 700), "AUTO", "5004", size),
        (jpeg(1000, 600), "AUTO", "5004", size),
        (picture(ImageFormat::WebP, 600, 600, 3), "AUTO", "5004", kind),
        (noise, "AUTO", "5004", kind),
        (heavy, "AUTO", "5010", "Размер файла изображения больше допустимого (10 МБ)"),
        (jpeg(1080, 607), "WIDE", "WIDE", ""),
        (jpeg(600, 500), "FIXED_IMAGE", "FIXED_IMAGE", ""),
        (jpeg(450, 450), "WIDE", "5004", size),
        (vec![1; 10_485_761], "AUTO", "5010", "Размер файла изображения больше допустимого (10 МБ)"),
    ];
    for (index, (bytes, wanted, expected, details)) in cases.iter().enumerate() {
        let item = json!({ "ImageData": base64(bytes), "Name": format!("{index}"), "Type": wanted });
        let login = format!("login-{index}");
        let headers = [BEARER, ("accept-language", "ru"), ("client-login", login.as_str())];
        let body = json!({ "method": "add", "params": { "AdImages": [item] } });
        let answer = client.send("POST", PATH, &headers, body.to_string()).await.json();
        let result = &answer["result"]["AddResults"][0];
        if details.is_empty() {
            let body = get(json!({ "FieldNames": ["Type"] }));
            let listed = client.send("POST", PATH, &headers, body.to_string()).await.json();
            assert_eq!(listed["result"]["AdImages"][0]["Type"], *expected, "case {index}: {answer}");
        } else {
            assert_eq!(result["Errors"][0]["Code"].to_string(), *expected, "case {index}");
            assert_eq!(result["Errors"][0]["Details"], *details, "case {index}");
        }
    }
}

#[tokio::test]
async fn names_are_checked_per_item_beside_the_picture() {
    let client = Client::default();
    let bytes = png(10, 10, 1);
    let long = "x".repeat(256);
    let answer = call(&client, &add(&[("  ", &bytes), (&long, &bytes)])).await.json();
    let codes = |item: usize| {
        let errors = answer["result"]["AddResults"][item]["Errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["Code"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((codes(0), codes(1)), (vec![5000, 5004], vec![5001, 5004]));
}

#[tokio::test]
async fn requests_that_do_not_fit_fail_as_a_whole_with_http_200() {
    let client = Client::default();
    let hashes: Vec<String> = (0..10_001).map(|index| index.to_string()).collect();
    let item = json!({ "ImageData": "aGk=", "Name": "a" });
    let page = |page: Value| get(json!({ "FieldNames": ["Name"], "Page": page }));
    let cases: Vec<(String, i64)> = vec![
        ("{".to_owned(), 8000),
        ("[]".to_owned(), 8000),
        (json!({ "params": {} }).to_string(), 8000),
        (json!({ "method": "add" }).to_string(), 8000),
        (json!({ "method": "Add", "params": {} }).to_string(), 55),
        (json!({ "method": "update", "params": {} }).to_string(), 55),
        (get(json!({})).to_string(), 8000),
        (get(json!({ "FieldNames": [] })).to_string(), 8000),
        (get(json!({ "FieldNames": ["Bytes"] })).to_string(), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "Ids": ["a"] } })).to_string(), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "AdImageHashes": hashes } })).to_string(), 4001),
        (page(json!({ "Limit": 10_001 })).to_string(), 4002),
        (page(json!({ "Offset": -1 })).to_string(), 4002),
        (page(json!({ "Limit": "1" })).to_string(), 8000),
        (json!({ "method": "add", "params": { "AdImages": [] } }).to_string(), 7000),
        (json!({ "method": "add", "params": { "AdImages": vec![item.clone(); 101] } }).to_string(), 9300),
        (json!({ "method": "add", "params": { "AdImages": item } }).to_string(), 8000),
        (
            json!({ "method": "add", "params": { "AdImages": [{ "ImageData": "data:,a", "Name": "a" }] } }).to_string(),
            8000,
        ),
        (
            json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": hashes } } }).to_string(),
            9300,
        ),
        (json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": [] } } }).to_string(), 7000),
        (json!({ "method": "delete", "params": {} }).to_string(), 8000),
    ];
    for (body, code) in cases {
        let shown: String = body.chars().take(120).collect();
        let answer = client.send("POST", PATH, &[BEARER], body).await;
        assert_eq!((answer.status, answer.json()["error"]["error_code"].as_i64()), (200, Some(code)), "{shown}");
    }
    for (body, spent, info) in [
        (
            get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "AdImageHashes": hashes } })),
            "35",
            "get,appcode:4001",
        ),
        (json!({ "method": "add", "params": { "AdImages": [] } }), "40", "add,appcode:7000"),
        (json!({ "method": "delete", "params": {} }), "50", "delete,appcode:8000"),
    ] {
        let answer = call(&client, &body).await;
        assert_eq!(answer.header("units").split('/').next(), Some(spent));
        assert!(answer.header("x-accel-info").ends_with(&format!("cmd:direct.json-api/adimages.{info}")));
    }
    let mut settings = Settings::default();
    settings.yandex.bad_base64 = BadBase64::Item;
    let body = json!({ "method": "add", "params": { "AdImages": [{ "ImageData": "data:,a", "Name": "a" }] } });
    let answer = call(&Client::new(settings), &body).await.json();
    assert_eq!(answer["result"]["AddResults"][0]["Errors"][0]["Code"], 5004);
}

#[tokio::test]
async fn tokens_and_logins_are_checked_as_the_settings_say() {
    let agency = Token { login: Some("agency".to_owned()), role: Role::Agency, ..Token::new("agency") };
    let mut settings = Settings { tokens: vec![agency, Token::new("good")], ..Settings::default() };
    settings.yandex.logins = vec!["client".to_owned()];
    let client = Client::new(settings);
    let body = get(json!({ "FieldNames": ["Name"] })).to_string();
    let cases: [(&str, &str, i64, &str); 7] = [
        ("", "", 8000, ""),
        ("Basic good", "", 8000, ""),
        ("Bearer bad", "", 53, ""),
        ("Bearer agency", "", 8000, ""),
        ("Bearer good", "nobody", 8800, ""),
        ("Bearer agency", "client", 0, "client"),
        ("bearer good", "", 0, ""),
    ];
    for (authorization, login, code, payer) in cases {
        let answer =
            client.send("POST", PATH, &[("authorization", authorization), ("client-login", login)], body.clone()).await;
        assert_eq!(answer.json()["error"]["error_code"].as_i64().unwrap_or(0), code, "{authorization} {login}");
        assert!(!answer.header("requestid").is_empty());
        assert_eq!(answer.headers.contains_key("units"), code == 0, "{authorization}");
        if !payer.is_empty() {
            assert_eq!(answer.header("units-used-login"), payer);
        }
    }
}

#[tokio::test]
async fn a_sixth_request_of_an_advertiser_at_once_is_refused_with_506() {
    let served = Served::start(Settings::default()).await;
    let body = get(json!({ "FieldNames": ["Name"] })).to_string();
    let head = |login: &str| {
        let length = body.len();
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token\r\nClient-Login: {login}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let mut under_way = Vec::new();
    for _ in 0..5 {
        // A body that has not come yet keeps its request under way.
        let mut socket = served.connect().await;
        socket.write_all(head("busy").as_bytes()).await.unwrap();
        under_way.push(socket);
    }
    while served.journal().await.len() < 5 {
        tokio::task::yield_now().await;
    }
    let busy = served.exchange(&format!("{}{body}", head("busy"))).await;
    assert!(busy.contains("\"error_code\":506") && busy.contains("units: 0/160000/160000"), "{busy}");
    let live4 = json!({ "method": "AdImage", "token": "token",
                        "param": { "Action": "Get", "SelectionCriteria": { "Logins": ["busy"] } } })
    .to_string();
    let live4 = format!(
        "POST /live/v4/json/ HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{live4}",
        live4.len()
    );
    assert!(served.exchange(&live4).await.contains("\"error_code\":506"));
    assert!(served.exchange(&format!("{}{body}", head("free"))).await.ends_with("{\"result\":{}}"));
    for mut socket in under_way {
        socket.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("{\"result\":{}}"), "{answer}");
    }
    assert!(served.exchange(&format!("{}{body}", head("busy"))).await.ends_with("{\"result\":{}}"));
}

#[tokio::test]
async fn an_advertiser_without_points_gets_152_until_the_hour_gives_some_back() {
    let clock = std::sync::Arc::new(polyptych_emulator::ManualClock::default());
    let mut settings = Settings { clock: clock.clone(), ..Settings::default() };
    settings.yandex.daily_points = 48;
    let client = Client::new(settings);
    let body = add(&[("a", &png(450, 450, 1))]);
    assert_eq!(call(&client, &body).await.header("units"), "40/8/48");
    let poor = call(&client, &get(json!({ "FieldNames": ["Name"] }))).await;
    assert_eq!((poor.json()["error"]["error_code"].as_i64(), poor.header("units")), (Some(152), "0/8/48"));
    clock.advance(4 * 3_600_000);
    let later = call(&client, &get(json!({ "FieldNames": ["Name"] }))).await;
    assert_eq!(later.header("units"), "16/0/48");
}

#[tokio::test]
async fn an_agency_that_asks_for_it_pays_with_its_own_points() {
    let agency = Token { login: Some("agency".to_owned()), role: Role::Agency, ..Token::new("token") };
    let client = Client::new(Settings { tokens: vec![agency], ..Settings::default() });
    let body = get(json!({ "FieldNames": ["Name"] })).to_string();
    for (flag, payer, units) in [
        ("false", "client", "15/159985/160000"),
        ("true", "agency", "15/159985/160000"),
        ("TRUE", "agency", "15/159970/160000"),
        ("", "client", "15/159970/160000"),
    ] {
        let headers = [BEARER, ("client-login", "client"), ("use-operator-units", flag)];
        let answer = client.send("POST", PATH, &headers, body.clone()).await;
        assert_eq!((answer.header("units-used-login"), answer.header("units")), (payer, units), "{flag}");
    }
}

#[tokio::test]
async fn server_errors_of_the_script_are_free_and_carry_the_recorded_marks() {
    let client = Client::default();
    let fault = r#"{"faults":[{"api":"yandex-v5","times":2,"answer":{"error":{"code":1000}}}]}"#;
    let set = client.send("POST", "/_emulator/setup", &[], fault).await;
    assert!(set.status < 300, "{}", set.text());
    let answer = call(&client, &get(json!({ "FieldNames": ["Name"] }))).await;
    assert!(answer.header("x-accel-info").ends_with("appcode:-1"), "{}", answer.header("x-accel-info"));
    assert_eq!(
        (answer.json()["error"]["error_code"].as_i64(), answer.header("units")),
        (Some(1000), "0/160000/160000")
    );
    assert_eq!(answer.json()["error"]["error_string"], "The service is temporarily unavailable");
    let envelope = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><a:GetRequest \
                    xmlns:a=\"http://api.direct.yandex.com/v5/adimages\"><FieldNames>Name</FieldNames></a:GetRequest></e:Body></e:Envelope>";
    let answer = client.send("POST", "/v5/adimages", &[BEARER, ("soapaction", "")], envelope).await.text();
    assert!(answer.contains("<faultcode>SOAP-ENV:Server</faultcode>") && answer.contains("1000"), "{answer}");
}

#[tokio::test]
async fn quota_and_memory_refuse_an_item_with_7001() {
    let mut settings = Settings { stored_bytes: 400, ..Settings::default() };
    settings.yandex.image_quota = 1;
    let client = Client::new(settings);
    let big = picture(ImageFormat::Jpeg, 450, 450, 1);
    let answer = call(&client, &add(&[("a", &big)])).await.json();
    let error = &answer["result"]["AddResults"][0]["Errors"][0];
    assert_eq!(error["Code"], 7001);
    assert!(error["Details"].as_str().unwrap().contains("emulator"), "{error}");

    let mut settings = Settings::default();
    settings.yandex.image_quota = 1;
    let client = Client::new(settings);
    let answer =
        call(&client, &add(&[("a", &png(450, 450, 1)), ("b", &png(450, 450, 2)), ("a", &png(450, 450, 1))])).await;
    let results = answer.json()["result"]["AddResults"].clone();
    assert_eq!(results[1]["Errors"][0]["Code"], 7001);
    assert_eq!(results[0]["AdImageHash"], results[2]["AdImageHash"]);
}

#[tokio::test]
async fn a_client_login_in_cyrillic_is_another_library_and_an_unreadable_one_is_never_ones_own() {
    let client = Client::default();
    call(&client, &add(&[("a.png", &png(450, 450, 1))])).await;
    let listing = get(json!({ "FieldNames": ["Name"] })).to_string();
    let cyrillic = client.send("POST", PATH, &[BEARER, ("client-login", "вася")], listing.clone()).await;
    assert_eq!(cyrillic.json(), json!({ "result": {} }));
    assert_eq!(cyrillic.headers["units-used-login"].as_bytes(), "вася".as_bytes());
    let unreadable = Request::post(PATH)
        .header(BEARER.0, BEARER.1)
        .header("client-login", HeaderValue::from_bytes(b"\xff\xfe").unwrap())
        .body(Body::from(listing));
    let answer = client.0.clone().oneshot(unreadable.unwrap()).await.unwrap();
    assert_eq!(to_bytes(answer.into_body(), usize::MAX).await.unwrap(), r#"{"result":{}}"#);
}
