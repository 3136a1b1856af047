//! One image in many image libraries.
//!
//! [`Config`] describes libraries, [`open_libraries`] connects them, and [`domain::Service`] does the work:
//!
//! ```no_run
//! use std::sync::Arc;
//! use polyptych::domain::{Content, Fit, LibraryId, Rgb, Service, UploadCommand, UploadPolicy};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = polyptych::Config::read("polyptych.toml").await?;
//! let workers = Arc::new(polyptych::facade::WorkerPool::default());
//! let service = Service::new(polyptych::open_libraries(&config)?, workers)?;
//! let receipt = service
//!     .upload(UploadCommand {
//!         library: LibraryId::new("facebook")?,
//!         album: None,
//!         name: "banner.png".to_owned(),
//!         content: Content::from_bytes(std::fs::read("banner.png")?),
//!         fit: Fit::Contain { background: Rgb::WHITE },
//!         animation: Default::default(),
//!         class: None,
//!         replace: false,
//!         policy: UploadPolicy::default(),
//!     })
//!     .await?;
//! println!("{} as {}", receipt.image.id, receipt.sent.format);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to go on
//!
//! | about | read |
//! |---|---|
//! | verbs: check, upload, publish, copy, import, list, delete | [`domain::Service`] |
//! | what failed, and whether anything was changed all the same | [`domain::Error`] |
//! | what a library can do and demands | [`domain::Capabilities`], [`domain::Rules`] |
//! | writing a library of one's own | [`domain::ImageLibrary`] |
//! | one provider without the rest | [`providers`], [`transport::Config`] |
//! | state that outlives the process, and operations | [`State`], [`domain::Runner`] |
//! | serving gRPC | [`facade::Facade`] |
//! | a test double of all providers | [`emulator::Emulator`], [`emulated::config`] |

pub mod config;
pub mod emulated;
pub mod manifest;
pub mod serving;

mod access;
mod admin;
mod bucket;
mod fetching;
mod figures;
mod libraries;
mod quotas;
mod reload;
mod server;
mod state;
mod together;

pub use access::{OpenAccessError, open_access, open_guard, open_tls};
pub use config::Config;
pub use fetching::{OpenFetchError, open_pictures};
pub use figures::Figures;
pub use libraries::{OpenError, open_libraries, open_libraries_together};
pub use polyptych_domain as domain;
pub use polyptych_emulator as emulator;
pub use polyptych_facade as facade;
pub use polyptych_proto as proto;
pub use polyptych_providers as providers;
pub use polyptych_store as store;
pub use polyptych_transport as transport;
pub use reload::{Origin, Reload};
pub use server::{Server, Surroundings};
pub use state::{OpenStateError, State, TokioPauses, Working, open_place};
pub use together::Together;

/// The README's Rust is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// So is that of the page for Rust users.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
pub struct PageForRust;
