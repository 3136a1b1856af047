//! An upload to Facebook Ads, and what came along for it.

use facebook_only::upload;
use polyptych::config::{LibraryConfig, ProviderKind, TokenConfig};
use polyptych::{Client, emulated};
use polyptych_emulator::Emulator;

const PICTURE: &[u8] = include_bytes!("../../../../crates/polyptych/pictures/landscape.jpg");

#[tokio::test]
async fn a_picture_goes_into_each_library_of_the_provider() {
    let emulator = Emulator::start().await.unwrap();
    let config = emulated::config(&emulator.base_url());
    let libraries: Vec<&str> = config.libraries.keys().map(String::as_str).collect();
    assert_eq!(libraries, ["facebook"]);
    for library in libraries {
        let receipt = upload(&config, library, "landscape.jpg", PICTURE.to_vec()).await.unwrap();
        assert!(!receipt.reused && receipt.album.library.as_str() == library, "{receipt:?}");
    }
    assert_eq!(emulator.upload_counts().iter().map(|count| count.applied).sum::<u64>(), config.libraries.len() as u64);
}

#[test]
fn another_provider_is_refused_by_the_name_of_its_feature() {
    let mut config = emulated::config("http://127.0.0.1:9");
    let other = LibraryConfig::new(ProviderKind::Evotor, TokenConfig::Env("T".to_owned()));
    config.libraries.insert("other".to_owned(), other);
    let error = Client::open(&config).unwrap_err();
    let told = std::error::Error::source(&error).unwrap().to_string();
    assert!(told.contains("not built in") && told.contains("`evotor`"), "{error}: {told}");
}

#[test]
fn nothing_that_serves_and_no_other_provider_comes_along() {
    tree::without("facebook-only", tree::OF_THE_SERVER);
    tree::without("facebook-only", &["polyptych-wire-evotor", "polyptych-wire-yandex"]);
    assert!(tree::packages("facebook-only").contains("polyptych-wire-facebook"));
}
