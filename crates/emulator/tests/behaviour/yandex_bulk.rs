//! Ten thousand images in one account: pages, and a delete of all of them in one call, in every encoding.

use std::fmt::Write as _;

use polyptych_emulator::Settings;
use serde_json::{Value, json};

use crate::harness::Client;

const MANY: usize = 10_000;
const AUTHORIZATION: (&str, &str) = ("authorization", "Bearer token");
const LOGIN: (&str, &str) = ("client-login", "many");

async fn full() -> Client {
    let mut settings = Settings::default();
    settings.yandex.daily_points = 1_000_000;
    let client = Client::new(settings);
    let body = json!({ "images": [{ "library": "yandex", "album": "many", "count": MANY }] }).to_string();
    let answer = client.send("POST", "/_emulator/setup", &[], body).await;
    assert!(answer.status < 300, "{}", answer.text());
    client
}

fn texts<'a>(xml: &'a str, element: &str) -> Vec<&'a str> {
    let start = format!("<{element}");
    let pieces = xml.split(start.as_str()).skip(1);
    pieces.filter_map(|piece| piece.split_once('>')?.1.split_once('<')).map(|(text, _)| text).collect()
}

async fn v5_json(client: &Client, body: Value) -> Value {
    client.send("POST", "/json/v5/adimages", &[AUTHORIZATION, LOGIN], body.to_string()).await.json()["result"].clone()
}

async fn v5_soap(client: &Client, operation: &str, body: &str) -> String {
    let name = format!("{}{}Request", &operation[..1].to_uppercase(), &operation[1..]);
    let envelope = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><a:{name} \
         xmlns:a=\"http://api.direct.yandex.com/v5/adimages\">{body}</a:{name}></e:Body></e:Envelope>"
    );
    let action = format!("https://api.direct.yandex.com/v5/adimages/{operation}");
    client.send("POST", "/v5/adimages", &[AUTHORIZATION, LOGIN, ("soapaction", &action)], envelope).await.text()
}

