//! Ads that show images: `AdImageAssociation` of Live 4, and what being bound means for both APIs.

use std::sync::Arc;

use polyptych_emulator::{ManualClock, Role, Settings, Token};
use serde_json::{Value, json};

use crate::harness::{Client, base64, png};

async fn send(client: &Client, method: &str, token: &str, param: Value) -> Value {
    let body = json!({ "method": method, "token": token, "param": param });
    client.send("POST", "/live/v4/json/", &[], body.to_string()).await.json()
}

async fn image(client: &Client, param: Value) -> Value {
    send(client, "AdImage", "token", param).await
}

async fn associations(client: &Client, criteria: Value) -> Value {
    let answer =
        send(client, "AdImageAssociation", "token", json!({ "Action": "Get", "SelectionCriteria": criteria })).await;
    answer["data"].clone()
}

async fn set(client: &Client, token: &str, items: Value) -> Vec<Option<i64>> {
    let param = json!({ "Action": "Set", "AdImageAssociations": items });
    let answer = send(client, "AdImageAssociation", token, param).await;
    let results = answer["data"]["ActionsResult"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    for (result, item) in results.iter().zip(items.as_array().unwrap()) {
        assert_eq!(result["AdID"], item["AdID"], "{answer}");
    }
    results.iter().map(|result| result["Errors"][0]["FaultCode"].as_i64()).collect()
}

async fn upload(client: &Client, login: &str, shade: u8) -> String {
    let items = json!([{ "Login": login, "RawData": base64(&png(450, 450, shade)), "Name": "a" }]);
    let answer = image(client, json!({ "Action": "UploadRawData", "AdImageRawData": items })).await;
    answer["data"]["ActionsResult"][0]["AdImageHash"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn seed(client: &Client, login: &str, ads: Value) {
    let body = json!({ "ads": [{ "login": login, "ads": ads }] });
    let answer = client.send("POST", "/_emulator/setup", &[], body.to_string()).await;
    assert!(answer.status < 300, "{}", answer.text());
}

/// The code of a v5 `delete` of one image; 0 when it is gone.
async fn delete_v5(client: &Client, login: &str, hash: &str) -> i64 {
    let body = json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": [hash] } } });
    let headers = [("authorization", "Bearer token"), ("client-login", login)];
    let answer = client.send("POST", "/json/v5/adimages", &headers, body.to_string()).await.json();
    answer["result"]["DeleteResults"][0]["Errors"][0]["Code"].as_i64().unwrap_or(0)
}

async fn associated_v5(client: &Client, login: &str, associated: &str) -> Vec<Value> {
    let criteria = json!({ "Associated": associated });
    let params = json!({ "SelectionCriteria": criteria, "FieldNames": ["AdImageHash", "Associated"] });
    let headers = [("authorization", "Bearer token"), ("client-login", login)];
    let body = json!({ "method": "get", "params": params }).to_string();
    let answer = client.send("POST", "/json/v5/adimages", &headers, body).await.json();
    answer["result"]["AdImages"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_bound_image_is_seen_as_bound_and_stays_in_both_apis() {
    let client = Client::default();
    let (hash, free) = (upload(&client, "shop", 1).await, upload(&client, "shop", 2).await);
    seed(&client, "shop", json!([{ "id": 7, "campaign": 70 }, { "id": 8, "campaign": 80, "status": "ACCEPTED" }]))
        .await;
    assert_eq!(
        set(&client, "token", json!([{ "AdID": 7, "AdImageHash": hash }, { "AdID": 8, "AdImageHash": hash }])).await,
        [None, None]
    );

    let bound = associated_v5(&client, "shop", "YES").await;
    assert_eq!(bound, [json!({ "AdImageHash": hash, "Associated": "YES" })]);
    assert_eq!(associated_v5(&client, "shop", "NO").await, [json!({ "AdImageHash": free, "Associated": "NO" })]);
    let assigned = json!({ "Logins": ["shop"], "Assigned": ["Yes"] });
    let assigned = image(&client, json!({ "Action": "Get", "SelectionCriteria": assigned })).await;
    assert_eq!(assigned["data"]["AdImages"][0]["Assigned"], "Yes");
    assert_eq!(assigned["data"]["TotalObjectsCount"], "1");

    assert_eq!(delete_v5(&client, "shop", &hash).await, 8301);
    let delete = json!({ "Logins": ["shop"], "AdImageHashes": [free, hash] });
    let delete = json!({ "Action": "Delete", "SelectionCriteria": delete });
    assert_eq!(image(&client, delete.clone()).await["error_code"], 80);
    assert_eq!(associated_v5(&client, "shop", "NO").await.len(), 1, "nothing was deleted");

    assert_eq!(set(&client, "token", json!([{ "AdID": 7 }, { "AdID": 8, "AdImageHash": null }])).await, [None, None]);
    assert_eq!(image(&client, delete).await, json!({ "data": {} }));
    assert!(associated_v5(&client, "shop", "YES").await.is_empty());
}

#[tokio::test]
async fn a_refused_delete_has_the_measured_russian_text() {
    let client = Client::default();
    let hash = upload(&client, "shop", 1).await;
    seed(&client, "shop", json!([{ "campaign": 1, "image": hash }])).await;
    let body = json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": [hash] } } });
    let headers = [("authorization", "Bearer token"), ("client-login", "shop"), ("accept-language", "ru")];
    let answer = client.send("POST", "/json/v5/adimages", &headers, body.to_string()).await;
    let error = &answer.json()["result"]["DeleteResults"][0]["Errors"][0];
    let expected = json!({ "Code": 8301, "Message": "Невозможно удалить объект",
                           "Details": "Невозможно удалить привязанное изображение" });
    assert_eq!(*error, expected);
    assert_eq!(answer.header("units").split('/').next(), Some("30"));
}

#[tokio::test]
async fn items_of_set_fail_on_their_own() {
    let client = Client::default();
    let hash = upload(&client, "shop", 1).await;
    seed(
        &client,
        "shop",
        json!([
            { "id": 1, "campaign": 1 },
            { "id": 2, "campaign": 1, "status": "ARCHIVED" },
            { "id": 3, "campaign": 1, "type": "IMAGE_AD" },
            { "id": 4, "campaign": 1 },
        ]),
    )
    .await;
    let items = json!([
        { "AdID": 1, "AdImageHash": hash },
        { "AdID": 2, "AdImageHash": hash },
        { "AdID": 3, "AdImageHash": hash },
        { "AdID": 4, "AdImageHash": "unknown" },
        { "AdID": 99, "AdImageHash": hash },
    ]);
    assert_eq!(set(&client, "token", items).await, [None, Some(156), Some(71), Some(271), Some(71)]);
    let missing = json!({ "Action": "Set", "AdImageAssociations": [{ "AdImageHash": hash }] });
    let missing = send(&client, "AdImageAssociation", "token", missing).await;
    let error = &missing["data"]["ActionsResult"][0]["Errors"][0];
    assert_eq!(error["FaultDetail"], "Field AdImageAssociations[0].AdID must not be empty");
    let listed = associations(&client, json!({ "Logins": ["shop"] })).await;
    assert_eq!(listed["TotalObjectsCount"], "1");
}

#[tokio::test]
async fn associations_have_the_published_members_and_are_selected_by_every_criterion() {
    let client = Client::default();
    let (one, two) = (upload(&client, "shop", 1).await, upload(&client, "shop", 2).await);
    seed(
        &client,
        "shop",
        json!([
            { "id": 451_154_649_000_i64, "campaign": 9, "image": one, "image_status": "No",
              "rejections": [{ "type": "image", "text": "blurred" }] },
            { "id": 2, "campaign": 8, "image": two, "image_status": "Yes" },
            { "id": 3, "campaign": 8, "image": one },
            { "id": 4, "campaign": 8, "type": "IMAGE_AD", "image": one },
            { "id": 5, "campaign": 8 },
        ]),
    )
    .await;
    let first = associations(&client, json!({ "Logins": ["shop"], "StatusAdImageModerate": ["No"] })).await;
    let expected = json!({
        "AdID": 451_154_649_000_i64, "AdImageHash": one, "Login": "shop", "CampaignID": 9,
        "StatusAdImageModerate": "No", "ModerateRejectionReasons": [{ "Type": "image", "Text": "blurred" }],
    });
    assert_eq!(first["AdImageAssociations"], json!([expected]));
    for (criteria, ids, total) in [
        (json!({}), vec![2, 3, 451_154_649_000_i64], "3"),
        (json!({ "AdImageHashes": [one] }), vec![3, 451_154_649_000], "2"),
        (json!({ "CampaignIDS": [8] }), vec![2, 3], "2"),
        (json!({ "AdIDS": [3, 4, 5] }), vec![3], "1"),
        (json!({ "StatusAdImageModerate": ["New", "Yes"], "AdImageHashes": [two] }), vec![2], "1"),
        (json!({ "StatusAdImageModerate": ["Pending"] }), vec![], "0"),
        (json!({ "Limit": 1, "Offset": 1 }), vec![3], "3"),
        (json!({ "Offset": 7 }), vec![], "3"),
    ] {
        let mut asked = criteria.clone();
        asked["Logins"] = json!(["shop"]);
        let answer = associations(&client, asked).await;
        let rows = answer["AdImageAssociations"].as_array().unwrap();
        let found: Vec<i64> = rows.iter().map(|row| row["AdID"].as_i64().unwrap()).collect();
        assert_eq!((found, &answer["TotalObjectsCount"]), (ids, &json!(total)), "{criteria}");
    }
    for (criteria, code) in [
        (json!({ "StatusAdImageModerate": ["Ready"] }), 71),
        (json!({ "StatusAdImageModerate": "No" }), 9),
        (json!({ "AdIDS": ["1"] }), 71),
        (json!({ "Logins": vec!["a"; 11] }), 71),
        (json!({ "AdIDS": vec![1; 10_001] }), 71),
        (json!({ "Limit": 10_001 }), 8),
        (json!({ "Offset": -1 }), 18),
    ] {
        let param = json!({ "Action": "Get", "SelectionCriteria": criteria });
        assert_eq!(send(&client, "AdImageAssociation", "token", param).await["error_code"], code);
    }
}

#[tokio::test]
async fn an_ad_shows_one_image_and_a_new_one_replaces_it() {
    let client = Client::default();
    let (one, two) = (upload(&client, "shop", 1).await, upload(&client, "shop", 2).await);
    seed(
        &client,
        "shop",
        json!([{ "id": 1, "campaign": 1, "status": "ACCEPTED", "image": one, "image_status": "Yes" }]),
    )
    .await;
    assert_eq!(set(&client, "token", json!([{ "AdID": 1, "AdImageHash": two }])).await, [None]);
    let listed = associations(&client, json!({ "Logins": ["shop"] })).await;
    assert_eq!(listed["AdImageAssociations"][0]["AdImageHash"], json!(two));
    assert_eq!(listed["AdImageAssociations"][0]["StatusAdImageModerate"], "Pending", "sent to moderation by itself");
    assert_eq!((delete_v5(&client, "shop", &one).await, delete_v5(&client, "shop", &two).await), (0, 8301));
}

#[tokio::test]
async fn an_image_that_was_shown_is_kept_by_live_4_even_without_an_ad() {
    let client = Client::default();
    let hash = upload(&client, "shop", 1).await;
    seed(&client, "shop", json!([{ "id": 1, "campaign": 1, "image": hash, "shown": true }])).await;
    set(&client, "token", json!([{ "AdID": 1 }])).await;
    let delete = json!({ "Action": "Delete", "SelectionCriteria": { "Logins": ["shop"], "AdImageHashes": [hash] } });
    assert_eq!(image(&client, delete).await["error_code"], 80);
    assert_eq!(delete_v5(&client, "shop", &hash).await, 0);
}

#[tokio::test]
async fn an_unbound_image_counts_as_bound_for_the_lag_of_the_settings() {
    let clock = Arc::new(ManualClock::default());
    let mut settings = Settings { clock: clock.clone(), ..Settings::default() };
    settings.yandex.associated_lag_millis = 40_000;
    let client = Client::new(settings);
    let hash = upload(&client, "shop", 1).await;
    seed(&client, "shop", json!([{ "id": 1, "campaign": 1, "image": hash }])).await;
    set(&client, "token", json!([{ "AdID": 1 }])).await;
    clock.advance(39_999);
    assert_eq!((associated_v5(&client, "shop", "YES").await.len(), delete_v5(&client, "shop", &hash).await), (1, 8301));
    clock.advance(1);
    assert_eq!((associated_v5(&client, "shop", "YES").await.len(), delete_v5(&client, "shop", &hash).await), (0, 0));
}

#[tokio::test]
async fn each_ad_makes_room_for_two_more_images() {
    let mut settings = Settings::default();
    settings.yandex.image_quota = 1;
    let client = Client::new(settings);
    upload(&client, "shop", 1).await;
    let limits = json!({ "Action": "GetLimits", "SelectionCriteria": { "Logins": ["shop"] } });
    let of = |answer: Value| answer["data"]["AdImageLimits"][0].clone();
    let before = of(image(&client, limits.clone()).await);
    assert_eq!(before, json!({ "Login": "shop", "Capacity": 1, "Utilized": 1 }));
    let item = json!([{ "Login": "shop", "RawData": base64(&png(450, 450, 2)), "Name": "b" }]);
    let add = json!({ "Action": "UploadRawData", "AdImageRawData": item });
    assert_eq!(image(&client, add.clone()).await["data"]["ActionsResult"][0]["Errors"][0]["FaultCode"], 7001);
    seed(&client, "shop", json!([{ "campaign": 1 }])).await;
    assert!(image(&client, add).await["data"]["ActionsResult"][0]["AdImageHash"].is_string());
    assert_eq!(of(image(&client, limits).await), json!({ "Login": "shop", "Capacity": 3, "Utilized": 2 }));
}

#[tokio::test]
async fn ads_are_bound_by_their_owner_and_by_an_agency_of_it() {
    let token = |value: &str, role| Token { login: Some(value.to_owned()), role, ..Token::new(value) };
    let tokens = vec![
        token("shop", Role::Advertiser),
        token("rival", Role::Advertiser),
        token("agency", Role::Agency),
        token("token", Role::Either),
    ];
    let client = Client::new(Settings { tokens, ..Settings::default() });
    let hash = upload(&client, "shop", 1).await;
    seed(&client, "shop", json!([{ "id": 1, "campaign": 1 }])).await;
    let items = json!([{ "AdID": 1, "AdImageHash": hash }]);
    for (token, code) in [("rival", Some(54)), ("agency", None), ("shop", None), ("token", None)] {
        assert_eq!(set(&client, token, items.clone()).await, [code], "{token}");
    }
    let get = json!({ "Action": "Get" });
    assert_eq!(send(&client, "AdImageAssociation", "agency", get.clone()).await["error_code"], 71);
    assert_eq!(send(&client, "AdImageAssociation", "shop", get).await["data"]["TotalObjectsCount"], "1");
}

#[tokio::test]
async fn soap_binds_and_lists_too() {
    let client = Client::default();
    let hash = upload(&client, "", 1).await;
    let login = image(&client, json!({ "Action": "Get" })).await["data"]["AdImages"][0]["Login"].clone();
    seed(&client, login.as_str().unwrap(), json!([{ "id": 5_000_000_000_i64, "campaign": 1 }])).await;
    let envelope = |params: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
             <e:Header><a:token xmlns:a=\"API\">token</a:token></e:Header><e:Body><a:AdImageAssociation xmlns:a=\"API\"><params>{params}\
             </params></a:AdImageAssociation></e:Body></e:Envelope>"
        )
    };
    // zeep names items after their type and writes absent members as nil.
    let set = envelope(&format!(
        "<Action>Set</Action><SelectionCriteria xsi:nil=\"true\"/><AdImageAssociations><AdImageAssociation><AdID>5000000000</AdID>\
         <AdImageHash>{hash}</AdImageHash><Login xsi:nil=\"true\"/><CampaignID xsi:nil=\"true\"/><StatusAdImageModerate xsi:nil=\"true\"/>\
         <ModerateRejectionReasons xsi:nil=\"true\"/></AdImageAssociation></AdImageAssociations>"
    ));
    let headers = [("soapaction", "\"API#AdImageAssociation\"")];
    let answer = client.send("POST", "/live/v4/soap/2/", &headers, set).await.text();
    assert!(
        answer.contains("<ActionsResult SOAP-ENC:arrayType=\"namesp2:AdImageAssociationActionResult[1]\""),
        "{answer}"
    );
    assert!(answer.contains("<AdID xsi:type=\"xsd:long\">5000000000</AdID>") && !answer.contains("Errors"), "{answer}");
    let listed = client.send("POST", "/live/v4/soap/", &headers, envelope("<Action>Get</Action>")).await.text();
    let order =
        ["<AdID ", "<AdImageHash ", "<CampaignID ", "<Login ", "<ModerateRejectionReasons ", "<StatusAdImageModerate "];
    let places: Vec<usize> =
        order.iter().map(|name| listed.find(name).unwrap_or_else(|| panic!("{name}: {listed}"))).collect();
    assert!(places.is_sorted(), "recorded replies have their members by alphabet: {listed}");
}
