//! Ad accounts, the user, expansions, copies, proofs and limits of the Graph API.

use std::sync::Arc;

use polyptych_emulator::{AppSecret, CopyKey, ManualClock, Settings, Token};
use serde_json::{Value, json};

use crate::facebook::{BEARER, EDGE, encoded, get, post_json, upload};
use crate::harness::{Client, base64, png};

fn with_accounts(ids: &[&str]) -> Client {
    let mut settings = Settings::default();
    settings.facebook.accounts = ids.iter().map(|id| (*id).to_owned()).collect();
    Client::new(settings)
}

#[tokio::test]
async fn the_accounts_of_a_user_are_paged() {
    let client = with_accounts(&["act_3", "1", "2"]);
    let user = get(&client, "/v26.0/me").await.json();
    assert_eq!(user["name"], "Emulated User");
    let first =
        get(&client, "/v26.0/me/adaccounts?fields=name,currency,account_status&limit=2&summary=true").await.json();
    assert_eq!(first["data"][0], json!({ "name": "Account 3", "currency": "USD", "account_status": 1, "id": "act_3" }));
    assert_eq!(first["summary"], json!({ "total_count": 3 }));
    let next = first["paging"]["next"].as_str().unwrap().strip_prefix("http://emulator.test").unwrap().to_owned();
    let second = client.get(&next).await.json();
    assert_eq!((&second["data"][0]["name"], second["data"].as_array().unwrap().len()), (&json!("Account 2"), 1));
    assert!(second["paging"].get("next").is_none() && second["paging"]["previous"].is_string());
    let own = format!("/v26.0/{}/adaccounts", user["id"].as_str().unwrap());
    assert_eq!(get(&client, &own).await.json()["data"][0], json!({ "account_id": "3", "id": "act_3" }));
    assert_eq!(get(&client, "/v26.0/15/adaccounts").await.json()["error"]["error_subcode"], 33);
    assert_eq!(get(&client, "/v26.0/act_4/adimages").await.json()["error"]["error_subcode"], 33);

    let open = Client::default();
    assert_eq!(get(&open, "/v26.0/me/adaccounts").await.json(), json!({ "data": [] }));
    upload(&open, "a.png", &png(20, 20, 1)).await;
    assert_eq!(get(&open, "/v26.0/me/adaccounts").await.json()["data"][0]["id"], "act_1000000001");
}

#[tokio::test]
async fn an_account_shows_its_images_as_a_nested_edge() {
    let client = Client::default();
    for shade in 0..3 {
        upload(&client, &format!("{shade}.png"), &png(20, 20, shade)).await;
    }
    let path = "/v26.0/act_1000000001";
    let fields = encoded("account_id,name,adimages.limit(2).minwidth(10){name,owner_business{id}}");
    let account = get(&client, &format!("{path}?fields={fields}")).await.json();
    assert_eq!(account["account_id"], "1000000001");
    assert_eq!(account["adimages"]["data"][1]["name"], "1.png");
    let next = account["adimages"]["paging"]["next"].as_str().unwrap();
    let next = client.get(next.strip_prefix("http://emulator.test").unwrap()).await.json();
    assert_eq!(next["data"][0]["name"], "0.png");
    let plain = get(&client, &format!("{path}?fields=adimages")).await.json();
    assert!(plain["adimages"]["data"][0]["hash"].is_string());
    for (fields, code) in [
        ("nope", 100),
        ("adimages{nope}", 100),
        ("adimages.limit(x)", 100),
        ("name{id}", 100),
        ("adimages{hash", 2500),
        ("owner_business{nope}", 100),
    ] {
        let answer = get(&client, &format!("{path}?fields={}", encoded(fields))).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(code)), "{fields}");
    }
}

#[tokio::test]
async fn several_objects_are_read_by_their_ids() {
    let client = Client::default();
    let hash = upload(&client, "a.png", &png(20, 20, 1)).await;
    let id = format!("1000000001:{hash}");
    let both = get(&client, &format!("/v26.0/?ids={},act_5&fields=id", encoded(&id))).await.json();
    assert_eq!(both, json!({ id.clone(): { "id": id }, "act_5": { "id": "act_5" } }));
    for (query, code) in [("?ids=", 100), ("", 100), ("?ids=1:x", 100), ("?ids=word", 803)] {
        let answer = get(&client, &format!("/v26.0/{query}")).await;
        assert_eq!(answer.json()["error"]["code"], code, "{query}");
    }
    let many: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    assert_eq!(get(&client, &format!("/v26.0/?ids={}", many.join(","))).await.status, 400);
}

