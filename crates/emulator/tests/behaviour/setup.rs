//! The setup document and its methods: accounts, clock, quotas, images, ads, and what is refused.

use std::time::Duration;

use polyptych_emulator::{
    Ad, Emulator, LibraryName, Quotas, SeedAds, SeedImages, Settings, Setup, SetupError, Token, YandexQuotas,
};
use serde_json::{Value, json};

use crate::harness::{Client, base64, png};

const V5: &str = "/json/v5/adimages";
const BEARER: (&str, &str) = ("authorization", "Bearer token");
const SHOP: (&str, &str) = ("client-login", "shop");

fn setup(document: Value) -> Setup {
    Setup::from_json(document.to_string().as_bytes()).unwrap()
}

async fn v5(client: &Client, method: &str, params: Value) -> Value {
    let body = json!({ "method": method, "params": params }).to_string();
    client.send("POST", V5, &[BEARER, SHOP], body).await.json()
}

#[tokio::test]
async fn ten_thousand_images_are_seeded_at_once_and_paged_through() {
    let emulator = Emulator::new(Settings::default());
    let client = Client(emulator.router());
    let seed = SeedImages::new(LibraryName::Yandex, "Shop").with_count(10_000).with_name("poster");
    let images = emulator.seed_images(&seed).unwrap();
    assert_eq!(images.len(), 10_000);
    let answer =
        v5(&client, "get", json!({ "FieldNames": ["AdImageHash", "Name"], "Page": { "Offset": 9_998 } })).await;
    let rows = &answer["result"]["AdImages"];
    assert_eq!(
        (rows[0]["Name"].as_str(), rows[1]["Name"].as_str()),
        (Some("poster-9999.png"), Some("poster-10000.png"))
    );
    assert_eq!(rows[1]["AdImageHash"], images[9_999].image.as_str());
    // The quota counts them, but did not refuse them.
    let added =
        v5(&client, "add", json!({ "AdImages": [{ "ImageData": base64(&png(450, 450, 1)), "Name": "a" }] })).await;
    assert_eq!(added["result"]["AddResults"][0]["Errors"][0]["Code"], 7001);
    assert!(emulator.journal().len() == 2 && emulator.upload_counts().len() == 1);
}

#[tokio::test]
async fn seeded_images_are_in_each_library_under_the_rules_for_pictures() {
    let emulator = Emulator::new(Settings::default());
    let client = Client(emulator.router());
    let images = emulator
        .apply(setup(json!({ "images": [
            { "library": "yandex", "album": "shop", "width": 1080, "height": 607 },
            { "library": "facebook", "album": "act_7", "count": 2, "width": 10, "height": 10 },
            { "library": "evotor", "album": "s~p" },
            { "library": "facebook", "album": "7", "data": base64(&png(33, 44, 1)), "name": "own.png" },
        ]})))
        .unwrap();
    assert_eq!(
        images.iter().map(|image| image.library).collect::<Vec<_>>(),
        [LibraryName::Yandex, LibraryName::Facebook, LibraryName::Facebook, LibraryName::Evotor, LibraryName::Facebook,]
    );
    let rows = v5(&client, "get", json!({ "FieldNames": ["Type"] })).await;
    assert_eq!(rows["result"]["AdImages"], json!([{ "Type": "WIDE" }]));
    let list = client.send("GET", "/v26.0/act_7/adimages?fields=name,width", &[BEARER], "").await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    assert_eq!((&list["data"][0]["name"], &list["data"][0]["width"]), (&json!("own.png"), &json!(33)));
    let path = format!("/stores/s/products/p/images/{}", images[3].image);
    assert_eq!(client.send("GET", &path, &[BEARER], "").await.status, 200);
    let refused = |document: Value| emulator.apply(setup(document)).unwrap_err().to_string();
    for (document, reason) in [
        (json!({ "images": [{ "library": "yandex", "album": "shop", "width": 449, "height": 449 }] }), "5004"),
        (json!({ "images": [{ "library": "evotor", "album": "s~p" }] }), "validation_failed"),
        (json!({ "images": [{ "library": "evotor", "album": "s" }] }), "STORE~PRODUCT"),
        (json!({ "images": [{ "library": "facebook", "album": "x", "width": 9, "height": 9 }] }), "does not exist"),
        (json!({ "images": [{ "library": "facebook", "album": "7", "data": "*" }] }), "base64"),
        (json!({ "images": [{ "library": "facebook", "album": "7", "data": "", "count": 2 }] }), "count"),
    ] {
        let said = refused(document.clone());
        assert!(said.contains(reason), "{document}: {said}");
    }
}

