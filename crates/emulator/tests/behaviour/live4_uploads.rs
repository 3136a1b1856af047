//! Uploads by URL of Live 4: tasks, their time, and where pictures may come from.

use std::sync::Arc;
use std::time::Duration;

use polyptych_emulator::{ManualClock, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{Client, png};

async fn call(client: &Client, param: Value) -> Value {
    let body = json!({ "method": "AdImage", "token": "token", "param": param });
    client.send("POST", "/live/v4/json/", &[], body.to_string()).await.json()
}

async fn begin(client: &Client, url: &str) -> i64 {
    let items = json!([{ "URL": url, "Name": url }]);
    let answer = call(client, json!({ "Action": "Upload", "AdImageURLData": items })).await;
    answer["data"]["ActionsResult"][0]["AdImageUploadTaskID"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

async fn status(client: &Client, task: i64) -> Value {
    let criteria = json!({ "AdImageUploadTaskIDS": [task] });
    let answer = call(client, json!({ "Action": "CheckUploadStatus", "SelectionCriteria": criteria })).await;
    assert_eq!(answer["data"]["TotalObjectsCount"], "1", "{answer}");
    answer["data"]["AdImageUploads"][0].clone()
}

/// The task once it is no longer pending, asked for as often as the fetch needs.
async fn ended(client: &Client, task: i64) -> Value {
    loop {
        let row = status(client, task).await;
        if row["Status"] != "Pending" {
            return row;
        }
        tokio::task::yield_now().await;
    }
}

async fn images(client: &Client) -> Vec<Value> {
    call(client, json!({ "Action": "Get" })).await["data"]["AdImages"].as_array().unwrap().clone()
}

async fn utilized(client: &Client) -> Value {
    call(client, json!({ "Action": "GetLimits" })).await["data"]["AdImageLimits"][0]["Utilized"].clone()
}

/// Stores a picture and tells its URL.
async fn own_url(client: &Client, bytes: &[u8]) -> String {
    let item = json!({ "RawData": crate::harness::base64(bytes), "Name": "first.png" });
    let body = json!({ "method": "AdImage", "token": "other",
                       "param": { "Action": "UploadRawData", "AdImageRawData": [item] } });
    client.send("POST", "/live/v4/json/", &[], body.to_string()).await;
    let body = json!({ "method": "AdImage", "token": "other", "param": { "Action": "Get" } });
    let listed = client.send("POST", "/live/v4/json/", &[], body.to_string()).await.json();
    listed["data"]["AdImages"][0]["AdImageURL"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_task_is_pending_until_its_time_and_counts_in_the_limits_meanwhile() {
    let clock = Arc::new(ManualClock::default());
    let mut settings = Settings { clock: clock.clone(), ..Settings::default() };
    settings.yandex.upload_task_millis = 5_000;
    let client = Client::new(settings);
    let url = own_url(&client, &png(450, 450, 1)).await;
    let task = begin(&client, &url).await;
    clock.advance(4_999);
    let pending = status(&client, task).await;
    let mut keys: Vec<&String> = pending.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["AdImageUploadTaskID", "Login", "Name", "SourceURL", "Status"], "no hash, URL or error yet");
    assert_eq!((&pending["Status"], &pending["SourceURL"]), (&json!("Pending"), &json!(url)));
    assert_eq!((images(&client).await.len(), utilized(&client).await), (0, json!(1)));

    clock.advance(1);
    let done = ended(&client, task).await;
    let listed = images(&client).await;
    assert_eq!(done["Status"], "Done");
    assert_eq!((&done["AdImageHash"], &done["AdImageURL"]), (&listed[0]["AdImageHash"], &listed[0]["AdImageURL"]));
    assert_eq!((listed.len(), &listed[0]["Name"], utilized(&client).await), (1, &json!(url), json!(1)));

    clock.advance(24 * 3_600_000);
    let answer = call(&client, json!({ "Action": "CheckUploadStatus" })).await;
    assert_eq!(answer, json!({ "data": { "AdImageUploads": [], "TotalObjectsCount": "0" } }));
    assert_eq!(images(&client).await.len(), 1);
}

#[tokio::test]
async fn a_picture_that_is_there_already_keeps_its_first_name() {
    let client = Client::default();
    let url = own_url(&client, &png(450, 450, 1)).await;
    let task = begin(&client, &url).await;
    let first = ended(&client, task).await;
    let task = begin(&client, &format!("{url}?again")).await;
    let second = ended(&client, task).await;
    assert_eq!(first["AdImageHash"], second["AdImageHash"]);
    assert_eq!((images(&client).await.len(), &images(&client).await[0]["Name"]), (1, &json!(url)));
    let journal = client.journal().await;
    let fetches: Vec<&Value> = journal.iter().filter(|entry| entry["api"] == "yandex-live4-fetch").collect();
    let outcomes: Vec<&Value> = fetches.iter().map(|entry| &entry["uploads"][0]["outcome"]).collect();
    assert_eq!(outcomes, ["stored", "known"], "{fetches:?}");
}

#[tokio::test]
async fn tasks_are_listed_by_login_number_and_page() {
    let client = Client::default();
    let items: Vec<Value> =
        (0..5).map(|at| json!({ "URL": format!("http://nowhere.test/{at}"), "Name": "n" })).collect();
    let begun = call(&client, json!({ "Action": "Upload", "AdImageURLData": items })).await;
    let ids: Vec<i64> =
        (0..5).map(|at| begun["data"]["ActionsResult"][at]["AdImageUploadTaskID"].as_i64().unwrap()).collect();
    let page = json!({ "Limit": 2, "Offset": 3 });
    let page = call(&client, json!({ "Action": "CheckUploadStatus", "SelectionCriteria": page })).await;
    assert_eq!(page["data"]["TotalObjectsCount"], "5");
    let rows = page["data"]["AdImageUploads"].as_array().unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row["AdImageUploadTaskID"].as_i64().unwrap()).collect();
    assert_eq!(numbers, ids[3..]);
    let strange = json!({ "Logins": ["somebody"], "AdImageUploadTaskIDS": ids });
    let strange = call(&client, json!({ "Action": "CheckUploadStatus", "SelectionCriteria": strange })).await;
    assert_eq!(strange["data"]["TotalObjectsCount"], "0");
}

#[tokio::test]
async fn wrong_items_fail_at_once_and_others_begin() {
    let mut settings = Settings::default();
    settings.yandex.image_quota = 1;
    settings.yandex.upload_task_millis = 1;
    let client = Client::new(settings);
    let long = format!("http://h/{}", "a".repeat(2_048));
    let items = json!([
        { "URL": "http://nowhere.test/a.png", "Name": "a" },
        { "Name": "no address" },
        { "URL": "http://nowhere.test/a.png", "Name": " " },
        { "URL": "http://nowhere.test/a.png", "Name": "n".repeat(256) },
        { "URL": "ftp://nowhere.test/a.png", "Name": "a" },
        { "URL": "file:///etc/passwd", "Name": "a" },
        { "URL": "http://user@nowhere.test/a.png", "Name": "a" },
        { "URL": "nowhere", "Name": "a" },
        { "URL": long, "Name": "a" },
        { "URL": "http://nowhere.test/b.png", "Name": "one too many" },
    ]);
    let answer = call(&client, json!({ "Action": "Upload", "AdImageURLData": items })).await;
    let results = answer["data"]["ActionsResult"].as_array().unwrap();
    let codes: Vec<Option<i64>> = results.iter().map(|result| result["Errors"][0]["FaultCode"].as_i64()).collect();
    let wrong = Some(71);
    assert_eq!(codes, [None, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, Some(7001)]);
    // The text was published by others.
    let published = "Field AdImageURLData[1].URL must not be empty";
    assert_eq!(results[1]["Errors"][0]["FaultDetail"], published);
    let many = vec![json!({ "URL": "http://h/", "Name": "a" }); 10_001];
    assert_eq!(call(&client, json!({ "Action": "Upload", "AdImageURLData": many })).await["error_code"], 71);
}

/// A host that answers each connection once: the path decides how.
async fn host() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let own = address.clone();
    let task = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap();
            let picture = png(450, 450, 9);
            let answer = |status: &str, more: &str, body: &[u8]| {
                let mut answer =
                    format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n", body.len()).into_bytes();
                answer.extend_from_slice(body);
                answer
            };
            let bytes = match path {
                "/picture.png?a=b" => answer("200 OK", "", &picture),
                "/text" => answer("200 OK", "", b"no picture"),
                "/small" => answer("200 OK", "", &png(10, 10, 1)),
                "/large" => answer("200 OK", "", &vec![0; 10_485_761]),
                "/moved" => answer("302 Found", "location: /picture.png?a=b\r\n", b""),
                "/away" => answer("302 Found", "location: http://nowhere.test/a\r\n", b""),
                "/round" => answer("301 Moved Permanently", "location: /round\r\n", b""),
                "/lost" => answer("302 Found", "", b""),
                "/short" => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc".to_vec(),
                "/noise" => b"\x00\x01\x02".to_vec(),
                "/silence" => {
                    let _kept = socket.read_u8().await;
                    continue;
                }
                _ => answer("404 Not Found", "", b""),
            };
            // A fetch that has seen enough hangs up.
            let _ = socket.write_all(&bytes).await;
            assert!(head.to_ascii_lowercase().contains(&format!("host: {own}")), "{head}");
        }
    });
    (address, task)
}

