//! The emulator's own paths, picture URLs, and the server.

use image::ImageFormat;
use polyptych_emulator::Settings;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::harness::{Client, Served, base64, form, picture, png};

const V5: &str = "/json/v5/adimages";
const BEARER: (&str, &str) = ("authorization", "Bearer token");

fn add(items: &[(&str, &[u8])]) -> String {
    let items: Vec<Value> =
        items.iter().map(|(name, bytes)| json!({ "ImageData": base64(bytes), "Name": name })).collect();
    json!({ "method": "add", "params": { "AdImages": items } }).to_string()
}

#[tokio::test]
async fn the_journal_shows_every_upload_as_it_came_before_deduplication() {
    let client = Client::default();
    let bytes = png(450, 450, 1);
    for _ in 0..2 {
        client.send("POST", V5, &[BEARER, ("client-login", "shop")], add(&[("a", &bytes), ("b", b"junk")])).await;
    }
    client.send("POST", V5, &[("authorization", "none")], "{}").await;
    let journal = client.journal().await;
    assert_eq!(journal.len(), 3);
    let outcomes = |entry: &Value| {
        let uploads = entry["uploads"].as_array().unwrap().clone();
        uploads.iter().map(|sent| sent["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&journal[0]), ["stored", "refused:5004"]);
    assert_eq!(outcomes(&journal[1]), ["known", "refused:5004"]);
    assert_eq!(journal[0]["uploads"][0]["sha256"], journal[1]["uploads"][0]["sha256"]);
    assert_eq!(journal[0]["uploads"][0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(journal[0]["uploads"][0]["album"], "shop");
    assert_eq!((&journal[0]["operation"], &journal[0]["album"]), (&json!("AdImages.add"), &json!("shop")));
    assert_eq!(
        (&journal[0]["state"], &journal[0]["status"], &journal[0]["outcome"]),
        (&json!("answered"), &json!(200), &json!("ok"))
    );
    assert_eq!(journal[2]["outcome"], "8000");
    let newest = client.get("/_emulator/journal?after=2").await.json();
    assert_eq!(newest.as_array().unwrap().len(), 1);
    assert!(!client.get("/_emulator/journal").await.text().contains("token"));
}

#[tokio::test]
async fn a_request_whose_body_breaks_off_is_in_the_journal_as_broken() {
    let served = Served::start(Settings::default()).await;
    let mut socket = served.connect().await;
    let head = format!("POST {V5} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nContent-Length: 100\r\n\r\n{{");
    socket.write_all(head.as_bytes()).await.unwrap();
    drop(socket);
    loop {
        let journal = served.journal().await;
        if journal.first().is_some_and(|entry| entry["state"] == "broken") {
            assert_eq!(journal[0]["status"], Value::Null);
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_received_whole_is_applied_although_the_caller_went_away() {
    let served = Served::start(Settings::default()).await;
    let body = add(&[("a", &png(2000, 2000, 1))]);
    let head =
        format!("POST {V5} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut socket = served.connect().await;
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    while served.journal().await.is_empty() {
        tokio::task::yield_now().await;
    }
    drop(socket);
    loop {
        let journal = served.journal().await;
        if journal[0]["state"] != "pending" {
            assert_eq!(
                (&journal[0]["state"], &journal[0]["uploads"][0]["outcome"]),
                (&json!("answered"), &json!("stored"))
            );
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_reset_empties_libraries_points_and_journal_and_ids_start_again() {
    let client = Client::default();
    let body = add(&[("a", &png(450, 450, 1))]);
    let first = client.send("POST", V5, &[BEARER], body.clone()).await;
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 1);
    assert_eq!(client.send("POST", "/_emulator/reset", &[], "").await.status, 204);
    assert_eq!(
        client.get("/_emulator/health").await.json(),
        json!({ "status": "ok", "pictures": 0, "picture_bytes": 0 })
    );
    assert!(client.journal().await.is_empty());
    let again = client.send("POST", V5, &[BEARER], body).await;
    assert_eq!((again.header("requestid"), again.header("units")), (first.header("requestid"), first.header("units")));
    assert_eq!(client.get("/_emulator/nothing").await.status, 404);
    assert_eq!(client.get("/_emulator/reset").await.status, 405);
    assert_eq!(client.get("/_emulator/journal?after=x").await.status, 400);
}

#[tokio::test]
async fn picture_urls_serve_the_stored_bytes_and_real_previews() {
    let settings = Settings { public_url: Some("http://public.test:8080/".to_owned()), ..Settings::default() };
    let client = Client::new(settings);
    let bytes = picture(ImageFormat::Gif, 600, 450, 9);
    client.send("POST", V5, &[BEARER], add(&[("a.gif", &bytes)])).await;
    let list = r#"{"method":"get","params":{"FieldNames":["OriginalUrl","PreviewUrl"]}}"#;
    let row = client.send("POST", V5, &[BEARER], list).await.json()["result"]["AdImages"][0].clone();
    let path = |name: &str| row[name].as_str().unwrap().strip_prefix("http://public.test:8080").unwrap().to_owned();
    let original = client.get(&path("OriginalUrl")).await;
    assert_eq!((original.header("content-type"), original.body == bytes), ("image/gif", true));
    let preview = client.get(&path("PreviewUrl")).await;
    let small = image::load_from_memory(&preview.body).unwrap();
    assert_eq!((preview.header("content-type"), small.width(), small.height()), ("image/png", 150, 113));
    for wrong in [
        "/images/direct/00/orig",
        "/images/other/00/x150",
        "/images/direct",
        &path("OriginalUrl").replace("orig", "x9"),
    ] {
        assert_eq!(client.get(wrong).await.status, 404, "{wrong}");
    }
    assert_eq!(client.send("DELETE", &path("OriginalUrl"), &[], "").await.status, 405);
}

#[tokio::test]
async fn bodies_beyond_the_cap_are_refused_whether_or_not_they_say_their_length() {
    let mut settings = Settings::default();
    settings.yandex.body_cap = 100;
    let served = Served::start(settings).await;
    let long = "x".repeat(200);
    let head = format!("POST {V5} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
    let sized = served.exchange(&format!("{head}Content-Length: 200\r\n\r\n{long}")).await;
    assert!(sized.starts_with("HTTP/1.1 413") && sized.contains("connection: close"), "{sized}");
    let chunked = served.exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\nc8\r\n{long}\r\n0\r\n\r\n")).await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    let states: Vec<Value> = served.journal().await.iter().map(|entry| entry["status"].clone()).collect();
    assert_eq!(states, [json!(413), json!(413)]);
}

#[tokio::test]
async fn a_stopping_server_finishes_what_it_began() {
    let served = Served::start(Settings::default()).await;
    let (kind, body) = form(&[("datafile", Some("a.png"), Some("image/png"), &png(300, 300, 1))]);
    let head = format!(
        "POST /stores/S/products/p/images HTTP/1.1\r\nHost: a\r\nX-Authorization: t\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut socket = served.connect().await;
    socket.write_all(head.as_bytes()).await.unwrap();
    while served.journal().await.is_empty() {
        tokio::task::yield_now().await;
    }
    let ended = served.stop();
    socket.write_all(&body).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut socket, &mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_path_of_no_api_is_a_plain_404() {
    let client = Client::default();
    for path in ["/", "/shops", "/json/v6/adimages", "/live/v4"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_answer_given_without_reading_the_body_ends_the_connection_and_says_so() {
    let served = Served::start(Settings::default()).await;
    for (line, status) in [
        ("POST /nowhere", "404"),
        ("PUT /json/v5/adimages", "405"),
        ("PUT /live/v4/soap/", "405"),
        ("POST /live/v4/wsdl/", "405"),
        ("PUT /images/direct/x", "405"),
    ] {
        let answer = served.exchange(&format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")).await;
        let head = answer.split_once("\r\n\r\n").unwrap().0;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")) && head.contains("connection: close"),
            "{line}: {answer}"
        );
    }
    let kept = served
        .exchange("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n")
        .await;
    assert_eq!(kept.matches("HTTP/1.1 404").count(), 2, "{kept}");
}

#[tokio::test]
async fn the_most_calls_at_once_of_an_advertiser_are_told_with_those_refused_for_it() {
    let served = Served::start(Settings::default()).await;
    let body = r#"{"method":"get","params":{"FieldNames":["Name"]}}"#;
    let head = format!(
        "POST {V5} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nClient-Login: shop\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut socket = served.connect().await;
        socket.write_all(head.as_bytes()).await.unwrap();
        waiting.push(socket);
    }
    // A request takes its place with its head.
    while served.journal().await.len() < 5 {
        tokio::task::yield_now().await;
    }
    assert!(served.exchange(&format!("{head}{body}")).await.contains("506"));
    drop(waiting);
    let calls = served.exchange("GET /_emulator/calls HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(calls.ends_with(r#"{"shop":6}"#), "{calls}");
    let reset = "POST /_emulator/reset HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert!(served.exchange(reset).await.contains("204"));
}
