//! What Facebook's and Evotor's endpoints make of requests that are wrong: each in the form of its provider, none with a
//! failure of the emulator, and nothing is stored.

use polyptych_emulator::Settings;
use serde_json::{Value, json};

use crate::harness::{Client, form, png};

const TOKEN: &str = "Bearer TOKEN";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=BOUNDARY";
const EDGE: &str = "/v26.0/act_1/adimages";
const IMAGES: &str = "/stores/S/products/p/images";

type Case<'a> = (&'a str, &'a str, &'a str, &'a [u8], u16, i64);

#[tokio::test]
async fn graph_requests_that_are_wrong_get_graph_errors() {
    let client = Client::default();
    let many = "a=1&".repeat(20_001);
    let wide = format!("{{{}}}", (0..20_001).map(|at| format!("\"{at}\":1,")).collect::<String>() + "\"z\":1");
    let deep = format!("{{\"batch\":{}}}", "[".repeat(100_000));
    let batch_of = |entry: Value| json!({ "batch": [entry] }).to_string();
    let nested = batch_of(json!({ "method": "POST", "relative_url": "v26.0/", "body": "batch=[]" }));
    let cases: Vec<Case<'_>> = vec![
        ("GET", "/v26.0/act_1/adimages?limit=-1", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages?minwidth=wide", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages?minheight=1.5", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages?biz_tag_id=x", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages?after=%00", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages?before=ZZZZ", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages?fields=%7B%7D%7B", "", b"", 400, 2500),
        ("GET", "/v26.0/act_/adimages", "", b"", 400, 100),
        ("GET", "/v26.0/act_1%2F2/adimages", "", b"", 400, 100),
        ("GET", "/v26.0/act_11111111111111111111111111111111111/adimages", "", b"", 400, 100),
        ("PUT", EDGE, "", b"", 400, 100),
        ("POST", EDGE, "", b"", 400, 100),
        ("POST", EDGE, FORM, b"bytes=%ZZ", 400, 100),
        ("POST", EDGE, FORM, b"bytes=", 400, 100),
        ("POST", EDGE, FORM, b"\xff\xfe=\xff", 400, 100),
        ("POST", EDGE, FORM, many.as_bytes(), 400, 100),
        ("POST", EDGE, FORM, b"copy_from=%5B%5D", 400, 100),
        ("POST", EDGE, JSON, b"{", 400, 100),
        ("POST", EDGE, JSON, b"[1]", 400, 100),
        ("POST", EDGE, JSON, b"{\"bytes\":1}", 400, 100),
        ("POST", EDGE, JSON, wide.as_bytes(), 400, 100),
        ("POST", EDGE, JSON, deep.as_bytes(), 400, 100),
        ("POST", EDGE, MULTIPART, b"", 400, 100),
        ("POST", EDGE, MULTIPART, b"--BOUNDARY\r\n\r\n\r\n--BOUNDARY--\r\n", 400, 100),
        ("POST", EDGE, MULTIPART, b"--BOUNDARY\r\nContent-Disposition: form-data; filename=\"", 400, 100),
        ("POST", EDGE, "multipart/form-data", b"x", 400, 100),
        ("DELETE", EDGE, "", b"", 400, 100),
        ("DELETE", "/v26.0/act_1/adimages?hash[]=x", "", b"", 400, 100),
        ("GET", "/v26.0/1:", "", b"", 400, 100),
        ("GET", "/v26.0/:", "", b"", 400, 100),
        ("GET", "/v26.0/%FF%FE", "", b"", 404, 803),
        ("DELETE", "/v26.0/act_1", "", b"", 400, 100),
        ("GET", "/v26.0/me?fields=email", "", b"", 400, 100),
        ("GET", "/v26.0/me/adaccounts?after=x", "", b"", 400, 100),
        ("POST", "/v26.0/me/adaccounts", "", b"", 400, 100),
        ("GET", "/v26.0/you/adaccounts", "", b"", 400, 100),
        ("GET", "/v26.0/act_1/adimages/x", "", b"", 400, 2500),
        ("GET", "/v9999.9999/act_1/adimages", "", b"", 400, 2500),
        ("GET", "/v26.0/?ids=,", "", b"", 400, 100),
        ("DELETE", "/v26.0/", "", b"", 400, 100),
        ("POST", "/v26.0/", FORM, b"", 400, 100),
        ("POST", "/v26.0/", FORM, b"batch=%5B", 400, 100),
        ("POST", "/", FORM, b"batch=%7B%7D", 400, 100),
        ("POST", "/v26.0/", JSON, deep.as_bytes(), 400, 100),
    ];
    for (method, path, kind, body, status, code) in cases {
        let headers = [("authorization", TOKEN), ("content-type", kind)];
        let answer = client.send(method, path, &headers, body.to_vec()).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["code"]), (status, &json!(code)), "{method} {path} {shown}: {error}");
        assert!(error["message"].is_string() && error["type"].is_string() && error["fbtrace_id"].is_string());
    }
    for entry in [json!(5), json!({}), json!({ "method": 1, "relative_url": "me" }), json!({ "method": "GET" })] {
        let answer =
            client.send("POST", "/", &[("authorization", TOKEN), ("content-type", JSON)], batch_of(entry)).await;
        assert_eq!((answer.status, &answer.json()[0]["code"]), (200, &json!(400)), "{}", answer.text());
    }
    let answer = client.send("POST", "/", &[("authorization", TOKEN), ("content-type", JSON)], nested).await;
    assert_eq!(answer.json()[0]["code"], 400);
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 0);
}