#[tokio::test]
async fn ads_bind_images_until_they_are_replaced_or_removed() {
    let emulator = Emulator::new(Settings::default());
    let client = Client(emulator.router());
    let hash = emulator.seed_images(&SeedImages::new(LibraryName::Yandex, "shop")).unwrap()[0].image.clone();
    let ad = |image: &str| -> Ad { serde_json::from_value(json!({ "id": 5, "campaign": 7, "image": image })).unwrap() };
    let seed = |ads: Vec<Ad>, remove: Vec<i64>| SeedAds { login: "Shop".to_owned(), ads, remove };
    assert_eq!(emulator.seed_ads(seed(vec![ad(&hash)], Vec::new())), Ok(vec![5]));
    let associated = async || {
        v5(&client, "get", json!({ "FieldNames": ["Associated"] })).await["result"]["AdImages"][0]["Associated"].clone()
    };
    assert_eq!(associated().await, "YES");
    let unbound: Ad = serde_json::from_value(json!({ "id": 5, "campaign": 7 })).unwrap();
    assert_eq!(emulator.seed_ads(seed(vec![unbound], Vec::new())), Ok(Vec::new()));
    emulator.advance_clock(Duration::from_secs(86_400));
    assert_eq!(associated().await, "NO");
    assert_eq!(emulator.seed_ads(seed(Vec::new(), vec![5])), Ok(Vec::new()));
    let told = |fault: Result<Vec<i64>, SetupError>| fault.unwrap_err().to_string();
    assert!(told(emulator.seed_ads(seed(Vec::new(), vec![5]))).contains("no such ad"));
    assert!(told(emulator.seed_ads(seed(vec![ad("unknown")], Vec::new()))).contains("no image of this hash"));
}

#[tokio::test]
async fn quotas_clock_and_deduplication_change_while_it_runs_and_a_reset_undoes_them() {
    let emulator = Emulator::new(Settings::default());
    let client = Client(emulator.router());
    let list = async || {
        let body = json!({ "method": "get", "params": { "FieldNames": ["Name"] } }).to_string();
        client.send("POST", V5, &[BEARER, SHOP], body).await
    };
    let start = emulator.now();
    let points_left = [("SHOP".to_owned(), 20)].into();
    let yandex = YandexQuotas { daily_points: Some(2_400), points_left, ..YandexQuotas::default() };
    emulator.set_quotas(&Quotas { yandex, ..Quotas::default() });
    assert_eq!(list().await.header("units"), "15/5/2400");
    assert_eq!(list().await.json()["error"]["error_code"], 152);
    emulator.advance_clock(Duration::from_secs(3_600));
    assert_eq!(list().await.header("units"), "15/90/2400");
    let document = json!({ "clock": { "set": "2030-05-06T07:08:09Z", "standing": true }, "deduplicate": false });
    assert_eq!(client.send("POST", "/_emulator/setup", &[], document.to_string()).await.status, 200);
    let clock = client.get("/_emulator/clock").await.json();
    assert_eq!(clock, json!({ "now": "2030-05-06T07:08:09.000+0000", "unix_millis": 1_904_281_689_000_i64 }));
    let item = json!({ "ImageData": base64(&png(450, 450, 1)), "Name": "a" });
    v5(&client, "add", json!({ "AdImages": [item, item] })).await;
    let counts = client.get("/_emulator/counts").await.json();
    assert_eq!((counts[0]["received"].clone(), counts[0]["stored"].clone()), (json!(2), json!(2)));
    emulator.set_tokens(vec![Token::new("other")]);
    assert_eq!(list().await.json()["error"]["error_code"], 53);
    emulator.reset();
    assert_eq!((emulator.now(), list().await.header("units")), (start, "15/159985/160000"));
}

