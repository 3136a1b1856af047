//! AdImages of Direct v5 over JSON.

use image::ImageFormat;
use polyptych_emulator::Settings;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, RECORDED_HEADERS, base64, picture, png, reference_json};

pub(crate) const PATH: &str = "/json/v5/adimages";
pub(crate) const BEARER: (&str, &str) = ("authorization", "Bearer token");

pub(crate) async fn call(client: &Client, body: &Value) -> Answer {
    client.send("POST", PATH, &[BEARER], body.to_string()).await
}

pub(crate) fn add(items: &[(&str, &[u8])]) -> Value {
    let items: Vec<Value> =
        items.iter().map(|(name, bytes)| json!({ "ImageData": base64(bytes), "Name": name })).collect();
    json!({ "method": "add", "params": { "AdImages": items } })
}

pub(crate) fn get(params: Value) -> Value {
    json!({ "method": "get", "params": params })
}

pub(crate) fn delete(hashes: &[&str]) -> Value {
    json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": hashes } } })
}

pub(crate) async fn hash_of(client: &Client, name: &str, bytes: &[u8]) -> String {
    let answer = call(client, &add(&[(name, bytes)])).await.json();
    answer["result"]["AddResults"][0]["AdImageHash"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

pub(crate) async fn replay(client: &Client, recorded: &Value) -> Answer {
    let request = &recorded["request"];
    let (path, body) = (request["path"].as_str().unwrap(), request["body"].as_str().unwrap());
    client.send("POST", path, &RECORDED_HEADERS, body.to_owned()).await
}

#[tokio::test]
async fn a_recorded_upload_of_a_damaged_png_gets_the_recorded_answer_and_price() {
    let Some(recorded) = reference_json("yandex-direct-v5/json-recorded/adimages.add.item-error-5004.json") else {
        return;
    };
    let answer = replay(&Client::default(), &recorded).await;
    let expected: Value = serde_json::from_str(recorded["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(answer.header("units"), "40/159960/160000");
    assert_eq!(answer.header("units-used-login"), "example-login");
    let info = format!("reqid:{},cmd:direct.json-api/adimages.add,appcode:0", answer.header("requestid"));
    assert_eq!(answer.header("x-accel-info"), info);
    for name in
        ["content-type", "content-security-policy", "x-content-type-options", "x-frame-options", "x-xss-protection"]
    {
        let recorded = recorded["response"]["headers"].as_object().unwrap();
        let (_, value) = recorded.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap();
        assert_eq!(answer.header(name), value.as_str().unwrap());
    }
}

#[tokio::test]
async fn a_recorded_list_of_an_empty_library_gets_the_recorded_answer_and_price() {
    let Some(recorded) = reference_json("yandex-direct-v5/json-recorded/adimages.get.empty.json") else { return };
    let answer = replay(&Client::default(), &recorded).await;
    assert_eq!(answer.text(), recorded["response"]["body"].as_str().unwrap());
    assert_eq!(answer.header("units"), "15/159985/160000");
}

#[tokio::test]
async fn an_image_is_added_listed_with_the_asked_fields_only_and_deleted() {
    let client = Client::default();
    let bytes = picture(ImageFormat::Jpeg, 1080, 607, 1);
    let hash = hash_of(&client, "wide.jpg", &bytes).await;
    assert_eq!(hash.len(), 22);
    let all = ["AdImageHash", "Name", "Associated", "Type", "Subtype", "OriginalUrl", "PreviewUrl"];
    let listed = call(&client, &get(json!({ "FieldNames": all }))).await.json();
    let row = &listed["result"]["AdImages"][0];
    assert_eq!(row["AdImageHash"], hash.as_str());
    assert_eq!((&row["Name"], &row["Associated"]), (&json!("wide.jpg"), &json!("NO")));
    assert_eq!((&row["Type"], &row["Subtype"]), (&json!("WIDE"), &json!("NONE")));
    let original = row["OriginalUrl"].as_str().unwrap();
    let path = original.strip_prefix("http://emulator.test").unwrap();
    assert!(path.starts_with("/images/direct/"), "{path}");
    let served = client.get(path).await;
    assert_eq!((served.header("content-type"), served.body == bytes), ("image/jpeg", true));

    let narrow = call(&client, &get(json!({ "FieldNames": ["Name"] }))).await;
    assert_eq!(narrow.text(), r#"{"result":{"AdImages":[{"Name":"wide.jpg"}]}}"#);
    assert_eq!(narrow.header("units").split('/').next(), Some("16"));

    let deleted = call(&client, &delete(&[&hash])).await;
    assert_eq!(deleted.json(), json!({"result":{"DeleteResults":[{"AdImageHash": hash}]}}));
    assert_eq!(deleted.header("units").split('/').next(), Some("10"));
    assert_eq!(call(&client, &get(json!({ "FieldNames": ["Name"] }))).await.text(), r#"{"result":{}}"#);
    assert_eq!(client.get(path).await.status, 404);
}

#[tokio::test]
async fn items_succeed_and_fail_on_their_own_and_are_charged_so() {
    let client = Client::default();
    let (good, other) = (png(450, 450, 1), png(600, 500, 2));
    let answer = call(&client, &add(&[("a.png", &good), ("b.png", b"no picture"), ("c.png", &other)])).await;
    let results = answer.json()["result"]["AddResults"].clone();
    assert!(results[0]["AdImageHash"].is_string() && results[0].get("Errors").is_none());
    assert_eq!(results[1]["Errors"][0]["Code"], 5004);
    assert!(results[1].get("AdImageHash").is_none());
    assert!(results[2]["AdImageHash"].is_string());
    assert_eq!(answer.header("units"), "80/159920/160000");
}

#[tokio::test]
async fn an_equal_content_is_stored_once_under_its_first_name() {
    let client = Client::default();
    let bytes = png(450, 450, 7);
    let first = hash_of(&client, "first.png", &bytes).await;
    assert_eq!(hash_of(&client, "second.png", &bytes).await, first);
    let listed = call(&client, &get(json!({ "FieldNames": ["Name"] }))).await;
    assert_eq!(listed.text(), r#"{"result":{"AdImages":[{"Name":"first.png"}]}}"#);

    let doubled = Client::new(Settings { deduplicate: false, ..Settings::default() });
    assert_ne!(hash_of(&doubled, "a.png", &bytes).await, hash_of(&doubled, "a.png", &bytes).await);
}

#[tokio::test]
async fn deletion_refuses_doubles_and_unknown_hashes_item_by_item() {
    let client = Client::default();
    let (first, second) =
        (hash_of(&client, "a", &png(450, 450, 1)).await, hash_of(&client, "b", &png(450, 450, 2)).await);
    let answer = call(&client, &delete(&[&first, &second, "unknown", &first])).await;
    let results = answer.json()["result"]["DeleteResults"].clone();
    let codes: Vec<Option<i64>> =
        results.as_array().unwrap().iter().map(|result| result["Errors"][0]["Code"].as_i64()).collect();
    assert_eq!(codes, [Some(9800), None, Some(8800), Some(9800)]);
    assert_eq!(results[1]["AdImageHash"], second.as_str());
    assert_eq!(answer.header("units").split('/').next(), Some("70"));
    let left = call(&client, &get(json!({ "FieldNames": ["AdImageHash"] }))).await.json();
    assert_eq!(left, json!({"result":{"AdImages":[{"AdImageHash": first}]}}));
}

#[tokio::test]
async fn pages_follow_limited_by_until_it_is_absent() {
    let client = Client::default();
    for shade in 0..5 {
        hash_of(&client, &format!("{shade}"), &png(450, 450, shade)).await;
    }
    let mut names = Vec::new();
    let mut offset = 0;
    loop {
        let page = json!({ "FieldNames": ["Name"], "Page": { "Limit": 2, "Offset": offset } });
        let answer = call(&client, &get(page)).await.json();
        let rows = answer["result"]["AdImages"].as_array().unwrap().clone();
        names.extend(rows.iter().map(|row| row["Name"].as_str().unwrap().to_owned()));
        match answer["result"]["LimitedBy"].as_i64() {
            Some(next) => offset = next,
            None => break,
        }
    }
    assert_eq!(names, ["0", "1", "2", "3", "4"]);
    let beyond = json!({ "FieldNames": ["Name"], "Page": { "Offset": 9 } });
    assert_eq!(call(&client, &get(beyond)).await.text(), r#"{"result":{}}"#);
    let bound = json!({ "FieldNames": ["Name"], "SelectionCriteria": { "Associated": "YES" } });
    assert_eq!(call(&client, &get(bound)).await.text(), r#"{"result":{}}"#);
}

#[tokio::test]
async fn each_login_has_its_own_library_and_versions_share_it() {
    let client = Client::default();
    hash_of(&client, "mine", &png(450, 450, 1)).await;
    let body = get(json!({ "FieldNames": ["Name"] })).to_string();
    let other = [BEARER, ("client-login", "other")];
    assert_eq!(client.send("POST", PATH, &other, body.clone()).await.text(), r#"{"result":{}}"#);
    for path in ["/json/v5/adimages/", "/json/v501/adimages", "/json/v501/adimages/"] {
        let answer = client.send("POST", path, &[BEARER], body.clone()).await;
        assert_eq!(answer.json()["result"]["AdImages"][0]["Name"], "mine", "{path}");
    }
    let another = [("authorization", "Bearer another-token")];
    assert_eq!(client.send("POST", PATH, &another, body).await.text(), r#"{"result":{}}"#);
}
