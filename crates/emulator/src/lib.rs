//! The image libraries of Yandex Direct (API v5 and v4 Live), Facebook Graph and Evotor Cloud on one loopback port.
//!
//! It lets programs in any language talk to these APIs without an account: uploads are decoded and judged by the
//! providers' rules, kept in memory, listed, deleted and served back. It never calls a real service, keeps nothing on
//! disk and shares no code with the clients it tests.
//!
//! What is known of the four APIs is followed; what is not known is a documented choice in [`Settings`].
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
mod bounded;
mod clock;
mod control;
mod digest;
mod evotor;
mod exchange;
mod facebook;
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
pub use server::Bound;
pub use settings::{
    BadBase64, EvotorSettings, ExpiredVersions, FacebookSettings, Role, Settings, SoapStyle, Token, UnknownHash,
    YandexSettings,
};

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
        Bound::new(addr, Self::new(settings).router()).await
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Emulator").field("settings", &self.state.settings).finish_non_exhaustive()
    }
}
