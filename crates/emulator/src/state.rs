//! What all requests share, and the one step that every upload goes through. It knows no protocol.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::clock::Watch;
use crate::control::script::Script;
use crate::control::setup::Setup;
use crate::digest::{Ids, Sha, sha256};
use crate::evotor::rate::Rates;
use crate::evotor::shops::Shops;
use crate::facebook::accounts::Accounts;
use crate::facebook::usage::Usage;
use crate::journal::Journal;
use crate::library::Library;
use crate::lock::hold;
use crate::picture::{Picture, PictureFault};
use crate::settings::Settings;
use crate::yandex::daily::Daily;
use crate::yandex::gate::Gate;
use crate::yandex::points::Points;

/// How many pictures are fetched at once.
const MOST_FETCHES: usize = 4;

/// The emulator's memory.
pub(crate) struct State {
    /// As at the start. What control may change is read through [`State::live`].
    pub(crate) settings: Settings,
    live: Mutex<Arc<Settings>>,
    /// What a reset applies.
    pub(crate) beginning: Mutex<Setup>,
    pub(crate) watch: Watch,
    pub(crate) script: Script,
    pub(crate) ids: Ids,
    pub(crate) journal: Arc<Journal>,
    pub(crate) library: Mutex<Library>,
    pub(crate) gate: Gate,
    pub(crate) points: Points,
    pub(crate) daily: Daily,
    pub(crate) usage: Usage,
    pub(crate) rates: Rates,
    pub(crate) accounts: Accounts,
    pub(crate) shops: Shops,
    /// Places to fetch a picture in.
    pub(crate) fetchers: Semaphore,
    decoders: Semaphore,
    /// In KiB.
    bodies: Arc<Semaphore>,
}

/// A picture that was sent, looked at but not stored.
#[derive(Debug, Clone)]
pub(crate) struct Examined {
    pub(crate) sha: Sha,
    pub(crate) bytes: Bytes,
    pub(crate) picture: Result<Picture, PictureFault>,
}

impl State {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            ids: Ids::new(settings.seed),
            journal: Arc::new(Journal::new(settings.journal_entries)),
            library: Mutex::default(),
            gate: Gate::default(),
            points: Points::default(),
            daily: Daily::default(),
            usage: Usage::default(),
            rates: Rates::default(),
            accounts: Accounts::new(&settings.facebook.accounts),
            shops: Shops::new(&settings.evotor.stores, settings.clock.unix_millis()),
            fetchers: Semaphore::new(MOST_FETCHES),
            decoders: Semaphore::new(settings.decoders.max(1)),
            bodies: Arc::new(Semaphore::new((settings.bodies_in_flight / 1024).clamp(1, Semaphore::MAX_PERMITS))),
            live: Mutex::new(Arc::new(settings.clone())),
            beginning: Mutex::default(),
            watch: Watch::default(),
            script: Script::default(),
            settings,
        }
    }

    /// Forgets images, ads, upload tasks, journal, points, counters, seeds and what control changed; settings stay, with
    /// the accounts and stores they name.
    pub(crate) fn reset(&self) {
        *hold(&self.live) = Arc::new(self.settings.clone());
        self.watch.reset();
        self.script.clear();
        self.script.set_latencies(Vec::new());
        *hold(&self.library) = Library::default();
        self.journal.reset();
        self.gate.reset();
        self.points.reset();
        self.daily.reset();
        self.usage.reset();
        self.rates.reset();
        self.accounts.reset(&self.settings.facebook.accounts);
        self.shops.reset(&self.settings.evotor.stores, self.now());
        self.ids.reset();
    }

    pub(crate) fn now(&self) -> i64 {
        self.watch.now(self.settings.clock.as_ref())
    }

    /// The settings as control has changed them: tokens, accounts, quotas and deduplication.
    pub(crate) fn live(&self) -> Arc<Settings> {
        Arc::clone(&hold(&self.live))
    }

    /// Changes what [`State::live`] gives; calls under way keep what they have.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(Arc::make_mut(&mut hold(&self.live)));
    }

    /// Waits for room for a request's body: `len` bytes, or the most it may have where its length is not known. The semaphore is
    /// never closed.
    pub(crate) async fn body_room(&self, len: Option<u64>, cap: usize) -> Option<OwnedSemaphorePermit> {
        let len = len.and_then(|len| usize::try_from(len).ok());
        let room = len.unwrap_or(cap).min(cap) / 1024 + 1;
        let room = room.min(self.settings.bodies_in_flight / 1024).max(1);
        Arc::clone(&self.bodies).acquire_many_owned(u32::try_from(room).unwrap_or(u32::MAX)).await.ok()
    }

    /// Waits for a place to decode in. The semaphore is never closed, so one always comes.
    pub(crate) async fn decoder(&self) -> Option<SemaphorePermit<'_>> {
        self.decoders.acquire().await.ok()
    }

    /// Digests and decodes a picture on a blocking thread. A content that the library holds is not decoded again. The bytes may
    /// be kept and must be no slice of a request's body, which would stay in memory because of it.
    pub(crate) async fn examine(self: &Arc<Self>, bytes: Bytes) -> Examined {
        let _permit = self.decoder().await;
        let state = Arc::clone(self);
        let work = bytes.clone();
        let done = tokio::task::spawn_blocking(move || {
            let sha = sha256(&work);
            let known = hold(&state.library).content(&sha);
            let picture = match known {
                Some(content) => Ok(content.picture),
                None => Picture::inspect(&work, state.live().decode_pixels),
            };
            (sha, picture)
        });
        // A decoder that panics has met a broken file.
        let (sha, picture) = done.await.unwrap_or_else(|_| (sha256(&bytes), Err(PictureFault::Corrupt)));
        Examined { sha, bytes, picture }
    }
}
