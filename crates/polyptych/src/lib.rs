//! One image in many image libraries: Yandex Direct, Facebook Ads and Evotor Cloud.
//!
//! A [`Config`] describes libraries, and a [`Client`] has the verbs over them:
//!
//! ```no_run
//! use polyptych::domain::{LibraryId, PublishCommand, UploadCommand};
//! use polyptych::{Client, Config};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::open(&Config::read("polyptych.toml").await?)?;
//! let banner = UploadCommand::new(LibraryId::new("ads")?, "banner.png", std::fs::read("banner.png")?);
//! let receipt = client.upload(banner.with_fit(PublishCommand::FIT)).await?;
//! println!("{} as {}", receipt.name(), receipt.sent.format);
//! # Ok(())
//! # }
//! ```
//!
//! # To be read in this order
//!
//! 1. **Words.** A [library](domain::LibraryId) is a configured connection, an [album](domain::AlbumName) the owner of images in
//!    it, an [image](domain::Image) what it holds. What a library [can do](domain::Capabilities) and [demands](domain::Rules) is data.
//! 2. **Connecting.** [`Config`] is a file or a value; it says where tokens are and never holds one in a file. [`open_libraries`] connects,
//!    [`Client::open`] does so and takes the verbs along.
//! 3. **Verbs.** The table at [`Client`]. Each takes a command: [upload](domain::UploadCommand), [publish](domain::PublishCommand),
//!    [check](domain::CheckCommand), [copy](domain::CopyCommand), [import](domain::ImportCommand); what is not required has a usual value.
//! 4. **Pictures.** [`domain::Content`] is one in flight, [`domain::Fit`] what may be done to it so that a library accepts it.
//! 5. **Outcomes.** A [`domain::Error`] says what happened, and whether something was [changed all the same](domain::Error::applied);
//!    many items have [an outcome each](domain::BatchReport). Nothing is sent twice: [`domain::UploadPolicy`].
//! 6. **Costs.** [`domain::Service::estimate`] tells them before, a [`domain::Budget`] bounds them, a [`domain::Quota`] is what the provider says.
//! 7. **Syncs.** A [`manifest`] says which pictures should be where, a [`PlannedSync`] brings that about.
//! 8. **What outlives the process.** `State` keeps it in a database (feature `state`); a [`domain::Runner`] carries out operations.
//! 9. **Tests.** `polyptych-emulator` as a dev-dependency is a double of all providers; [`emulated::config`] connects to it.
//! 10. **Other layers.** [`providers`] and [`transport`] to make a library by hand, [`domain::ImageLibrary`] to write one;
//!     `facade` and `Server` to serve gRPC (feature `server`).
//!
//! # Features
//!
//! | feature | what it builds | what is here then |
//! |---|---|---|
//! | none | connecting and the verbs, over libraries of your own | [`Client`], [`Config`], [`domain`], [`manifest`] |
//! | `yandex`, `facebook`, `evotor` | the libraries of one company; each works alone | its module of [`providers`] |
//! | `state` | what outlives the process: SQLite or PostgreSQL, a folder or a bucket | [`State`], [`store`] |
//! | `server` | all of these, the gRPC façade, the emulator and the program; on by default | [`Server`], [`serving`], [`facade`], [`proto`], [`emulator`] |
//! | `otlp` | traces of the server; on by default | |
//!
//! A library whose provider is left out is refused with the name of its feature.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "server"),
    allow(rustdoc::broken_intra_doc_links, reason = "some links lead to what only a whole build has")
)]

pub mod config;
pub mod emulated;
pub mod manifest;
#[cfg(feature = "server")]
pub mod serving;

#[cfg(feature = "server")]
mod access;
#[cfg(feature = "server")]
mod admin;
#[cfg(feature = "state")]
mod bucket;
mod fetching;
#[cfg(feature = "server")]
mod figures;
mod libraries;
mod linked;
mod pauses;
#[cfg(feature = "state")]
mod quotas;
#[cfg(feature = "server")]
mod reload;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "state")]
mod state;
mod together;
mod workers;

#[cfg(feature = "server")]
pub use access::{OpenAccessError, open_access, open_guard, open_tls};
pub use config::Config;
pub use fetching::{OpenFetchError, open_pictures};
#[cfg(feature = "server")]
pub use figures::Figures;
pub use libraries::{OpenError, open_libraries, open_libraries_together};
pub use linked::{Client, OpenClientError, PlannedSync};
pub use pauses::TokioPauses;
pub use polyptych_domain as domain;
#[cfg(feature = "server")]
pub use polyptych_emulator as emulator;
#[cfg(feature = "server")]
pub use polyptych_facade as facade;
#[cfg(feature = "server")]
pub use polyptych_proto as proto;
pub use polyptych_providers as providers;
#[cfg(feature = "state")]
pub use polyptych_store as store;
pub use polyptych_transport as transport;
#[cfg(feature = "server")]
pub use reload::{Origin, Reload};
#[cfg(feature = "server")]
pub use server::{Server, Surroundings};
#[cfg(feature = "state")]
pub use state::{OpenStateError, State, Working, open_place};
pub use together::Together;
pub use workers::WorkerPool;

/// The README's Rust is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// So is that of the page for Rust users.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
pub struct PageForRust;
