//! The six libraries that stand for all provider forms, connected to a running emulator.

#[cfg(feature = "server")]
mod running;

#[cfg(feature = "server")]
pub use running::{Emulation, Running, settings};

use crate::Config;
use crate::config::{Encoding, FetchSection, LibraryConfig, ProviderKind, TokenConfig};

/// Store and product of the documentation's own example.
const EVOTOR_ALBUM: &str = "20180413-2595-40E8-80CB-4646C05D81B6~5e46f8de-ec4f-4f87-85de-337b88fa2bdd";

const LIBRARIES: [(&str, ProviderKind, Encoding, &str); 6] = [
    ("yandex-v5", ProviderKind::YandexDirectV5, Encoding::Json, "self"),
    ("yandex-v5-soap", ProviderKind::YandexDirectV5, Encoding::Soap, "self"),
    ("yandex-live4", ProviderKind::YandexDirectLive4, Encoding::Json, "self"),
    ("yandex-live4-soap", ProviderKind::YandexDirectLive4, Encoding::Soap, "self"),
    ("facebook", ProviderKind::Facebook, Encoding::Bytes, "1000000001"),
    ("evotor", ProviderKind::Evotor, Encoding::Multipart, EVOTOR_ALBUM),
];

/// Libraries `yandex-v5`, `yandex-v5-soap`, `yandex-live4`, `yandex-live4-soap`, `facebook` and `evotor` at the
/// emulator's base address, such as `http://127.0.0.1:8080`, without those whose providers are not built in.
///
/// Each has a token of its own, which makes each Yandex library the account of another advertiser.
pub fn config(emulator: &str) -> Config {
    let library = |(id, provider, encoding, album): (&str, ProviderKind, Encoding, &str)| {
        let config = LibraryConfig {
            encoding: Some(encoding),
            endpoint: Some(emulator.to_owned()),
            default_album: Some(album.to_owned()),
            ..LibraryConfig::new(provider, TokenConfig::Fixed(format!("emulated-{id}")))
        };
        (id.to_owned(), config)
    };
    // Pictures of the emulator itself may be imported, wherever it runs.
    let own = emulator.split_once("://").map(|(_, host)| host.trim_end_matches('/').to_owned());
    let fetch = FetchSection { private_hosts: own.map(|host| vec![host]), ..FetchSection::default() };
    let built = LIBRARIES.into_iter().filter(|(_, provider, ..)| provider.is_built());
    Config { libraries: built.map(library).collect(), fetch, ..Config::default() }
}