#[tokio::test]
async fn evotor_requests_that_are_wrong_get_statuses_and_violations() {
    let client = Client::default();
    let small = png(10, 10, 1);
    let (_, twice) = form(&[("datafile", Some("a.png"), None, &small), ("datafile", Some("b.png"), None, &small)]);
    let (_, text) = form(&[("datafile", None, None, b"text")]);
    let cases: Vec<(&str, &str, &str, &[u8], u16)> = vec![
        ("GET", "/stores/", "", b"", 200),
        ("POST", "/stores", JSON, b"{}", 405),
        ("GET", "/stores?cursor=%25", "", b"", 400),
        ("GET", "/stores/S/products?cursor=____", "", b"", 400),
        ("GET", "/stores/S/products?since=yesterday", "", b"", 400),
        ("PUT", "/stores/S/products", JSON, b"[]", 405),
        ("PATCH", "/stores/S/products/p", JSON, b"{}", 405),
        ("GET", "/stores/S", "", b"", 404),
        ("GET", "/stores/S/product-groups", "", b"", 404),
        ("GET", "/stores/S/products/p/images/i/more", "", b"", 404),
        ("GET", "/stores/S/products/p/images/%00", "", b"", 404),
        ("PUT", IMAGES, MULTIPART, b"", 405),
        ("POST", IMAGES, "", b"", 400),
        ("POST", IMAGES, JSON, b"{}", 400),
        ("POST", IMAGES, MULTIPART, b"", 400),
        ("POST", IMAGES, MULTIPART, b"--BOUNDARY--", 400),
        ("POST", IMAGES, MULTIPART, b"--BOUNDARY\r\nContent-Disposition: form-data", 400),
        ("POST", IMAGES, MULTIPART, &twice, 400),
        ("POST", IMAGES, MULTIPART, &text, 400),
        ("POST", IMAGES, "multipart/form-data", b"x", 400),
        ("DELETE", IMAGES, "", b"", 405),
        ("DELETE", "/stores/S/products/p/images/none", "", b"", 404),
    ];
    for (method, path, kind, body, status) in cases {
        let answer =
            client.send(method, path, &[("authorization", TOKEN), ("content-type", kind)], body.to_vec()).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        match status {
            400 => assert!(answer.json()["violations"][0]["subject"].is_string(), "{method} {path}"),
            200 => {}
            _ => assert!(answer.body.is_empty(), "{method} {path}"),
        }
    }
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 0);
}

#[tokio::test]
async fn bodies_wait_for_room_and_are_answered_all_the_same() {
    let client = Client::new(Settings { bodies_in_flight: 1, ..Settings::default() });
    let path = format!("{EDGE}?access_token=TOKEN");
    let call = || client.send("POST", &path, &[("content-type", FORM)], "bytes=QUJD");
    let (first, second, third) = tokio::join!(call(), call(), call());
    assert_eq!([first.status, second.status, third.status], [400; 3]);
}
