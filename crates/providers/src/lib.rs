//! The four providers behind [`polyptych_domain::ImageLibrary`]: what the domain asks becomes wire requests, what the
//! wire answers becomes the domain's images and errors.
//!
//! Each provider is a folder with its port, its conversions and its reading of errors; the encoding (JSON or SOAP,
//! bytes or form) is a setting of it. Nothing here waits, checks images or knows a token: the transport repeats and paces
//! calls by what a provider's [`polyptych_transport::Reading`] makes of each answer.
//!
//! A cargo feature builds the providers of one company: `evotor`, `facebook`, `yandex`; all of them by default.

#![cfg_attr(
    not(all(feature = "evotor", feature = "facebook", feature = "yandex")),
    allow(
        dead_code,
        unused_imports,
        reason = "what providers share is whole also where those that need it are left out"
    )
)]

mod call;
mod content;
mod fetching;
mod found;
#[rustfmt::skip]
mod generated {
    pub(crate) mod rules;
}
mod groups;
mod kept;
mod lost;
mod opening;
mod picture;
mod places;
mod quota;
mod reading;
mod refusal;
mod rules;
mod settings;
mod time;

#[cfg(feature = "evotor")]
pub mod evotor;
#[cfg(feature = "facebook")]
pub mod facebook;
#[cfg(feature = "yandex")]
pub mod live4;
#[cfg(feature = "yandex")]
mod yandex;
#[cfg(feature = "yandex")]
pub mod yandex_v5;

#[cfg(feature = "evotor")]
pub use evotor::Evotor;
#[cfg(feature = "facebook")]
pub use facebook::{Facebook, Form};
pub use fetching::GuardedFetcher;
#[cfg(feature = "yandex")]
pub use live4::YandexLive4;
#[cfg(feature = "yandex")]
pub use polyptych_wire_yandex::Encoding as YandexEncoding;
#[cfg(feature = "yandex")]
pub use polyptych_wire_yandex::v5::Version as YandexV5Version;
pub use settings::Settings;
#[cfg(feature = "yandex")]
pub use yandex::advertiser::{YandexIdentity, YandexLogins};
#[cfg(feature = "yandex")]
pub use yandex_v5::YandexV5;
