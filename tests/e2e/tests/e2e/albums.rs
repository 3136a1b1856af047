//! The albums of each library, over the emulator: found by what people know of them, page by page, with errors that tell
//! where they are from.

use polyptych::emulated::config;
use polyptych::emulator::{Emulator, EvotorSettings, Settings, Setup};
use polyptych::proto::v1;
use polyptych_e2e::Refusal;
use polyptych_e2e::stalled::facade;
use serde_json::json;
use tonic::{Code, Status};
use v1::library_service_client::LibraryServiceClient;

type Client = LibraryServiceClient<tonic::transport::Channel>;

const STORES: [&str; 2] = ["20180413-2595-40E8-80CB-4646C05D81B6", "20190101-0000-4000-8000-000000000002"];

async fn start(setup: serde_json::Value) -> (polyptych::emulator::Running, Client) {
    let evotor = EvotorSettings { page_size: 2, ..EvotorSettings::default() };
    let setup: Setup = serde_json::from_value(setup).unwrap();
    let emulator = Emulator::with_setup(Settings { evotor, ..Settings::default() }, setup).unwrap();
    let running = emulator.serve().await.unwrap();
    let mut config = config(&running.base_url());
    let clients = Some(vec!["client-b".to_owned(), "client-a".to_owned()]);
    config.libraries.get_mut("yandex-v5").unwrap().clients = clients;
    let (channel, _) = facade(&config).await;
    (running, LibraryServiceClient::new(channel))
}

fn request(library: &str, query: &str) -> v1::ListAlbumsRequest {
    v1::ListAlbumsRequest { parent: format!("libraries/{library}"), query: query.to_owned(), ..Default::default() }
}

/// All albums that a query finds, taken `size` at a time.
async fn all(client: &mut Client, library: &str, query: &str, size: i32) -> Result<Vec<v1::Album>, Status> {
    let (mut albums, mut token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListAlbumsRequest { page_size: size, page_token: token, ..request(library, query) };
        let page = client.list_albums(request).await?.into_inner();
        assert!(page.albums.len() <= size as usize, "{page:?}");
        albums.extend(page.albums);
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(albums);
        }
    }
}

fn names(albums: &[v1::Album]) -> Vec<&str> {
    albums.iter().map(|album| album.display_name.as_str()).collect()
}