#[tokio::test]
async fn v5_json_pages_through_ten_thousand_images_and_deletes_them_in_one_call() {
    let client = full().await;
    let (mut hashes, mut offset, mut pages) = (Vec::new(), 0, 0);
    loop {
        let page = json!({ "Limit": 3_000, "Offset": offset });
        let result =
            v5_json(&client, json!({ "method": "get", "params": { "FieldNames": ["AdImageHash"], "Page": page } }))
                .await;
        let rows = result["AdImages"].as_array().unwrap();
        hashes.extend(rows.iter().map(|row| row["AdImageHash"].as_str().unwrap().to_owned()));
        pages += 1;
        match result["LimitedBy"].as_u64() {
            Some(next) => offset = next,
            None => break,
        }
    }
    assert_eq!((pages, hashes.len()), (4, MANY));
    let all = v5_json(&client, json!({ "method": "get", "params": { "FieldNames": ["AdImageHash"] } })).await;
    assert_eq!((all["AdImages"].as_array().unwrap().len(), all.get("LimitedBy")), (MANY, None));
    let chosen = json!({ "AdImageHashes": hashes, "Associated": "NO" });
    let chosen =
        v5_json(&client, json!({ "method": "get", "params": { "SelectionCriteria": chosen, "FieldNames": ["Name"] } }))
            .await;
    assert_eq!(chosen["AdImages"].as_array().unwrap().len(), MANY);
    let deleted =
        v5_json(&client, json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": hashes } } }))
            .await;
    let deleted = deleted["DeleteResults"].as_array().unwrap();
    let gone: Vec<&str> = deleted.iter().map(|result| result["AdImageHash"].as_str().unwrap()).collect();
    assert_eq!(gone, hashes, "one result per hash, in the order of the request");
    let left = v5_json(&client, json!({ "method": "get", "params": { "FieldNames": ["Name"] } })).await;
    assert_eq!(left, json!({}));
}

#[tokio::test]
async fn v5_soap_pages_through_ten_thousand_images_and_deletes_them_in_one_call() {
    let client = full().await;
    let (mut hashes, mut offset, mut pages) = (Vec::new(), "0".to_owned(), 0);
    loop {
        let page =
            format!("<Page><Limit>3000</Limit><Offset>{offset}</Offset></Page><FieldNames>AdImageHash</FieldNames>");
        let answer = v5_soap(&client, "get", &page).await;
        hashes.extend(texts(&answer, "AdImageHash").into_iter().map(str::to_owned));
        pages += 1;
        match texts(&answer, "LimitedBy").first() {
            Some(next) => offset = (*next).to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, hashes.len()), (4, MANY));
    let list = hashes.iter().fold(String::new(), |mut list, hash| {
        let _ = write!(list, "<AdImageHashes>{hash}</AdImageHashes>");
        list
    });
    let deleted = v5_soap(&client, "delete", &format!("<SelectionCriteria>{list}</SelectionCriteria>")).await;
    assert_eq!(texts(&deleted, "AdImageHash"), hashes);
    let left = v5_soap(&client, "get", "<FieldNames>Name</FieldNames>").await;
    assert!(texts(&left, "Name").is_empty(), "{left}");
}

async fn live4_json(client: &Client, param: Value) -> Value {
    let body = json!({ "method": "AdImage", "token": "token", "param": param }).to_string();
    client.send("POST", "/live/v4/json/", &[], body).await.json()
}

#[tokio::test]
async fn live_4_json_pages_through_ten_thousand_images_and_deletes_them_in_one_call() {
    let client = full().await;
    let mut hashes = Vec::new();
    for offset in [0, 4_000, 8_000] {
        let criteria = json!({ "Logins": ["many"], "Limit": 4_000, "Offset": offset });
        let answer = live4_json(&client, json!({ "Action": "Get", "SelectionCriteria": criteria })).await;
        assert_eq!(answer["data"]["TotalObjectsCount"], "10000");
        let rows = answer["data"]["AdImages"].as_array().unwrap().clone();
        hashes.extend(rows.iter().map(|row| row["AdImageHash"].as_str().unwrap().to_owned()));
    }
    assert_eq!(hashes.len(), MANY);
    let delete = |hashes: Value| json!({ "Action": "Delete", "SelectionCriteria": { "Logins": ["many"], "AdImageHashes": hashes } });
    let mut one_wrong = hashes.clone();
    one_wrong[MANY - 1] = "unknown".to_owned();
    assert_eq!(live4_json(&client, delete(json!(one_wrong))).await["error_code"], 271);
    assert_eq!(live4_json(&client, delete(json!(hashes))).await, json!({ "data": {} }));
    let left = live4_json(&client, json!({ "Action": "Get", "SelectionCriteria": { "Logins": ["many"] } })).await;
    assert_eq!(left["data"]["TotalObjectsCount"], "0");
}

#[tokio::test]
async fn live_4_soap_lists_ten_thousand_images_and_deletes_them_in_one_call() {
    let client = full().await;
    let call = async |params: &str| {
        let envelope = format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header><a:token xmlns:a=\"API\">token</a:token></e:Header>\
             <e:Body><a:AdImage xmlns:a=\"API\"><params>{params}</params></a:AdImage></e:Body></e:Envelope>"
        );
        client.send("POST", "/live/v4/soap/", &[("soapaction", "API#AdImage")], envelope).await.text()
    };
    let logins = "<Logins><item>many</item></Logins>";
    let list = format!("<Action>Get</Action><SelectionCriteria>{logins}</SelectionCriteria>");
    let listed = call(&list).await;
    let hashes = texts(&listed, "AdImageHash");
    assert_eq!((hashes.len(), texts(&listed, "TotalObjectsCount")), (MANY, vec!["10000"]));
    let items = hashes.iter().fold(String::new(), |mut items, hash| {
        let _ = write!(items, "<item>{hash}</item>");
        items
    });
    let criteria = format!("{logins}<AdImageHashes>{items}</AdImageHashes>");
    let deleted = call(&format!("<Action>Delete</Action><SelectionCriteria>{criteria}</SelectionCriteria>")).await;
    assert!(deleted.contains("<AdImageResponse xsi:type=\"namesp2:AdImageResponse\"></AdImageResponse>"), "{deleted}");
    assert_eq!(texts(&call(&list).await, "TotalObjectsCount"), ["0"]);
}
