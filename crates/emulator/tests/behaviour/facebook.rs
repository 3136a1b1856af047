//! The adimages edge and the AdImage node of the Graph API.

use image::ImageFormat;
use polyptych_emulator::{ExpiredVersions, Settings, Token, UnknownHash};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Part, base64, form, picture, png, reference_json, shape};

pub(crate) const EDGE: &str = "/v26.0/act_1000000001/adimages";
pub(crate) const BEARER: (&str, &str) = ("authorization", "Bearer TOKEN");

pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(crate) async fn post_json(client: &Client, body: Value) -> Answer {
    client.send("POST", EDGE, &[BEARER, ("content-type", "application/json")], body.to_string()).await
}

pub(crate) async fn post_form(client: &Client, parts: &[Part<'_>]) -> Answer {
    let (kind, body) = form(parts);
    client.send("POST", EDGE, &[BEARER, ("content-type", &kind)], body).await
}

pub(crate) async fn get(client: &Client, path: &str) -> Answer {
    client.send("GET", path, &[BEARER], "").await
}

pub(crate) async fn upload(client: &Client, name: &str, bytes: &[u8]) -> String {
    let answer = post_form(client, &[("file", Some(name), Some("image/png"), bytes)]).await.json();
    answer["images"][name]["hash"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn an_edge_read_has_hash_and_id_unless_fields_are_named() {
    let client = Client::default();
    let hash = upload(&client, "a.png", &png(30, 20, 1)).await;
    let listed = get(&client, EDGE).await.json();
    assert_eq!(listed["data"], json!([{ "hash": hash, "id": format!("1000000001:{hash}") }]));
    let fields = "account_id,created_time,updated_time,creatives,hash,height,width,original_height,original_width,\
                  is_associated_creatives_in_adgroups,name,owner_business{id,name},permalink_url,status,url,url_128";
    let all = get(&client, &format!("{EDGE}?fields={}", encoded(fields))).await.json()["data"][0].clone();
    assert_eq!((&all["created_time"], &all["status"]), (&json!("2026-01-01T00:00:00+0000"), &json!("ACTIVE")));
    assert_eq!((&all["height"], &all["original_width"]), (&json!(20), &json!(30)));
    let node = get(&client, &format!("/v26.0/1000000001:{hash}/?fields={}", encoded(fields))).await.json();
    assert_eq!(node, all);
    assert_eq!(get(&client, &format!("/v25.0/1000000001%3A{hash}")).await.json()["hash"], hash.as_str());
    let wrong = get(&client, &format!("{EDGE}?fields=hash,nope")).await;
    assert_eq!(
        wrong.json()["error"]["message"],
        "(#100) Tried accessing nonexisting field (nope) on node type (AdImage)"
    );
}

#[tokio::test]
async fn a_read_by_two_hashes_has_the_recorded_shape_and_order() {
    let client = Client::default();
    let first = upload(&client, "13006112.jpg", &picture(ImageFormat::Jpeg, 57, 70, 1)).await;
    let second = upload(&client, "13344107.jpg", &picture(ImageFormat::Jpeg, 57, 76, 2)).await;
    upload(&client, "other.png", &png(9, 9, 9)).await;
    let query = format!(
        "access_token=TOKEN&appsecret_proof=PROOF&fields=id,hash,account_id,name,permalink_url,original_width,original_height\
         &hashes%5B%5D={first}&hashes%5B%5D={second}"
    );
    let answer = client.send("GET", &format!("{EDGE}?{query}"), &[("accept", "application/json")], "").await;
    let body = answer.json();
    assert_eq!((&body["data"][0]["hash"], &body["data"][1]["hash"]), (&json!(second), &json!(first)));
    assert_ne!(body["paging"]["cursors"]["before"], body["paging"]["cursors"]["after"]);
    let Some(recorded) = reference_json("facebook/recorded/get_by_two_hashes.json") else { return };
    assert_eq!(shape(&body), shape(&recorded["response"]["body"]));
    for name in ["access-control-allow-origin", "pragma", "cache-control", "content-type", "expires", "vary"] {
        let headers = recorded["response"]["headers"].as_object().unwrap();
        let (_, value) = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap();
        assert_eq!(answer.header(name), value.as_str().unwrap(), "{name}");
    }
    for name in ["x-fb-rev", "x-fb-trace-id", "facebook-api-version", "x-fb-debug"] {
        assert!(answer.headers.contains_key(name), "{name}");
    }
    assert_eq!(answer.header("etag").len(), 42);
}

#[tokio::test]
async fn pages_are_walked_by_cursor_in_both_directions_and_end_without_next() {
    let client = Client::default();
    for shade in 0..5 {
        upload(&client, &format!("{shade}.png"), &png(20, 20, shade)).await;
    }
    let names = |answer: &Value| {
        let rows = answer["data"].as_array().unwrap().clone();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    let mut path = format!("{EDGE}?fields=name&limit=2");
    let last = loop {
        let answer = client.send("GET", &path, &[BEARER], "").await.json();
        seen.push(names(&answer));
        match answer["paging"]["next"].as_str() {
            Some(next) => path = next.strip_prefix("http://emulator.test").unwrap().to_owned(),
            None => break answer,
        }
    };
    assert_eq!(seen, [vec!["4.png", "3.png"], vec!["2.png", "1.png"], vec!["0.png"]]);
    assert!(path.contains("access_token=TOKEN"), "{path}");
    assert!(last["paging"]["cursors"]["after"].is_string());
    let previous =
        last["paging"]["previous"].as_str().unwrap().strip_prefix("http://emulator.test").unwrap().to_owned();
    assert_eq!(names(&client.get(&previous).await.json()), ["2.png", "1.png"]);
    let stale = get(&client, &format!("{EDGE}?after=MAZDZD")).await;
    assert_eq!((stale.status, &stale.json()["error"]["code"]), (400, &json!(100)));
    let empty = get(&client, "/v26.0/act_2/adimages").await.json();
    assert_eq!(empty, json!({ "data": [] }));
}

#[tokio::test]
async fn filters_narrow_the_list_but_not_the_summary() {
    let client = Client::default();
    upload(&client, "Wide.png", &png(40, 10, 1)).await;
    upload(&client, "tall.png", &png(10, 40, 1)).await;
    for (query, expected) in [
        ("minwidth=20", vec!["Wide.png"]),
        ("minheight=20", vec!["tall.png"]),
        ("name=wIDE", vec!["Wide.png"]),
        ("hashes=['none']", vec![]),
        ("business_id=1&biz_tag_id=2&selected_hashes=[\"x\"]", vec!["tall.png", "Wide.png"]),
    ] {
        let query = query.replace('"', "%22");
        let answer = get(&client, &format!("{EDGE}?fields=name&summary=true&{query}")).await.json();
        let rows = answer["data"].as_array().unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!((names, &answer["summary"]["total_count"]), (expected, &json!(2)), "{query}");
    }
    assert_eq!(get(&client, &format!("{EDGE}?limit=many")).await.status, 400);
}

#[tokio::test]
async fn deletion_needs_a_hash_and_takes_the_image_away() {
    let client = Client::default();
    let hash = upload(&client, "a.png", &png(20, 20, 1)).await;
    let bare = client.send("DELETE", &format!("{EDGE}?image_id=1:{hash}"), &[BEARER], "").await;
    let mut error = bare.json()["error"].clone();
    assert_eq!((bare.status, &error["message"]), (400, &json!("(#100) The parameter hash is required")));
    if let Some(recorded) = reference_json("facebook/derived/recorded_responses.json") {
        let recorded = &recorded["error_hash_required"]["body"]["error"];
        error["fbtrace_id"] = recorded["fbtrace_id"].clone();
        assert_eq!(&error, recorded);
    }
    let path = format!("{EDGE}?hash={hash}");
    assert_eq!(client.send("DELETE", &path, &[BEARER], "").await.json(), json!({ "success": true }));
    assert_eq!(client.send("DELETE", &path, &[BEARER], "").await.status, 400);
    let gone = get(&client, &format!("/v26.0/1000000001:{hash}")).await;
    assert_eq!((gone.status, &gone.json()["error"]["error_subcode"]), (400, &json!(33)));
    assert!(gone.header("www-authenticate").contains("\"not_found\""));
    let mut settings = Settings::default();
    settings.facebook.unknown_hash = UnknownHash::Success;
    let answer = Client::new(settings).send("DELETE", &path, &[BEARER], "").await;
    assert_eq!(answer.json(), json!({ "success": true }));
    let posted = client.send("POST", EDGE, &[BEARER], "method=delete").await;
    assert_eq!(posted.status, 400);
}

#[tokio::test]
async fn tokens_come_in_query_form_or_header_and_are_checked() {
    let settings = Settings { tokens: vec![Token::new("good")], ..Settings::default() };
    let client = Client::new(settings);
    let cases: [(&str, Option<&str>, u16, i64); 7] = [
        ("?access_token=good", None, 200, 0),
        ("", Some("Bearer good"), 200, 0),
        ("", Some("OAuth good"), 200, 0),
        ("", None, 400, 104),
        ("", Some("Basic good"), 400, 104),
        ("?access_token=bad", None, 400, 190),
        ("?access_token=bad&suppress_http_code=1", None, 200, 190),
    ];
    for (query, header, status, code) in cases {
        let headers: Vec<(&str, &str)> = header.map(|value| ("authorization", value)).into_iter().collect();
        let answer = client.send("GET", &format!("{EDGE}{query}"), &headers, "").await;
        let found = answer.json()["error"]["code"].as_i64().unwrap_or(0);
        assert_eq!((answer.status, found), (status, code), "{query} {header:?}");
        assert_eq!(answer.header("www-authenticate").contains("invalid_token"), code != 0);
    }
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = client.send("POST", EDGE, &headers, "access_token=good&method=get").await;
    assert_eq!(answer.json(), json!({ "data": [] }));
}

#[tokio::test]
async fn versions_outside_the_served_ones_are_refused_or_upgraded() {
    let mut settings = Settings::default();
    settings.facebook.expired_versions = ExpiredVersions::Refused;
    let client = Client::new(settings);
    for (path, code) in [
        ("/v24.0/act_1/adimages", 2635),
        ("/act_1/adimages", 2635),
        ("/v27.0/act_1/adimages", 2500),
        ("/v26.0/1/adimages", 100),
        ("/v26.0/act_x/adimages", 100),
        ("/v26.0/7", 100),
        ("/v26.0/act_1/adcreatives/2", 2500),
        ("/me/adaccounts", 2635),
        ("/v26.0/act_1/adimages?date_format=U", 100),
    ] {
        let answer = get(&client, path).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(code)), "{path}");
    }
    let message = get(&client, "/v24.0/act_1/adimages").await.json()["error"]["message"].clone();
    let expected =
        "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v26.0.";
    assert_eq!(message, expected);
    assert_eq!(get(&client, "/v25.0/act_1/adimages?date_format=U").await.status, 200);
    let answer = get(&Client::default(), "/v24.0/act_1/adimages").await;
    assert_eq!((answer.status, answer.header("facebook-api-version")), (200, "v25.0"));
    let warning = "The call has been auto-upgraded to v25.0 as v24.0 has been deprecated";
    assert_eq!(answer.header("x-ad-api-version-warning"), warning);
}

#[tokio::test]
async fn an_unchanged_list_is_304_and_a_post_has_no_etag() {
    let client = Client::default();
    let path = format!("{EDGE}?fields=hash,url");
    let posted = post_json(&client, json!({ "bytes": base64(&png(20, 20, 1)) })).await;
    assert!(!posted.headers.contains_key("etag"));
    let tag = get(&client, &path).await.header("etag").to_owned();
    let again = client.send("GET", &path, &[BEARER, ("if-none-match", &tag)], "").await;
    assert_eq!((again.status, again.body.is_empty()), (304, true));
    upload(&client, "b.png", &png(20, 20, 2)).await;
    assert_eq!(client.send("GET", &path, &[BEARER, ("if-none-match", &tag)], "").await.status, 200);
}

#[tokio::test]
async fn usage_headers_rise_with_calls_and_have_the_documented_members() {
    let mut settings = Settings::default();
    settings.facebook.hourly_calls = 10;
    settings.facebook.app_hourly_calls = 10;
    settings.facebook.account_score = 100;
    let client = Client::new(settings);
    post_json(&client, json!({ "bytes": "QUJD" })).await;
    let answer = get(&client, EDGE).await;
    let header = |name: &str| serde_json::from_str::<Value>(answer.header(name)).unwrap();
    assert_eq!(header("x-app-usage")["call_count"], 20);
    assert_eq!(header("x-ad-account-usage")["acc_id_util_pct"], 4.0);
    let business = header("x-business-use-case-usage");
    assert_eq!(business["1000000001"][0]["call_count"], 20);
    let Some(samples) = reference_json("facebook/derived/recorded_responses.json") else { return };
    for name in ["x-app-usage", "x-ad-account-usage"] {
        assert_eq!(shape(&header(name)), shape(&samples["headers"][name]));
    }
    let sample = &samples["headers"]["x-business-use-case-usage"]["66782684"];
    assert_eq!(shape(&business["1000000001"]), shape(sample));
}
