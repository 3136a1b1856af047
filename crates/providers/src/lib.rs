//! The four providers behind [`polyptych_domain::ImageLibrary`]: what the domain asks becomes wire requests, what the
//! wire answers becomes the domain's images and errors.
//!
//! Each provider is a folder with its port, its conversions and its reading of errors; the encoding (JSON or SOAP,
//! bytes or form) is a setting of it. Nothing here waits, checks images or knows a token: the transport repeats and paces
//! calls by what a provider's [`polyptych_transport::Reading`] makes of each answer.

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

pub mod evotor;
pub mod facebook;
pub mod live4;
mod yandex;
pub mod yandex_v5;

pub use evotor::Evotor;
pub use facebook::{Facebook, Form};
pub use fetching::GuardedFetcher;
pub use live4::YandexLive4;
pub use polyptych_wire_yandex::Encoding as YandexEncoding;
pub use polyptych_wire_yandex::v5::Version as YandexV5Version;
pub use settings::Settings;
pub use yandex::advertiser::{YandexIdentity, YandexLogins};
pub use yandex_v5::YandexV5;
