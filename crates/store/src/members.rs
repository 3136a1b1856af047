//! Who is alive. Each process has a row whose number rises twice a second; others watch it. A member whose number has stood
//! still for [`SILENCE`] is taken for dead: its row goes, and in the same transaction everything that it held is free. So a
//! process that was only stopped finds nothing of its own when it wakes; it registers anew and begins with empty hands.
//!
//! No date is compared. Each watcher counts the time in which it itself was awake and could read, so that neither a clock
//! that jumps nor a database that was away makes anyone dead.
//!
//! Members also tell each other for how long they are set to know requests, since a request that one of them knows another
//! one must not begin: the longest of these times is everyone's.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::error::{Fault, OpenError, unreadable};
use crate::hub::{Hub, News};
use crate::patience::again;
use crate::pool::{Db, Row, args};

/// How often a member shows that it lives, and looks whether others do.
pub(crate) const BEAT: Duration = Duration::from_millis(500);
/// A member that has not been heard of for this long is taken for dead.
const SILENCE: Duration = Duration::from_secs(4);
/// The most that one look adds to a member's silence: what lies between two looks may be our own sleep.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// This process among the others.
pub(crate) struct Members {
    db: Db,
    hub: Arc<Hub>,
    clock: Arc<dyn Clock>,
    label: String,
    me: RwLock<Arc<str>>,
    joining: Mutex<()>,
    watched: Mutex<Watch>,
    requests_kept: Duration,
    /// The shortest and the longest of everyone's `requests_kept`, in microseconds.
    kept_by_all: RwLock<(i64, i64)>,
    /// When the database last took it in that this process lives, by the clock that only grows.
    heard: RwLock<Option<Duration>>,
}

/// What was seen of the others.
#[derive(Default)]
struct Watch {
    looked: Option<Duration>,
    others: HashMap<String, Seen>,
}

struct Seen {
    beat: i64,
    silence: Duration,
}

impl Members {
    /// Registers this process.
    pub(crate) async fn join(
        db: Db,
        hub: Arc<Hub>,
        clock: Arc<dyn Clock>,
        requests_kept: Duration,
    ) -> Result<Self, OpenError> {
        let label = format!("pid {}", std::process::id());
        let id = new_id().map_err(OpenError::Random)?;
        let me = RwLock::new(Arc::from(id.as_str()));
        let members = Self {
            db,
            hub,
            clock,
            label,
            me,
            joining: Mutex::default(),
            watched: Mutex::default(),
            requests_kept,
            kept_by_all: RwLock::new((micros(requests_kept), micros(requests_kept))),
            heard: RwLock::default(),
        };
        members.insert(&id).await?;
        let rows = members.db.read("SELECT requests_kept FROM members WHERE id <> $1", args![&id]).await?;
        members.compare(&rows)?;
        members.was_heard();
        Ok(members)
    }

    /// This process's id. It changes when the process was taken for dead.
    pub(crate) fn me(&self) -> Arc<str> {
        Arc::clone(&self.me.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who this is, for people.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Registers anew, unless that has happened since `was` was this process's id.
    pub(crate) async fn rejoin(&self, was: &str) -> Result<(), Fault> {
        let _one_at_a_time = self.joining.lock().await;
        if &*self.me() != was {
            return Ok(());
        }
        let id = row_id()?;
        self.insert(&id).await?;
        *self.me.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(id.as_str());
        tracing::warn!("this process was taken for dead and has lost what it held");
        Ok(())
    }

    async fn insert(&self, id: &str) -> Result<(), Fault> {
        let sql = "INSERT INTO members (id, label, beat, since, requests_kept) VALUES ($1, $2, 0, $3, $4)";
        let (since, kept) = (self.clock.wall().as_microsecond(), micros(self.requests_kept));
        self.db.execute(sql, args![id, &self.label, since, kept]).await.map(drop)
    }

    /// How long a request is known after it was begun: the longest time that any process is set to that lives.
    pub(crate) fn requests_kept(&self) -> Duration {
        let (_, longest) = *self.kept_by_all.read().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(longest.unsigned_abs())
    }

    /// Takes in what the others are set to, and warns where that is not what this process is set to.
    fn compare(&self, others: &[Row]) -> Result<(), Fault> {
        let own = micros(self.requests_kept);
        let (mut shortest, mut longest) = (own, own);
        for row in others {
            if let Some(kept) = row.get::<Option<i64>, _>("requests_kept")? {
                (shortest, longest) = (shortest.min(kept), longest.max(kept));
            }
        }
        let mut known = self.kept_by_all.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *known, (shortest, longest)) != (shortest, longest) && shortest != longest {
            let hours = |micros: i64| Duration::from_micros(micros.unsigned_abs()).as_secs() / 3600;
            tracing::warn!(
                own = hours(own),
                shortest = hours(shortest),
                longest = hours(longest),
                "processes that share the database are to keep request ids for different times (`request_hours`); the \
                 longest counts as long as a process lives that is set to it"
            );
        }
        Ok(())
    }

    /// Shows that this process lives.
    pub(crate) async fn beat(&self) -> Result<(), Fault> {
        let me = self.me();
        if self.db.execute("UPDATE members SET beat = beat + 1 WHERE id = $1", args![&*me]).await? == 0 {
            self.rejoin(&me).await?;
        }
        self.was_heard();
        Ok(())
    }

    fn was_heard(&self) {
        *self.heard.write().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.monotonic());
    }