#[tokio::test]
async fn an_image_is_copied_under_its_name_and_hash() {
    let client = Client::default();
    let hash = upload(&client, "a.png", &png(20, 20, 1)).await;
    let source = json!({ "copy_from": { "source_account_id": "1000000001", "hash": hash } });
    let headers = [BEARER, ("content-type", "application/json")];
    let path = "/v26.0/act_2/adimages";
    let copied = client.send("POST", path, &headers, source.to_string()).await.json();
    assert_eq!((&copied["images"]["a.png"]["hash"], &copied["images"]["a.png"]["width"]), (&json!(hash), &json!(20)));
    let form = format!("copy_from[source_account_id]=act_1000000001&copy_from[hash]={hash}");
    let headers = [BEARER, ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(client.send("POST", "/v26.0/act_3/adimages", &headers, form).await.status, 200);
    assert_eq!(get(&client, path).await.json()["data"][0]["id"], format!("2:{hash}"));
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 1);
    for body in [
        json!({ "copy_from": { "source_account_id": "9", "hash": hash } }),
        json!({ "copy_from": { "source_account_id": "1000000001" } }),
        json!({ "copy_from": { "hash": hash } }),
        json!({ "copy_from": "text" }),
        json!({ "copy_from": [] }),
    ] {
        let answer = post_json(&client, body.clone()).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(100)), "{body}");
    }
    for (key, expected) in [(CopyKey::Hash, hash.as_str()), (CopyKey::Bytes, "bytes")] {
        let mut settings = Settings::default();
        settings.facebook.copy_key = key;
        let client = Client::new(settings);
        upload(&client, "a.png", &png(20, 20, 1)).await;
        let copied = post_json(&client, source.clone()).await.json();
        assert!(copied["images"][expected].is_object(), "{copied}");
    }
}

#[tokio::test]
async fn a_proof_is_checked_once_the_secret_is_known() {
    let proof = "2356b17ae2860016a34575ada27f94b543ed2cbe59a85ba2e0c62dc4aba7a5c6";
    let timed = "d0f9f0c8b7fb1d6d9da6a2fd3fd7c9e6a6f6d7a1d1d7b2f6e1a0c7b5d4e3f2a1";
    let mut settings = Settings::default();
    settings.facebook.app_secret = Some(AppSecret::new("secret"));
    assert!(!format!("{settings:?}").contains("secret\""));
    let checked = Client::new(settings.clone());
    settings.facebook.require_proof = true;
    let required = Client::new(settings);
    for (client, query, message) in [
        (&checked, String::new(), None),
        (&checked, format!("appsecret_proof={proof}"), None),
        (&checked, "appsecret_proof=00".to_owned(), Some("Invalid appsecret_proof provided in the API argument")),
        (&required, String::new(), Some("API calls from the server require an appsecret_proof argument")),
        (
            &required,
            format!("appsecret_proof={timed}&appsecret_time=1767225600"),
            Some("Invalid appsecret_proof provided in the API argument"),
        ),
        (&required, format!("appsecret_proof={proof}"), None),
    ] {
        let answer = get(client, &format!("{EDGE}?{query}")).await;
        let error = &answer.json()["error"];
        assert_eq!(error["message"].as_str(), message, "{query}");
        assert_eq!(error["type"].as_str(), message.map(|_| "GraphMethodException"), "{query}");
    }
}

#[tokio::test]
async fn a_timed_proof_is_good_for_five_minutes() {
    // HMAC-SHA256 of "TOKEN|1767225600" under "secret", computed with another implementation.
    let proof = TIMED_PROOF;
    let clock = Arc::new(ManualClock::default());
    let mut settings = Settings { clock: clock.clone(), ..Settings::default() };
    settings.facebook.app_secret = Some(AppSecret::new("secret"));
    let client = Client::new(settings);
    let path = format!("{EDGE}?appsecret_proof={proof}&appsecret_time=1767225600");
    assert_eq!(get(&client, &path).await.status, 200);
    clock.advance(300_000);
    assert_eq!(get(&client, &path).await.status, 200);
    clock.advance(1_000);
    assert_eq!(get(&client, &path).await.status, 400);
    let garbled = format!("{EDGE}?appsecret_proof={proof}&appsecret_time=now");
    assert_eq!(get(&client, &garbled).await.status, 400);
}

const TIMED_PROOF: &str = "6873031623ba2bb679ef17f7a2dfcf5c2b3f8f7230b7fc0c1ef291526697334d";

#[tokio::test]
async fn calls_beyond_a_limit_are_refused_when_limits_are_enforced() {
    let clock = Arc::new(ManualClock::default());
    let mut settings = Settings { clock: clock.clone(), ..Settings::default() };
    settings.facebook.hourly_calls = 2;
    let reporting = Client::new(settings.clone());
    settings.facebook.enforce_limits = true;
    let enforcing = Client::new(settings.clone());
    for _ in 0..3 {
        assert_eq!(get(&reporting, EDGE).await.status, 200);
        get(&enforcing, EDGE).await;
    }
    let refused = get(&enforcing, EDGE).await;
    let usage: Value = serde_json::from_str(refused.header("x-business-use-case-usage")).unwrap();
    assert_eq!(usage["1000000001"][0]["estimated_time_to_regain_access"], 60);
    let mut error = refused.json()["error"].clone();
    if let Some(recorded) = crate::harness::reference_json("facebook/derived/recorded_responses.json") {
        let recorded = &recorded["error_80004"]["body"]["error"];
        error["fbtrace_id"] = recorded["fbtrace_id"].clone();
        assert_eq!(&error, recorded);
    }
    assert_eq!(get(&enforcing, "/v26.0/act_2/adimages").await.status, 200);
    clock.advance(3_600_000);
    assert_eq!(get(&enforcing, EDGE).await.status, 200);

    settings.facebook.app_hourly_calls = 1;
    let app = Client::new(settings.clone());
    get(&app, "/v26.0/me").await;
    let refused = get(&app, "/v26.0/me").await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (403, &json!(4)));
    settings.facebook.app_hourly_calls = 100;
    for (code, transient) in [(17, Some(true)), (32, None), (613, None)] {
        settings.facebook.hourly_limit_code = code;
        let client = Client::new(settings.clone());
        get(&client, EDGE).await;
        get(&client, EDGE).await;
        let refused = get(&client, EDGE).await;
        let error = refused.json()["error"].clone();
        assert_eq!((refused.status, &error["code"]), (400, &json!(code)));
        assert_eq!(error["is_transient"].as_bool(), transient);
    }
}

