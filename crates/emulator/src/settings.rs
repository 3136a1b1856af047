//! Everything about the emulator that can be chosen. Each choice that stands for a fact nobody has published names the
//! row of the reference's table of unknowns; nothing is read from the environment.

mod evotor;
mod facebook;
mod yandex;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use evotor::EvotorSettings;
pub use facebook::{AccessTier, AppSecret, CopyKey, ExpiredVersions, FacebookSettings, UnknownHash};
pub use yandex::{BadBase64, Role, SoapStyle, YandexSettings};

use serde::Deserialize;

use crate::clock::{Clock, ManualClock};

/// A token that the emulator knows, and what its owner may do.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The token's text, without a scheme.
    pub value: String,
    /// The login that owns the token (Yandex only); absent: a name derived from the token.
    #[serde(default)]
    pub login: Option<String>,
    /// What the owner is to Yandex.
    #[serde(default)]
    pub role: Role,
    /// The albums that it may be used for: logins, account numbers, stores or `{store}~{product}`. Absent: all. Others
    /// are refused: 54 (Yandex), 200 (Facebook), 403 (Evotor).
    #[serde(default)]
    pub albums: Option<Vec<String>>,
    /// Whether it may only read. Writes are refused: 54 (Yandex), 294 (Facebook), 403 (Evotor).
    #[serde(default)]
    pub read_only: bool,
    /// Whether its time is over: 53 (Yandex), 190/463 (Facebook), 401 (Evotor).
    #[serde(default)]
    pub expired: bool,
}

impl Token {
    /// A token of [`Role::Either`] whose login is derived from it.
    pub fn new(value: impl Into<String>) -> Self {
        let (role, value) = (Role::Either, value.into());
        Self { value, login: None, role, albums: None, read_only: false, expired: false }
    }

    /// Whether the token may be used for this album; of stores and logins letter case does not matter.
    pub(crate) fn covers(&self, album: &str) -> bool {
        let album = album.to_lowercase();
        self.albums.as_ref().is_none_or(|albums| {
            albums.iter().map(|known| known.to_lowercase()).any(|known| {
                let known = known.strip_prefix("act_").unwrap_or(&known);
                album == known || album.strip_prefix(known).is_some_and(|rest| rest.starts_with('~'))
            })
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Token").field("login", &self.login).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What the emulator is told at its start.
#[derive(Clone)]
pub struct Settings {
    /// The time of images, points and rate windows. Default: a [`ManualClock`] that stands still.
    pub clock: Arc<dyn Clock>,
    /// Seed of request ids, trace ids and UUIDs. Default 1.
    pub seed: u64,
    /// The address that handed-out URLs begin with, such as `http://emulator.test:8080`, without a final slash.
    /// Default: `http://` and the `Host` that the request came to.
    pub public_url: Option<String>,
    /// The tokens accepted by all four APIs. Default empty: any token that is not empty.
    pub tokens: Vec<Token>,
    /// The most journal entries kept; older ones are dropped and counted. Default 65,536.
    pub journal_entries: usize,
    /// The most bytes of distinct pictures kept in memory. Default 1 GiB. An upload beyond it is refused with a
    /// message that names this cap.
    pub stored_bytes: u64,
    /// The most bytes of request bodies held at once; further requests wait. Default 1 GiB.
    pub bodies_in_flight: usize,
    /// For how long a request's body may stand still; then 408 and the end of the connection, so that callers which
    /// stopped do not keep `bodies_in_flight` from others. Real time. Default 60 s.
    pub body_patience: Duration,
    /// Whether answers of the four APIs are compressed for those who accept gzip. Default true.
    pub gzip: bool,
    /// Whether equal contents become one image (all providers with a hash do so). Default true; false is for tests
    /// that count uploads by the images they leave.
    pub deduplicate: bool,
    /// Whether every pixel of an upload is decoded. Default true; false trusts the header, for measurements of
    /// throughput.
    pub decode_pixels: bool,
    /// How many pictures are decoded at once, each within 256 MiB. Default 2.
    pub decoders: usize,
    /// Yandex Direct, v5 and Live 4.
    pub yandex: YandexSettings,
    /// Facebook Graph.
    pub facebook: FacebookSettings,
    /// Evotor Cloud.
    pub evotor: EvotorSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Arc::new(ManualClock::default()),
            seed: 1,
            public_url: None,
            tokens: Vec::new(),
            journal_entries: 65_536,
            stored_bytes: 1 << 30,
            bodies_in_flight: 1 << 30,
            body_patience: Duration::from_secs(60),
            gzip: true,
            deduplicate: true,
            decode_pixels: true,
            decoders: 2,
            yandex: YandexSettings::default(),
            facebook: FacebookSettings::default(),
            evotor: EvotorSettings::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("seed", &self.seed)
            .field("public_url", &self.public_url)
            .field("tokens", &self.tokens)
            .field("yandex", &self.yandex)
            .field("facebook", &self.facebook)
            .field("evotor", &self.evotor)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The listed token of this text; with no list, any text that is not empty.
    pub(crate) fn token(&self, value: &str) -> Option<Token> {
        if value.is_empty() {
            return None;
        }
        if self.tokens.is_empty() {
            return Some(Token { role: self.yandex.role, ..Token::new(value) });
        }
        self.tokens.iter().find(|token| token.value == value).cloned()
    }
}