#[tokio::test]
async fn a_cut_off_picture_is_taken_only_where_its_header_is_trusted() {
    let client = Client::default();
    let whole = png(450, 450, 1);
    let cut = base64(&whole[..whole.len() - 40]);
    let error = async || {
        let added = v5(&client, "add", json!({ "AdImages": [{ "ImageData": cut, "Name": "a" }] })).await;
        added["result"]["AddResults"][0]["Errors"][0]["Code"].clone()
    };
    assert!(error().await.is_number());
    let document = json!({ "decode_pixels": false }).to_string();
    assert_eq!(client.send("POST", "/_emulator/setup", &[], document).await.status, 200);
    assert!(error().await.is_null());
}

#[tokio::test]
async fn calls_beyond_a_limit_of_facebook_are_refused_once_control_says_so() {
    let client = Client::default();
    let document = json!({ "quotas": { "facebook": {
        "hourly_calls": 10, "enforce_limits": true, "calls_made": { "act_7": 9 } } } });
    assert_eq!(client.send("POST", "/_emulator/setup", &[], document.to_string()).await.status, 200);
    let last = client.send("GET", "/v26.0/act_7/adimages", &[BEARER], "").await;
    let usage: Value = serde_json::from_str(last.header("x-business-use-case-usage")).unwrap();
    assert_eq!((last.status, &usage["7"][0]["call_count"]), (200, &json!(100)));
    let refused = client.send("GET", "/v26.0/act_7/adimages", &[BEARER], "").await.json();
    assert_eq!(refused["error"]["code"], 80004);
    assert_eq!(client.send("GET", "/v26.0/act_8/adimages", &[BEARER], "").await.status, 200);
}

