//! Where the store is, and how patient it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, SystemClock};

/// How to open a [`Store`](crate::Store).
#[derive(Clone)]
pub struct StoreConfig {
    pub(crate) url: String,
    pub(crate) connections: u32,
    pub(crate) patience: Duration,
    pub(crate) most_bytes: Option<u64>,
    pub(crate) bytes_per_client: u64,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
    pub(crate) requests_kept: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) background: bool,
}

impl StoreConfig {
    /// A store at `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. The SQLite file is made if it is not there, its
    /// folder is not.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 10,
            patience: Duration::from_secs(10),
            most_bytes: None,
            bytes_per_client: 1 << 30,
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(60),
            requests_kept: Duration::from_secs(24 * 3600),
            clock: Arc::new(SystemClock::default()),
            background: true,
        }
    }

    /// At most this many connections to PostgreSQL, and three more that tell and hear who is alive; or this many that read from
    /// SQLite. At least 2, 10 if not told.
    #[must_use]
    pub fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(2);
        self
    }

    /// The longest that one statement may take, and that a connection is waited for; 10 seconds if not told.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Lets a SQLite file grow no larger than this, in bytes; then nothing more is kept until something was removed. A
    /// server has limits of its own.
    #[must_use]
    pub fn with_most_bytes(mut self, bytes: u64) -> Self {
        self.most_bytes = Some(bytes);
        self
    }

    /// Lets what one client has asked for in its latest 10,000 operations take this many bytes, also after they have ended; 1 GiB
    /// if not told. What became of them does not count.
    #[must_use]
    pub fn with_bytes_per_client(mut self, bytes: u64) -> Self {
        self.bytes_per_client = bytes;
        self
    }

    /// The pause after the first try that failed; it doubles with each that follows, up to `longest`. 2 and 60 seconds if
    /// not told. A provider's own hint prolongs it.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest);
        self
    }

    /// Knows a request of a caller for this long after it was begun; 24 hours if not told. Where processes that share a
    /// database are set to different times, the longest of those that live counts for all, and each is warned.
    #[must_use]
    pub fn with_requests_kept(mut self, time: Duration) -> Self {
        self.requests_kept = time;
        self
    }

    /// Goes by this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Does nothing by itself: whoever has opened it calls [`Store::tick`](crate::Store::tick). For tests of who is alive.
    #[must_use]
    pub fn without_background(mut self) -> Self {
        self.background = false;
        self
    }
}

impl fmt::Debug for StoreConfig {
    /// Shows no more of the URL than its scheme, since it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("StoreConfig")
            .field("scheme", &scheme)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
