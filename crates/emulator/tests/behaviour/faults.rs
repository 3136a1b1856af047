//! Scripted faults, latency and the other things a test says about the next calls, over HTTP and from Rust.

use std::time::Duration;

use polyptych_emulator::{Close, Emulator, Fault, Latency, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Client, base64, form, png};

const V5: &str = "/json/v5/adimages";
const LIVE4: &str = "/live/v4/json/";
const EDGE: &str = "/v26.0/act_7/adimages";
const PRODUCT: &str = "/stores/S/products/p/images";
const BEARER: (&str, &str) = ("authorization", "Bearer token");

fn add(bytes: &[u8]) -> String {
    json!({ "method": "add", "params": { "AdImages": [{ "ImageData": base64(bytes), "Name": "a" }] } }).to_string()
}

async fn set_up(client: &Client, setup: Value) {
    let answer = client.send("POST", "/_emulator/setup", &[], setup.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// What comes back over a socket of its own; empty when the connection ends before.
async fn talk(emulator: &polyptych_emulator::Running, path: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(emulator.local_addr()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // How the end is told, by a reset or not, is the system's business.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_scripted_error_has_the_form_of_its_api_and_nothing_is_done() {
    let client = Client::default();
    let fault = |api: &str, error: Value| json!({ "api": api, "answer": { "error": error } });
    set_up(
        &client,
        json!({ "faults": [
            fault("yandex-v5", json!({ "code": 1000, "detail": "try later", "message": "Server is down" })),
            fault("yandex-live4", json!({ "code": 52 })),
            fault("facebook", json!({ "code": 80004, "subcode": 2446079, "status": 403 })),
            fault("evotor", json!({ "code": "too_bad", "status": 422, "detail": "no" })),
            fault("evotor", json!({ "code": 503 })),
        ]}),
    )
    .await;
    let v5 = client.send("POST", V5, &[BEARER], add(&png(450, 450, 1))).await;
    assert_eq!(v5.status, 200);
    let error = &v5.json()["error"];
    assert_eq!(
        (&error["error_code"], &error["error_string"], &error["error_detail"]),
        (&json!(1000), &json!("Server is down"), &json!("try later"))
    );
    assert_eq!(v5.header("units"), "0/160000/160000");
    let get = r#"{"token":"token","method":"AdImage","param":{"Action":"Get","SelectionCriteria":{}}}"#;
    assert_eq!(client.send("POST", LIVE4, &[], get).await.json()["error_code"], 52);
    let facebook = client.send("GET", EDGE, &[BEARER], "").await;
    assert_eq!((facebook.status, &facebook.json()["error"]["code"]), (403, &json!(80004)));
    assert_eq!(facebook.json()["error"]["error_subcode"], 2_446_079);
    let evotor = client.send("GET", PRODUCT, &[BEARER], "").await;
    assert_eq!((evotor.status, &evotor.json()["code"]), (422, &json!("too_bad")));
    assert_eq!(client.send("GET", PRODUCT, &[BEARER], "").await.status, 503);
    assert_eq!(client.get("/_emulator/faults").await.json(), json!([]));
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 0);
    let scripted: Vec<Value> = client.journal().await.iter().map(|entry| entry["scripted"].clone()).collect();
    assert_eq!(scripted, vec![json!("error"); 5]);
}

#[tokio::test]
async fn a_scripted_status_stands_for_a_proxy_and_keeps_the_call_from_the_library() {
    let client = Client::default();
    set_up(
        &client,
        json!({ "faults": [{ "operation": "AdImages.add", "times": 2, "answer": { "status": {
            "code": 503, "headers": [["Retry-After", "1"]], "body": "busy" } } }] }),
    )
    .await;
    let body = add(&png(450, 450, 1));
    for _ in 0..2 {
        let answer = client.send("POST", V5, &[BEARER], body.clone()).await;
        assert_eq!((answer.status, answer.header("retry-after"), answer.text().as_str()), (503, "1", "busy"));
    }
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 0);
    assert_eq!(client.send("POST", V5, &[BEARER], body).await.status, 200);
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 1);
}

#[tokio::test]
async fn a_connection_ends_before_after_or_amid_and_the_journal_tells_what_was_applied() {
    let emulator = Emulator::start().await.unwrap();
    let body = add(&png(450, 450, 1));
    for (when, applied, told) in
        [(Close::Before, 0, "close-before"), (Close::After, 1, "close-after"), (Close::Mid, 1, "close-mid")]
    {
        emulator.reset();
        emulator.add_fault(Fault::close(when).with_operation("AdImages.add")).unwrap();
        let answer = talk(&emulator, V5, &body).await;
        if when == Close::Mid {
            let (head, part) = answer.split_once("\r\n\r\n").unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let length: usize = length.parse().unwrap();
            assert!(head.starts_with("HTTP/1.1 200") && part.len() == length / 2, "{answer}");
        } else {
            assert_eq!(answer, "", "{when:?}");
        }
        let counts = emulator.upload_counts();
        assert_eq!(counts.iter().map(|count| count.applied).sum::<u64>(), applied, "{when:?}");
        assert_eq!(emulator.journal()[0].scripted, Some(told));
        let again = talk(&emulator, V5, &body).await;
        assert!(again.starts_with("HTTP/1.1 200"), "{again}");
    }
    assert_eq!(
        emulator.upload_counts().iter().map(|count| (count.applied, count.stored)).collect::<Vec<_>>(),
        [(2, 1)]
    );
}