#[tokio::test]
async fn accounts_that_are_named_are_the_only_ones() {
    let client = Client::default();
    let document = json!({ "accounts": {
        "yandex": ["shop"],
        "facebook": ["act_7", { "id": "8", "name": "Eight" }],
        "evotor": [{ "id": "S", "products": ["p", { "id": "q", "name": "Q" }] }, { "id": "U", "unpaid": true }],
    }});
    assert_eq!(client.send("POST", "/_emulator/setup", &[], document.to_string()).await.status, 200);
    let list = json!({ "method": "get", "params": { "FieldNames": ["Name"] } }).to_string();
    for (login, refused) in [("shop", false), ("other", true)] {
        let answer = client.send("POST", V5, &[BEARER, ("client-login", login)], list.clone()).await.json();
        assert_eq!(answer["error"]["error_code"] == 8800, refused, "{login}");
    }
    for (path, status) in [
        ("/v26.0/act_7/adimages", 200),
        ("/v26.0/act_8/adimages", 200),
        ("/v26.0/act_9/adimages", 400),
        ("/stores/s/products/q/images", 200),
        ("/stores/s/products/r/images", 404),
        ("/stores/u/products/p/images", 402),
        ("/stores/v/products/p/images", 404),
    ] {
        assert_eq!(client.send("GET", path, &[BEARER], "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn control_refuses_what_it_does_not_know_by_name_and_keeps_everything_as_it_was() {
    let client = Client::default();
    for (document, named) in [
        (r#"{"tokens":[{"value":"t"}],"colour":1}"#, "unknown field `colour`"),
        (r#"{"tokens":[{"value":"t"}],"faults":[{"times":0,"answer":{"close":"mid"}}]}"#, "times"),
        (r#"{"tokens":[{"value":"t"}],"accounts":{"facebook":[{"id":"1","colour":1}]}}"#, "colour"),
        (r#"{"tokens":[{"value":"t"}],"accounts":{"evotor":[{"id":"1","products":5}]}}"#, "products"),
        ("{", "EOF"),
        ("[]", "object"),
    ] {
        let answer = client.send("POST", "/_emulator/setup", &[], document).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, "application/json"), "{document}");
        assert!(answer.json()["error"].as_str().unwrap().contains(named), "{document}: {}", answer.text());
    }
    assert_eq!(client.send("GET", "/v26.0/act_7/adimages", &[BEARER], "").await.status, 200);
    for (method, path, status) in [
        ("GET", "setup", 405),
        ("POST", "faults", 405),
        ("DELETE", "journal", 405),
        ("GET", "journal?before=1", 400),
        ("GET", "nothing", 404),
    ] {
        let answer = client.send(method, &format!("/_emulator/{path}"), &[], "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.json()["error"].is_string(), "{method} {path}");
    }
}

#[tokio::test]
async fn an_emulator_begins_with_its_setup_and_again_after_each_reset() {
    let document = json!({ "images": [{ "library": "facebook", "album": "7", "count": 3, "width": 9, "height": 9 }],
        "faults": [{ "api": "facebook", "answer": { "status": { "code": 500 } } }] });
    let emulator = Emulator::with_setup(Settings::default(), setup(document)).unwrap();
    let running = emulator.serve().await.unwrap();
    assert_eq!(running.base_url(), format!("http://{}", running.local_addr()));
    let client = Client(emulator.router());
    for _ in 0..2 {
        assert_eq!(client.send("GET", "/v26.0/act_7/adimages", &[BEARER], "").await.status, 500);
        let list = client.send("GET", "/v26.0/act_7/adimages", &[BEARER], "").await.json();
        assert_eq!(list["data"].as_array().unwrap().len(), 3);
        running.reset();
    }
    assert!(Emulator::with_setup(Settings::default(), setup(json!({ "clock": { "set": "x" } }))).is_err());
}

#[tokio::test]
async fn an_ad_account_may_be_seeded_as_a_json_number() {
    let client = Client::default();
    let document = json!({ "accounts": { "facebook": [7, "act_8", { "id": "9", "name": "nine" }] } });
    assert_eq!(client.send("POST", "/_emulator/setup", &[], document.to_string()).await.status, 200);
    let listed = client.send("GET", "/v26.0/me/adaccounts?fields=account_id", &[BEARER], "").await.json();
    let mut ids: Vec<&str> =
        listed["data"].as_array().unwrap().iter().filter_map(|a| a["account_id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["7", "8", "9"]);
    for wrong in [json!(7.5), json!(-7), json!(true), json!(null), json!([])] {
        let document = json!({ "accounts": { "facebook": [wrong] } });
        assert_eq!(client.send("POST", "/_emulator/setup", &[], document.to_string()).await.status, 400, "{document}");
    }
}

#[tokio::test]
async fn calls_and_points_of_v4_live_end_for_the_day_as_control_says() {
    let client = Client::default();
    let set = async |quotas: Value| {
        let document = json!({ "quotas": { "yandex": quotas } }).to_string();
        assert_eq!(client.send("POST", "/_emulator/setup", &[], document).await.status, 200);
    };
    let call = async |method: &str, param: Value| {
        let body = json!({ "method": method, "token": "token", "param": param }).to_string();
        client.send("POST", "/live/v4/json/", &[], body).await.json()["error_code"].clone()
    };
    let (get, limits) = (json!({ "Action": "Get", "SelectionCriteria": {} }), json!({ "Action": "GetLimits" }));
    set(json!({ "live4_daily_calls": 2 })).await;
    let codes = [
        call("AdImage", get.clone()).await,
        call("AdImage", limits.clone()).await,
        call("AdImage", get.clone()).await,
        call("AdImageAssociation", get.clone()).await,
    ];
    assert_eq!(codes, [json!(null), json!(null), json!(56), json!(null)], "each method has its own calls");

    set(json!({ "live4_daily_calls": 50_000, "live4_daily_points": 25, "live4_item_points": 10 })).await;
    let items = |count: usize| {
        let items = vec![json!({ "URL": "http://pictures.test/a.png", "Name": "a" }); count];
        json!({ "Action": "Upload", "AdImageURLData": items })
    };
    let codes = [
        call("AdImage", items(3)).await,
        call("AdImage", items(2)).await,
        call("AdImage", items(1)).await,
        call("AdImage", limits).await,
    ];
    assert_eq!(codes, [json!(152), json!(null), json!(152), json!(null)], "reads cost nothing");
    let begun = call("AdImage", json!({ "Action": "CheckUploadStatus" })).await;
    assert_eq!(begun, json!(null));
}

#[tokio::test]
async fn a_setup_that_is_no_object_is_refused() {
    let client = Client::default();
    for wrong in ["", "[]", " [null]", "null", "1", "\"a\"", "{", "{}{}"] {
        let answer = client.send("POST", "/_emulator/setup", &[], wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.json()["error"].is_string(), "{wrong}");
    }
    assert_eq!(client.send("POST", "/_emulator/setup", &[], " {} ").await.status, 200);
}
