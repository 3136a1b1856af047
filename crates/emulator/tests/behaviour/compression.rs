//! Compressed answers, the same for all four APIs.

use std::io::Read;

use polyptych_emulator::Settings;
use serde_json::json;

use crate::harness::Client;

#[tokio::test]
async fn every_api_compresses_for_those_who_accept_it_and_only_then() {
    let long = format!("/stores/S/products/{}", "p".repeat(200));
    let calls = [
        ("GET", "/v26.0/7", String::new()),
        ("POST", "/json/v5/adimages", json!({ "method": "none", "params": {} }).to_string()),
        ("POST", "/v5/adimages", "<a/>".to_owned()),
        ("GET", long.as_str(), String::new()),
    ];
    let client = Client::default();
    let off = Client::new(Settings { gzip: false, ..Settings::default() });
    let mut packed = 0;
    for (method, path, body) in calls {
        let bearer = ("authorization", "Bearer TOKEN");
        let plain = client.send(method, path, &[bearer], body.clone()).await;
        assert!(!plain.headers.contains_key("content-encoding"), "{path}");
        let asked = [bearer, ("accept-encoding", "gzip, deflate")];
        assert!(!off.send(method, path, &asked, body.clone()).await.headers.contains_key("content-encoding"), "{path}");
        let answer = client.send(method, path, &asked, body).await;
        assert_eq!(answer.header("content-encoding") == "gzip", plain.body.len() >= 256, "{path}");
        if answer.header("content-encoding") == "gzip" {
            assert_eq!((answer.status, answer.header("vary")), (plain.status, "Accept-Encoding"));
            let mut text = String::new();
            flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
            // Trace and request ids differ from call to call, their length does not.
            assert_eq!(text.len(), plain.body.len(), "{path}");
            packed += 1;
        }
    }
    assert!(packed >= 3, "{packed}");
}