    /// When the database last took it in that this process lives; never once it has parted.
    pub(crate) fn heard(&self) -> Option<Duration> {
        *self.heard.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes those for dead that have not shown for too long that they live.
    pub(crate) async fn watch(&self) -> Result<(), Fault> {
        let mut watched = self.watched.lock().await;
        for (id, beat) in self.look(&mut watched).await? {
            self.bury(&id, beat).await?;
        }
        Ok(())
    }

    /// Reads everyone's number; returns those that are silent for too long.
    async fn look(&self, watched: &mut Watch) -> Result<Vec<(String, i64)>, Fault> {
        let sql = "SELECT id, beat, requests_kept FROM members WHERE id <> $1";
        let rows = self.db.read(sql, args![&*self.me()]).await?;
        self.compare(&rows)?;
        let now = self.clock.monotonic();
        let step = watched.looked.map_or(Duration::ZERO, |then| now.saturating_sub(then)).min(LONGEST_STEP);
        watched.looked = Some(now);
        let mut others = HashMap::with_capacity(rows.len());
        let mut silent = Vec::new();
        for row in rows {
            let (id, beat): (String, i64) = (row.get("id")?, row.get("beat")?);
            let silence = match watched.others.get(&id) {
                Some(seen) if seen.beat == beat => seen.silence + step,
                _ => Duration::ZERO,
            };
            if silence >= SILENCE {
                silent.push((id.clone(), beat));
            }
            others.insert(id, Seen { beat, silence });
        }
        watched.others = others;
        Ok(silent)
    }

    /// Removes a member that has shown nothing since, and with it all that it held.
    async fn bury(&self, id: &str, beat: i64) -> Result<(), Fault> {
        let mut tx = self.db.begin().await?;
        if tx.execute("DELETE FROM members WHERE id = $1 AND beat = $2", args![id, beat]).await? == 0 {
            return Ok(());
        }
        tx.announce(News::Due.as_str()).await?;
        tx.commit().await?;
        self.hub.tell(News::Due);
        tracing::warn!(member = id, "a process was taken for dead; what it held is free");
        Ok(())
    }

    /// Gives up all that this process holds. Its tries do not count against its operations.
    pub(crate) async fn part(&self) -> Result<(), Fault> {
        again(|| self.leave()).await
    }

    async fn leave(&self) -> Result<(), Fault> {
        let me = self.me();
        let mut tx = self.db.begin().await?;
        // In the order in which whoever takes this process for dead locks them.
        tx.locked("SELECT id FROM members WHERE id = $1", args![&*me]).await?;
        let spare = "UPDATE operations SET tries = tries - 1 WHERE member = $1 AND tries > 0";
        tx.execute(spare, args![&*me]).await?;
        tx.execute("DELETE FROM members WHERE id = $1", args![&*me]).await?;
        tx.announce(News::Due.as_str()).await?;
        *self.heard.write().unwrap_or_else(PoisonError::into_inner) = None;
        tx.commit().await
    }
}

/// Shows for ever that this process lives.
pub(crate) async fn live(members: Arc<Members>) {
    let mut beats = beats();
    loop {
        beats.tick().await;
        if let Err(fault) = members.beat().await {
            tracing::warn!(error = %fault, "cannot tell the database that this process lives");
        }
    }
}

/// Watches the others for ever. Apart from showing that this process lives, since freeing what a dead one held may have to wait
/// for what it had locked.
pub(crate) async fn watch(members: Arc<Members>) {
    let mut beats = beats();
    loop {
        beats.tick().await;
        if let Err(fault) = members.watch().await {
            tracing::warn!(error = %fault, "cannot see which processes live");
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn beats() -> tokio::time::Interval {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    beats
}

/// 32 hex digits that nobody guesses.
pub(crate) fn new_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// A fresh id for a row.
pub(crate) fn row_id() -> Result<String, Fault> {
    new_id().map_err(|error| unreadable(error.to_string()))
}