#[tokio::test(start_paused = true)]
async fn calls_take_the_time_that_their_latency_says() {
    let emulator = Emulator::new(Settings::default());
    let client = Client(emulator.router());
    let get = |operation: &str, millis| Latency { api: None, operation: Some(operation.to_owned()), millis };
    emulator.set_latency(vec![
        get("AdImages.get", 250),
        Latency { api: Some("evotor".to_owned()), operation: None, millis: 40 },
    ]);
    let took = async |path: &str, method: &str, body: &str| {
        let before = tokio::time::Instant::now();
        client.send(method, path, &[BEARER], body.to_owned()).await;
        before.elapsed()
    };
    let list = r#"{"method":"get","params":{"FieldNames":["Name"]}}"#;
    assert!(took(V5, "POST", list).await >= Duration::from_millis(250));
    let evotor = took(PRODUCT, "GET", "").await;
    assert!(evotor >= Duration::from_millis(40) && evotor < Duration::from_millis(250));
    assert!(took(EDGE, "GET", "").await < Duration::from_millis(40));
}

#[tokio::test]
async fn a_token_that_is_expired_narrow_or_for_reading_gets_the_error_of_each_api() {
    let client = Client::default();
    set_up(
        &client,
        json!({ "tokens": [
            { "value": "old", "expired": true },
            { "value": "reader", "read_only": true },
            { "value": "narrow", "albums": ["other", "act_8", "T~q"] },
        ]}),
    )
    .await;
    let (kind, upload) = form(&[("datafile", Some("a.png"), Some("image/png"), &png(300, 300, 1))]);
    for (token, v5, live4, facebook, evotor) in [
        ("old", 53, 53, (400, 190), 401),
        ("reader", 54, 54, (400, 294), 403),
        ("narrow", 54, 54, (403, 200), 403),
        ("unknown", 53, 53, (400, 190), 401),
    ] {
        let bearer = format!("Bearer {token}");
        let bearer = ("authorization", bearer.as_str());
        let answer = client.send("POST", V5, &[bearer], add(&png(450, 450, 1))).await;
        assert_eq!(answer.json()["error"]["error_code"], v5, "{token}");
        let delete = json!({ "token": token, "method": "AdImage", "param": { "Action": "Delete",
            "SelectionCriteria": { "Logins": ["x"], "AdImageHashes": ["aaaaaaaaaaaaaaaaaaaaaa"] } } });
        assert_eq!(client.send("POST", LIVE4, &[], delete.to_string()).await.json()["error_code"], live4, "{token}");
        let answer = client.send("POST", EDGE, &[bearer], "").await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_i64().unwrap()), facebook, "{token}");
        let answer = client.send("POST", PRODUCT, &[bearer, ("content-type", &kind)], upload.clone()).await;
        assert_eq!(answer.status, evotor, "{token}");
    }
    let narrow = ("authorization", "Bearer narrow");
    assert_eq!(client.send("GET", "/v26.0/act_8/adimages", &[narrow], "").await.status, 200);
    assert_eq!(client.send("GET", "/stores/t/products/q/images", &[narrow], "").await.status, 200);
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 0);
}

#[tokio::test]
async fn deletes_are_in_the_journal_with_what_became_of_each() {
    let client = Client::default();
    client.send("POST", V5, &[BEARER, ("client-login", "shop")], add(&png(450, 450, 1))).await;
    let list = r#"{"method":"get","params":{"FieldNames":["AdImageHash"]}}"#;
    let hash = client.send("POST", V5, &[BEARER, ("client-login", "shop")], list).await.json()["result"]["AdImages"][0]
        ["AdImageHash"]
        .clone();
    let delete =
        json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": [hash, "unknown"] } } });
    client.send("POST", V5, &[BEARER, ("client-login", "shop")], delete.to_string()).await;
    client.send("DELETE", &format!("{EDGE}?hash=x"), &[BEARER], "").await;
    client.send("DELETE", &format!("{PRODUCT}/i"), &[BEARER], "").await;
    let journal = client.journal().await;
    assert_eq!(
        journal[2]["deletes"],
        json!([
            { "album": "shop", "image": hash, "outcome": "deleted" },
            { "album": "shop", "image": "unknown", "outcome": "refused:8800" },
        ])
    );
    assert_eq!(journal[3]["deletes"], json!([{ "album": "7", "image": "x", "outcome": "refused:100" }]));
    assert_eq!(journal[4]["deletes"], json!([{ "album": "S~p", "image": "i", "outcome": "refused:404" }]));
}