#[tokio::test]
async fn the_answer_of_an_upload_holds_chosen_fields_only_when_switched_on() {
    let body = json!({ "bytes": base64(&png(20, 20, 1)), "fields": "id,status" });
    let plain = post_json(&Client::default(), body.clone()).await.json();
    assert_eq!(plain["images"]["bytes"].as_object().unwrap().len(), 9);
    let mut settings = Settings::default();
    settings.facebook.read_after_write = true;
    settings.facebook.delete_by_image_id = true;
    let client = Client::new(settings);
    let chosen = post_json(&client, body).await.json();
    assert_eq!(chosen["images"]["bytes"]["status"], "ACTIVE");
    assert_eq!(chosen["images"]["bytes"].as_object().unwrap().len(), 2);
    let id = chosen["images"]["bytes"]["id"].as_str().unwrap();
    let foreign = client.send("DELETE", &format!("{EDGE}?image_id=2:x"), &[BEARER], "").await;
    assert_eq!(foreign.status, 400);
    let deleted = client.send("DELETE", &format!("{EDGE}?image_id={id}"), &[BEARER], "").await;
    assert_eq!(deleted.json(), json!({ "success": true }));
}

#[tokio::test]
async fn an_image_that_a_seeded_creative_uses_says_so_and_stays() {
    let mut settings = Settings::default();
    settings.facebook.in_use_subcode = Some(1_234_567);
    let client = Client::new(settings);
    let hash = upload(&client, "a.png", &png(20, 20, 1)).await;
    let setup = json!({ "accounts": {
        "facebook": [{ "id": "act_1000000001", "name": "Shop", "business_id": "77", "business_name": "Group" }],
        "creatives": [{ "account": "1000000001", "hash": hash, "creative": "555" }],
    } });
    let answer = client.send("POST", "/_emulator/setup", &[], setup.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let fields = encoded("creatives,is_associated_creatives_in_adgroups,owner_business{name}");
    let image = get(&client, &format!("/v26.0/1000000001:{hash}?fields={fields}")).await.json();
    assert_eq!(image["creatives"], json!(["555"]));
    assert_eq!(image["is_associated_creatives_in_adgroups"], true);
    assert_eq!(image["owner_business"], json!({ "id": "77", "name": "Group" }));
    let refused = client.send("DELETE", &format!("{EDGE}?hash={hash}"), &[BEARER], "").await;
    assert_eq!((refused.status, &refused.json()["error"]["error_subcode"]), (400, &json!(1_234_567)));
    assert_eq!(get(&client, EDGE).await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_of_one_account_reaches_no_other_by_any_way() {
    let mut limited = Token::new("TOKEN");
    limited.albums = Some(vec!["act_1000000001".to_owned()]);
    let mut settings = Settings { tokens: vec![limited, Token::new("all")], ..Settings::default() };
    settings.facebook.accounts = vec!["1000000001".to_owned(), "2".to_owned()];
    let client = Client::new(settings);
    let headers = [("authorization", "Bearer all"), ("content-type", "application/json")];
    let body = json!({ "bytes": base64(&png(20, 20, 1)) }).to_string();
    let stored = client.send("POST", "/v26.0/act_2/adimages", &headers, body).await.json();
    let hash = stored["images"]["bytes"]["hash"].as_str().unwrap();
    let listed = get(&client, "/v26.0/me/adaccounts").await.json();
    assert_eq!(listed["data"], json!([{ "account_id": "1000000001", "id": "act_1000000001" }]));
    let copy = json!({ "copy_from": { "source_account_id": "2", "hash": hash } });
    assert_eq!(post_json(&client, copy).await.json()["error"]["code"], 200);
    for path in [
        "/v26.0/act_2/adimages".to_owned(),
        "/v26.0/act_2".to_owned(),
        format!("/v26.0/2:{hash}"),
        format!("/v26.0/?ids=act_1000000001,2:{hash}"),
    ] {
        let answer = get(&client, &path).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (403, &json!(200)), "{path}");
    }
}
