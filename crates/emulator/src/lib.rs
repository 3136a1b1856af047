//! The image libraries of Yandex Direct (API v5 and v4 Live), Facebook Graph and Evotor Cloud on one loopback port.
//!
//! It lets programs in any language talk to these APIs without an account: uploads are decoded and judged by the
//! providers' rules, kept in memory, listed, deleted and served back. It never calls a real service, keeps nothing on
//! disk and shares no code with the clients it tests.
//!
//! What is known of the four APIs is followed; what is not known is a documented choice in [`Settings`].
//!
//! In a test it is one line; control and journal are methods of the same value:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use polyptych_emulator::{Close, Emulator, Fault};
//! let emulator = Emulator::start().await?;
//! let base = emulator.base_url(); // point the client under test here
//! emulator.add_fault(Fault::close(Close::After).with_operation("AdImages.add"))?;
//! // … the client uploads, its answer is lost, it looks and does not upload twice …
//! assert!(emulator.upload_counts().iter().all(|count| count.applied == 1));
//! # assert!(base.starts_with("http://127.0.0.1:"));
//! # Ok(())
//! # }
//! ```
//!
//! A program that serves it to others listens where it is told:
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use polyptych_emulator::{Emulator, Settings};
//! let bound = Emulator::bind(([127, 0, 0, 1], 0).into(), Settings::default()).await?;
//! println!("listening on http://{}", bound.local_addr());
//! bound.serve_until(std::future::pending()).await
//! # }
//! ```

mod album;
mod base64;
mod body;
mod bounded;
mod clock;
mod connection;
mod control;
mod digest;
mod evotor;
mod exchange;
mod facebook;
mod gzip;
mod journal;
mod library;
mod live4;
mod lock;
mod media;
mod multipart;
mod picture;
mod routes;
mod seed;
mod server;
mod settings;
mod shape;
mod soap;
mod state;
mod yandex;
mod yandex_v5;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;

pub use clock::{Clock, ManualClock, SystemClock};
pub use control::script::{Close, ErrorCode, ErrorFault, Fault, FaultAnswer, Latency, StatusFault};
pub use control::seed::{LibraryName, SeedImages, SeededImage};
pub use control::setup::{
    Accounts, ClockChange, Creative, EvotorQuotas, FacebookQuotas, Quotas, SeedAds, Setup, SetupError, YandexQuotas,
};
pub use journal::{JournalAssociation, JournalDelete, JournalEntry, JournalUpload, UploadCount};
pub use server::{Bound, Running};
pub use settings::{
    AccessTier, AppSecret, BadBase64, CopyKey, EvotorSettings, ExpiredVersions, FacebookSettings, Role, Settings,
    SoapStyle, Token, UnknownHash, YandexSettings,
};
pub use yandex::ads::{Ad, AdKind, AdStatus, ImageStatus, Rejection};

/// The emulated services and their memory.
///
/// Clones and routers of one emulator share that memory; two emulators share nothing.
#[derive(Clone)]
pub struct Emulator {
    state: Arc<state::State>,
}

impl Emulator {
    /// An emulator with empty libraries.
    pub fn new(settings: Settings) -> Self {
        Self { state: Arc::new(state::State::new(settings)) }
    }

    /// A router that answers all paths of the four APIs, the picture URLs, and `/_emulator/`.
    pub fn router(&self) -> Router {
        Router::new().fallback(routes::dispatch).with_state(Arc::clone(&self.state))
    }

    /// Listens on `addr` with a new emulator; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(addr: SocketAddr, settings: Settings) -> io::Result<Bound> {
        Self::new(settings).listen(addr).await
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Emulator").field("settings", &self.state.settings).finish_non_exhaustive()
    }
}
