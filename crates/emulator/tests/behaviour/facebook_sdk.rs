//! The requests of the official Python SDK, replayed.

use serde_json::{Value, json};

use crate::facebook::{BEARER, encoded, get};
use crate::harness::{Client, base64, form, png, reference_json};

/// The body of a request of the official SDK, with a picture of ours where the recording leaves the bytes out.
fn sdk_body(recorded: &Value, bytes: &[u8]) -> (String, Vec<u8>) {
    let fill = |content: &Value| match content {
        Value::String(text) => text.clone().into_bytes(),
        _ => bytes.to_vec(),
    };
    let body = &recorded["body"];
    if let Some(parts) = body["parts"].as_array() {
        let mut out = Vec::new();
        for part in parts {
            let disposition = part["content_disposition"].as_str().unwrap();
            out.extend_from_slice(format!("--BOUNDARY\r\nContent-Disposition: {disposition}\r\n\r\n").as_bytes());
            out.extend_from_slice(&fill(&part["content"]));
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"--BOUNDARY--\r\n");
        return ("multipart/form-data; boundary=BOUNDARY".to_owned(), out);
    }
    let fields = body["fields"].as_array().cloned().unwrap_or_default();
    let pairs: Vec<String> = fields
        .iter()
        .map(|field| {
            let value = field[1].as_str().map_or_else(|| base64(bytes), str::to_owned);
            format!("{}={}", field[0].as_str().unwrap(), encoded(&value))
        })
        .collect();
    (recorded["content_type"].as_str().unwrap_or("").to_owned(), pairs.join("&").into_bytes())
}

#[tokio::test]
async fn every_request_of_the_official_python_sdk_gets_what_the_sdk_expects() {
    let Some(wire) = reference_json("facebook/wire/python-sdk-26.0.3-requests.json") else { return };
    let client = Client::default();
    let bytes = png(17, 17, 1);
    let stored = post_form_to(&client, "/v26.0/act_1/adimages", &bytes).await;
    let mut seen = 0;
    for recorded in wire["requests"].as_array().unwrap() {
        let call = recorded["sdk_call"].as_str().unwrap();
        // The hash of the recording and the stub's cursor stand for values of the emulator's own.
        let list = get(&client, "/v26.0/act_1/adimages").await.json();
        let cursor = list["paging"]["cursors"]["before"].as_str().unwrap_or_default().to_owned();
        let query = recorded["raw_query"].as_str().unwrap().replace("181b88e3cdf6464af7ed52fe488fe559", &stored);
        let query = query
            .replace("after=B", &format!("after={cursor}"))
            .replace("%22a%22%2C%22b%22", &format!("%22{stored}%22"));
        let path = recorded["path"].as_str().unwrap().replace("181b88e3cdf6464af7ed52fe488fe559", &stored);
        let (kind, body) = sdk_body(recorded, &bytes);
        let headers = [("accept", "*/*"), ("content-type", kind.as_str())];
        let method = recorded["method"].as_str().unwrap();
        let answer = client.send(method, &format!("{path}?{query}"), &headers, body).await;
        let image = |key: &str| answer.json()["images"][key]["hash"].as_str().map(str::to_owned);
        match call {
            call if call.contains("batch of create_ad_image(params={'filename'") => {
                assert_eq!(answer.json()[0]["code"], 400, "{call}: the file's content is a path");
                assert!(answer.json()[0]["body"].as_str().unwrap().contains("1487411"), "{call}");
            }
            call if call.contains("batch of") => {
                let codes: Vec<Value> =
                    answer.json().as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
                assert_eq!(codes, [json!(200), json!(400)], "{call}");
            }
            call if call.contains("copy_from") => assert_eq!(answer.json()["error"]["code"], 100, "{call}: no source"),
            call if call.contains("{'bytes'") => assert_eq!(image("bytes").as_deref(), Some(stored.as_str()), "{call}"),
            call if method == "POST" => assert_eq!(image("test.png").as_deref(), Some(stored.as_str()), "{call}"),
            // Meta likely rejects this one too.
            call if call.contains("remote_delete") => assert_eq!(answer.json()["error"]["error_subcode"], 33, "{call}"),
            call if method == "DELETE" => {
                assert_eq!(answer.json(), json!({ "success": true }), "{call}");
                post_form_to(&client, "/v26.0/act_1/adimages", &bytes).await;
            }
            call if call.contains("api_get") => assert_eq!(answer.json()["hash"], stored.as_str(), "{call}"),
            call => {
                let body = answer.json();
                assert!(body["data"].is_array() && body["summary"]["total_count"] == 1, "{call}: {body}");
                let first = call.contains("first page") || call.contains("remote_read");
                let found = body["data"].as_array().unwrap().len();
                // The picture is 17 pixels wide; second pages come after the only image.
                assert_eq!(found, usize::from(first), "{call}: {body}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 16);
}

async fn post_form_to(client: &Client, path: &str, bytes: &[u8]) -> String {
    let (kind, body) = form(&[("f", Some("test.png"), None, bytes)]);
    let answer = client.send("POST", path, &[BEARER, ("content-type", &kind)], body).await.json();
    answer["images"]["test.png"]["hash"].as_str().unwrap().to_owned()
}