#[tokio::test]
async fn products_are_found_by_name_code_and_barcode_over_all_stores() {
    let product = |id: &str, name: &str, code: &str, barcode: &str| json!({ "id": id, "name": name, "code": code, "barcodes": [barcode] });
    let first: Vec<_> =
        (1..=5).map(|n| product(&format!("a{n}"), &format!("Tea {n}"), &format!("{n}"), &format!("400{n}"))).collect();
    let second = vec![product("b1", "Green tea", "1", "5001"), product("b2", "Coffee", "77", "5002")];
    let stores = json!([
        { "id": STORES[0], "name": "North", "products": first },
        { "id": STORES[1], "name": "South", "products": second },
    ]);
    let (_emulator, mut client) = start(json!({ "accounts": { "evotor": stores } })).await;
    for size in [1, 3, 1000] {
        let found = all(&mut client, "evotor", "", size).await.unwrap();
        assert_eq!(names(&found), ["Tea 1", "Tea 2", "Tea 3", "Tea 4", "Tea 5", "Green tea", "Coffee"], "{size}");
        assert_eq!(names(&all(&mut client, "evotor", "TEA", size).await.unwrap()).len(), 6);
        assert_eq!(names(&all(&mut client, "evotor", "south tea", size).await.unwrap()), ["Green tea"]);
        assert_eq!(names(&all(&mut client, "evotor", "1", size).await.unwrap()), ["Tea 1", "Green tea"]);
        assert_eq!(names(&all(&mut client, "evotor", "5002", size).await.unwrap()), ["Coffee"]);
        assert_eq!(all(&mut client, "evotor", "nothing", size).await.unwrap(), []);
    }
    let found = all(&mut client, "evotor", "5002", 10).await.unwrap();
    let expected = v1::Album {
        name: format!("libraries/evotor/albums/{}~b2", STORES[1]),
        uid: format!("{}~b2", STORES[1]),
        display_name: "Coffee".to_owned(),
        owner: "South".to_owned(),
        codes: vec!["77".to_owned()],
        barcodes: vec!["5002".to_owned()],
        active: Some(true),
    };
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn a_catalogue_that_is_longer_than_one_look_is_looked_through_page_by_page() {
    let products: Vec<_> = (0..60).map(|n| json!({ "id": format!("p{n}"), "name": format!("Thing {n}") })).collect();
    let setup = json!({ "accounts": { "evotor": [{ "id": STORES[0], "name": "North", "products": products }] } });
    let (emulator, mut client) = start(setup).await;
    let first = client.list_albums(request("evotor", "thing 59")).await.unwrap().into_inner();
    assert!(first.albums.is_empty() && !first.next_page_token.is_empty());
    assert!(emulator.journal().len() <= 20, "{}", emulator.journal().len());
    assert_eq!(names(&all(&mut client, "evotor", "thing 59", 100).await.unwrap()), ["Thing 59"]);
}

#[tokio::test]
async fn ad_accounts_are_found_by_name_and_number() {
    let account = |n: u32| json!({ "id": format!("10{n:03}"), "name": format!("Shop {n}"), "account_status": 1 + n % 2, "business_name": "Holding" });
    let accounts: Vec<_> = (0..12).map(account).collect();
    let (_emulator, mut client) = start(json!({ "accounts": { "facebook": accounts } })).await;
    for size in [1, 5, 100] {
        assert_eq!(all(&mut client, "facebook", "", size).await.unwrap().len(), 12);
        assert_eq!(names(&all(&mut client, "facebook", "shop 11", size).await.unwrap()), ["Shop 11"]);
    }
    let [album] = &all(&mut client, "facebook", "10007", 100).await.unwrap()[..] else { panic!("not one") };
    assert_eq!((album.name.as_str(), album.owner.as_str()), ("libraries/facebook/albums/10007", "Holding"));
    assert_eq!((album.uid.as_str(), album.active), ("10007", Some(false)));
}

#[tokio::test]
async fn logins_are_those_of_the_configuration_and_nothing_is_sent() {
    let (emulator, mut client) = start(json!({})).await;
    let listed = async |client: &mut Client, library: &str, query: &str| -> Vec<String> {
        all(client, library, query, 1).await.unwrap().into_iter().map(|album| album.uid).collect()
    };
    assert_eq!(listed(&mut client, "yandex-v5", "").await, ["self", "client-b", "client-a"]);
    assert_eq!(listed(&mut client, "yandex-v5", "CLIENT-A").await, ["client-a"]);
    for library in ["yandex-v5-soap", "yandex-live4", "yandex-live4-soap"] {
        assert_eq!(listed(&mut client, library, "").await, ["self"], "{library}");
    }
    assert!(emulator.journal().is_empty());
}

#[tokio::test]
async fn a_refused_credential_and_a_foreign_token_are_told() {
    let (_emulator, mut client) = start(json!({ "tokens": [{ "value": "another" }] })).await;
    for library in ["facebook", "evotor"] {
        let refusal = Refusal::of(&client.list_albums(request(library, "")).await.unwrap_err());
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::FailedPrecondition, "CREDENTIAL_REFUSED"));
        assert_eq!((refusal.get("library"), refusal.get("applied")), (library, "no"));
        let forged = v1::ListAlbumsRequest { page_token: "AAAA".to_owned(), ..request(library, "") };
        assert_eq!(Refusal::of(&client.list_albums(forged).await.unwrap_err()).fields, ["page_token"]);
    }
}