#[tokio::test]
async fn pictures_come_from_given_hosts_only_and_whatever_else_happens_ends_the_task_with_an_error() {
    let (address, serving) = host().await;
    let mut settings = Settings::default();
    settings.yandex.fetch_hosts = vec![address.clone(), "secure.test".to_owned()];
    let client = Client::new(settings);
    let (given, own) =
        (|path: &str| format!("http://{address}{path}"), |path: &str| format!("http://emulator.test{path}"));
    let (unfetched, elsewhere) = ("could not be downloaded", "hosts it was given");
    for (url, code, detail) in [
        (given("/picture.png?a=b"), 0, ""),
        (given("/moved"), 0, ""),
        (given("/text"), 5004, "file type"),
        (given("/small"), 5004, "image size"),
        (given("/large"), 5010, "larger than allowed"),
        (given("/away"), 5004, elsewhere),
        (given("/round"), 5004, unfetched),
        (given("/lost"), 5004, unfetched),
        (given("/short"), 5004, unfetched),
        (given("/noise"), 5004, unfetched),
        (given("/missing"), 5004, unfetched),
        ("http://nowhere.test/a.png".to_owned(), 5004, elsewhere),
        ("http://127.0.0.1:1/a.png".to_owned(), 5004, elsewhere),
        ("https://secure.test/a.png".to_owned(), 5004, "plain HTTP"),
        (own("/_emulator/health"), 5004, unfetched),
        (own("/images/direct/0/orig"), 5004, unfetched),
    ] {
        let task = begin(&client, &url).await;
        let row = ended(&client, task).await;
        assert_eq!(row["Error"]["FaultCode"].as_i64().unwrap_or(0), code, "{url}: {row}");
        assert_eq!(row["Status"], if code == 0 { "Done" } else { "Error" }, "{url}");
        assert!(row["Error"]["FaultDetail"].as_str().unwrap_or_default().contains(detail), "{url}: {row}");
        assert_eq!(row["AdImageHash"].is_string(), code == 0, "{url}");
    }
    assert_eq!((images(&client).await.len(), utilized(&client).await), (1, json!(1)));
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn a_host_that_says_nothing_ends_the_task_after_the_time_of_the_settings() {
    let (address, serving) = host().await;
    let mut settings = Settings::default();
    settings.yandex.fetch_hosts = vec!["127.0.0.1".to_owned()];
    settings.yandex.fetch_timeout = Duration::from_secs(7);
    settings.yandex.upload_fetch_code = 71;
    let client = Client::new(settings);
    let task = begin(&client, &format!("http://{address}/silence")).await;
    // Time is paused: it jumps to the end of the wait as soon as nothing else happens.
    let started = tokio::time::Instant::now();
    let row = loop {
        let row = status(&client, task).await;
        if row["Status"] != "Pending" {
            break row;
        }
        tokio::time::advance(Duration::from_millis(500)).await;
    };
    assert!(started.elapsed() >= Duration::from_secs(7));
    assert_eq!(row["Error"]["FaultCode"], 71);
    assert!(row["Error"]["FaultDetail"].as_str().unwrap().contains("in time"), "{row}");
    serving.abort();
}

#[tokio::test]
async fn a_reset_forgets_tasks_and_what_is_fetched_for_them_later() {
    let mut settings = Settings::default();
    settings.yandex.upload_task_millis = 1_000;
    let client = Client::new(settings);
    let url = own_url(&client, &png(450, 450, 1)).await;
    begin(&client, &url).await;
    client.send("POST", "/_emulator/reset", &[], "").await;
    let answer = call(&client, json!({ "Action": "CheckUploadStatus" })).await;
    assert_eq!(answer["data"]["TotalObjectsCount"], "0");
    assert_eq!((images(&client).await.len(), utilized(&client).await), (0, json!(0)));
}
