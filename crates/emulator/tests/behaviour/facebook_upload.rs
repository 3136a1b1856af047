//! Creating images on the adimages edge.

use image::ImageFormat;
use polyptych_emulator::Settings;
use serde_json::{Value, json};

use crate::facebook::{BEARER, EDGE, encoded, get, post_form, post_json};
use crate::harness::{Client, Part, base64, picture, png, reference_json, shape};

#[tokio::test]
async fn a_file_part_is_answered_under_its_file_name_with_nine_fields() {
    let client = Client::default();
    let bytes = png(600, 600, 1);
    let answer = post_form(&client, &[("source", Some("probe-test-image.png"), None, &bytes)]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains(r"http:\/\/emulator.test\/images"), "{}", answer.text());
    let body = answer.json();
    let image = &body["images"]["probe-test-image.png"];
    assert_eq!((&image["url_256_height"], &image["url_256_width"]), (&json!("260"), &json!("260")));
    for (name, side) in [("url", 600), ("url_128", 128), ("url_256", 260)] {
        let url = image[name].as_str().unwrap().strip_prefix("http://emulator.test").unwrap();
        let served = image::load_from_memory(&client.get(url).await.body).unwrap();
        assert_eq!((served.width(), served.height()), (side, side), "{name}");
    }
    let Some(recorded) = reference_json("facebook/derived/recorded_responses.json") else { return };
    assert_eq!(shape(&body), shape(&recorded["upload_multipart_2026-07-16"]["body"]));
}

#[tokio::test]
async fn bytes_are_taken_from_json_form_and_multipart_text_under_the_key_bytes() {
    let client = Client::default();
    let text = base64(&png(17, 17, 1));
    let urlencoded = format!("bytes={}", encoded(&text));
    let mut hashes = Vec::new();
    hashes.push(post_json(&client, json!({ "bytes": text })).await.json());
    let headers = [BEARER, ("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    hashes.push(client.send("POST", EDGE, &headers, urlencoded).await.json());
    hashes.push(post_form(&client, &[("bytes", None, None, text.as_bytes())]).await.json());
    for answer in &hashes {
        assert_eq!(answer["images"]["bytes"]["hash"], hashes[0]["images"]["bytes"]["hash"], "{answer}");
        assert_eq!(answer["images"]["bytes"]["name"], "bytes");
    }
    let named = post_json(&client, json!({ "bytes": base64(&png(20, 20, 1)), "name": "own.png" })).await.json();
    assert_eq!(named["images"]["bytes"]["name"], "own.png");
}

#[tokio::test]
async fn several_files_give_several_entries_and_an_error_stores_none() {
    let client = Client::default();
    let (first, second) = (png(20, 20, 1), picture(ImageFormat::Jpeg, 20, 20, 2));
    let parts: [Part<'_>; 2] = [("a", Some("a.png"), None, &first), ("b", Some("b.jpg"), Some("image/jpeg"), &second)];
    let answer = post_form(&client, &parts).await.json();
    assert_eq!(answer["images"].as_object().unwrap().len(), 2);
    let other = png(20, 20, 3);
    let refused = post_form(&client, &[("a", Some("c.png"), None, &other), ("b", Some("d.png"), None, b"junk")]).await;
    assert_eq!(refused.status, 400);
    let listed = get(&client, &format!("{EDGE}?summary=total_count")).await.json();
    assert_eq!(listed["summary"], json!({ "total_count": 2 }));
}

#[tokio::test]
async fn picture_errors_are_the_recorded_ones() {
    let client = Client::default();
    let mut torn = png(200, 200, 1);
    torn.truncate(torn.len() - 30);
    let webp = picture(ImageFormat::WebP, 20, 20, 1);
    let good = png(20, 20, 1);
    let long = format!("{}.png", "x".repeat(97));
    let cases: [(&str, &[u8], &str); 7] = [
        ("a.png", b"no picture", "error_1487411"),
        ("a.webp", &webp, "error_1487411"),
        ("sample", &good, "error_1487411"),
        ("sample.tmp", &good, "error_1487411"),
        (&long, &good, "error_1487411"),
        ("a.png", &torn, "error_1487197"),
        ("a.zip", b"PK\x03\x04rest", "error_zip_deprecated"),
    ];
    let recorded = reference_json("facebook/derived/recorded_responses.json");
    for (name, bytes, expected) in cases {
        let answer = post_form(&client, &[("file", Some(name), Some("image/png"), bytes)]).await;
        assert_eq!(answer.status, 400, "{name}");
        let mut error = answer.json()["error"].clone();
        assert!(error["error_subcode"].is_number(), "{name}: {error}");
        let Some(recorded) = &recorded else { continue };
        let mut recorded = recorded[expected]["body"]["error"].clone();
        error.as_object_mut().unwrap().remove("fbtrace_id");
        recorded.as_object_mut().unwrap().remove("fbtrace_id");
        assert_eq!(error, recorded, "{name}");
    }
    for (body, subcode) in [
        (json!({ "bytes": "not base64!" }), json!(1_487_242)),
        (json!({ "bytes": "QUJD" }), json!(1_487_411)),
        (json!({ "copy_from": { "source_account_id": "2", "hash": "x" } }), Value::Null),
        (json!({ "url": "http://example.com/a.png" }), Value::Null),
        (json!({}), Value::Null),
    ] {
        let answer = post_json(&client, body.clone()).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(100)), "{body}");
        assert_eq!(answer.json()["error"]["error_subcode"], subcode, "{body}");
    }
    let mut settings = Settings::default();
    settings.facebook.largest_picture = 50;
    settings.facebook.too_large_subcode = 1_487_197;
    let answer = post_json(&Client::new(settings), json!({ "bytes": base64(&png(20, 20, 1)) })).await;
    assert_eq!(answer.json()["error"]["error_subcode"], 1_487_197);
}

#[tokio::test]
async fn the_same_content_keeps_its_hash_and_first_name_and_the_last_of_two_equal_file_names_is_answered() {
    let client = Client::default();
    let (first, second) = (png(20, 20, 1), png(20, 20, 2));
    let before = post_form(&client, &[("a", Some("first.png"), None, &first)]).await.json();
    let after = post_form(&client, &[("a", Some("second.png"), None, &first)]).await.json();
    assert_eq!(before["images"]["first.png"]["hash"], after["images"]["second.png"]["hash"]);
    assert_eq!(after["images"]["second.png"]["name"], "first.png");
    let twice = [("a", Some("same.png"), None, first.as_slice()), ("b", Some("same.png"), None, second.as_slice())];
    let answer = post_form(&client, &twice).await.json();
    assert_eq!(answer["images"].as_object().unwrap().len(), 1);
    assert_ne!(answer["images"]["same.png"]["hash"], before["images"]["first.png"]["hash"]);
    assert_eq!(get(&client, EDGE).await.json()["data"].as_array().unwrap().len(), 2);
}
