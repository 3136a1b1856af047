//! Places under a limit of calls at once that holds over all processes: a row per place, which goes with its member.
//!
//! A place that is given back is kept for a moment, so that a process that is alone pays for the database once per burst
//! of calls. Who finds no place free says so in a row; then others give theirs back at once, and take no more than their
//! share. Within a process one caller per limit asks at a time, in the order in which they came. A process that was stopped
//! and is taken for dead loses its places while its calls may still be under way at the provider; there is no remedy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use polyptych_domain::Error;
use tokio::time::Instant;

use crate::debts::Debt;
use crate::error::{Fault, internal, names_no_member};
use crate::pool::{Arg, args, composed, places as arguments};
use crate::store::Shared;

/// How long a place is kept that nobody in this process uses. Far less than the silence that makes a process dead.
const LINGER: Duration = Duration::from_secs(1);
/// How often is looked whether others wait, while places linger.
const LOOK: Duration = Duration::from_millis(200);
/// How often a place is asked for while none is free.
const ASK: Duration = Duration::from_millis(50);
/// Most places of one limit.
const MOST: usize = 100;

/// Limits of calls at once over all processes on one database. Cheap to clone.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    limits: Mutex<HashMap<String, Limit>>,
}

/// What this process has under one limit.
#[derive(Default)]
struct Limit {
    /// Whose turn it is to change rows.
    turn: Arc<tokio::sync::Mutex<()>>,
    used: Vec<Held>,
    idle: Vec<(Held, Instant)>,
    /// Callers that wait for a place or hold one.
    callers: usize,
    /// How many other members waited when that was last looked at.
    others: usize,
    /// Whether there may be rows of ours that are not known here: the outcome of a statement was not heard.
    doubtful: bool,
    sweeping: bool,
}

/// A row: its number, and as whom it was taken.
#[derive(Clone, PartialEq)]
struct Held {
    number: i64,
    member: Arc<str>,
}

/// One call's place. Dropped, it is free again.
pub struct Place {
    places: Arc<Inner>,
    key: String,
    /// Absent while it is waited for.
    held: Option<Held>,
}

impl Places {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Inner { shared, limits: Mutex::default() }))
    }

    /// Waits for one of `at_once` places (1 to 100) under the limit of this name. All processes have to agree on the number.
    /// Dropping the future ends the wait.
    ///
    /// # Errors
    /// `Internal` where the database cannot be read or written; then there is no place.
    pub async fn acquire(&self, key: &str, at_once: usize) -> Result<Place, Error> {
        let at_once = at_once.clamp(1, MOST);
        let turn = self.0.with(key, |limit| {
            limit.callers += 1;
            Arc::clone(&limit.turn)
        });
        let mut place = Place { places: Arc::clone(&self.0), key: key.to_owned(), held: None };
        let _turn = turn.lock().await;
        let mut waits = Waits { inner: &self.0, key, member: None };
        loop {
            let me = self.0.shared.members.me();
            let held = match self.0.reuse(key, at_once, &me) {
                Some(held) => Ok(Some(held)),
                None => self.0.ask(key, at_once, &me).await,
            };
            match held {
                Ok(Some(held)) => {
                    place.held = Some(held);
                    return Ok(place);
                }
                Ok(None) => match self.0.wait(key, &me, &mut waits).await {
                    Err(fault) if names_no_member(&fault) => {}
                    waited => waited.map_err(internal)?,
                },
                Err(fault) if names_no_member(&fault) => self.0.shared.members.rejoin(&me).await.map_err(internal)?,
                Err(fault) => return Err(internal(fault)),
            }
        }
    }
}

impl Inner {
    fn with<T>(&self, key: &str, change: impl FnOnce(&mut Limit) -> T) -> T {
        change(self.limits().entry(key.to_owned()).or_default())
    }

    /// A place that lingers. One that has done so for longer than it may is none: then this process was stopped meanwhile.
    fn reuse(&self, key: &str, at_once: usize, me: &Arc<str>) -> Option<Held> {
        self.with(key, |limit| {
            if limit.used.len() >= limit.share(at_once) {
                return None;
            }
            let fresh = |(held, since): &(Held, Instant)| held.member == *me && since.elapsed() < LINGER;
            let (held, _) = limit.idle.swap_remove(limit.idle.iter().position(fresh)?);
            limit.used.push(held.clone());
            Some(held)
        })
    }

    /// Takes a place that is free.
    async fn ask(&self, key: &str, at_once: usize, me: &Arc<str>) -> Result<Option<Held>, Fault> {
        let sql = "SELECT number, member FROM places WHERE limited = $1 \
                   UNION ALL SELECT -1, member FROM place_waits WHERE limited = $1";
        let mut taken = Vec::new();
        let mut others = 0;
        for row in self.shared.db.read(sql, args![key]).await? {
            let (number, member): (i64, String) = (row.get("number")?, row.get("member")?);
            match number {
                -1 => others += usize::from(*member != **me),
                // Of ours, those that are known here count.
                _ if *member == **me => {}
                _ => taken.push(number),
            }
        }
        let (free, doubtful) = self.with(key, |limit| {
            limit.others = others;
            let known = || limit.used.iter().chain(limit.idle.iter().map(|(held, _)| held));
            let known: Vec<i64> = known().filter(|held| held.member == *me).map(|held| held.number).collect();
            let within = known.len() < limit.share(at_once);
            let last = i64::try_from(at_once).unwrap_or(i64::MAX);
            let free = (0..last).find(|number| within && !known.contains(number) && !taken.contains(number));
            // Until the outcome is heard, also where nobody waits for it any more.
            let doubtful = limit.doubtful;
            limit.doubtful |= free.is_some();
            (free, doubtful)
        });
        let Some(number) = free else { return Ok(None) };
        let take = "INSERT INTO places (limited, number, member) VALUES ($1, $2, $3) ON CONFLICT (limited, number) \
                    DO UPDATE SET member = excluded.member WHERE places.member = excluded.member RETURNING number";
        let rows = self.shared.db.returning(take, args![key, number, &**me]).await?;
        let held = (!rows.is_empty()).then(|| Held { number, member: Arc::clone(me) });
        self.with(key, |limit| {
            limit.doubtful = doubtful;
            limit.used.extend(held.clone());
        });
        Ok(held)
    }

    /// Says that this process waits, gives up what is more than its share, and pauses.
    async fn wait(&self, key: &str, me: &Arc<str>, waits: &mut Waits<'_>) -> Result<(), Fault> {
        waits.member = Some(Arc::clone(me));
        let wait = "INSERT INTO place_waits (limited, member) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.shared.db.execute(wait, args![key, &**me]).await?;
        self.release(key).await?;
        tokio::time::sleep(ASK).await;
        Ok(())
    }

    /// Gives up what nobody has used for long, or all that is idle where others wait. To be called in turn.
    async fn release(&self, key: &str) -> Result<(), Fault> {
        let me = self.shared.members.me();
        let waiting = "SELECT COUNT(*) AS others FROM place_waits WHERE limited = $1 AND member <> $2";
        let rows = self.shared.db.read(waiting, args![key, &*me]).await?;
        let others = rows.first().map_or(Ok(0), |row| row.get::<i64, _>("others"))?;
        let (kept, less) = self.with(key, |limit| {
            limit.others = usize::try_from(others).unwrap_or(0);
            let idle = limit.idle.len();
            limit.idle.retain(|(_, since)| others == 0 && since.elapsed() < LINGER);
            let less = limit.doubtful || limit.idle.len() < idle;
            limit.doubtful = less;
            let kept = limit.used.iter().chain(limit.idle.iter().map(|(held, _)| held));
            (kept.filter(|held| held.member == me).map(|held| held.number).collect::<Vec<_>>(), less)
        });
        if less {
            let mut sql = "DELETE FROM places WHERE limited = $1 AND member = $2".to_owned();
            let mut args = vec![Arg::from(key), Arg::from(&*me)];
            if !kept.is_empty() {
                sql.push_str(&format!(" AND number NOT IN ({})", arguments(3, kept.len())));
                args.extend(kept.iter().map(|number| Arg::from(*number)));
            }
            self.shared.db.execute(composed(sql), &args).await?;
            self.with(key, |limit| limit.doubtful = false);
        }
        Ok(())
    }

    /// Keeps a place for a moment.
    fn give_back(self: &Arc<Self>, key: &str, held: Option<Held>) {
        let mut limits = self.limits();
        let Some(limit) = limits.get_mut(key) else { return };
        limit.callers -= 1;
        if let Some(held) = held
            && let Some(place) = limit.used.iter().position(|used| *used == held)
        {
            limit.used.swap_remove(place);
            limit.idle.push((held, Instant::now()));
        }
        if limit.is_unused() {
            limits.remove(key);
        } else if !std::mem::replace(&mut limit.sweeping, true) {
            self.shared.runtime.spawn(sweep(Arc::clone(self), key.to_owned()));
        }
    }

    /// The table is whole between calls.
    fn limits(&self) -> MutexGuard<'_, HashMap<String, Limit>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limit {
    /// How many places this process may have while others wait; rounded up, so that no place stays free for ever.
    fn share(&self, at_once: usize) -> usize {
        at_once.div_ceil(1 + self.others)
    }

    fn is_unused(&self) -> bool {
        self.callers == 0 && self.idle.is_empty() && !self.doubtful
    }
}

/// Gives places up that linger, until there are none.
async fn sweep(inner: Arc<Inner>, key: String) {
    loop {
        tokio::time::sleep(LOOK).await;
        let turn = inner.with(&key, |limit| Arc::clone(&limit.turn));
        let _turn = turn.lock().await;
        let released = inner.release(&key).await;
        // The member was removed before, and its places with it.
        if inner.shared.db.is_closed() {
            return;
        }
        if let Err(fault) = released {
            tracing::warn!(error = %fault, "places cannot be given back yet");
        }
        let mut limits = inner.limits();
        let Some(limit) = limits.get_mut(&key) else { return };
        if limit.idle.is_empty() && !limit.doubtful {
            limit.sweeping = false;
            if limit.is_unused() {
                limits.remove(&key);
            }
            return;
        }
    }
}

/// Says that this process waits for a place, as long as it does.
struct Waits<'a> {
    inner: &'a Inner,
    key: &'a str,
    /// As whom it was said.
    member: Option<Arc<str>>,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let Some(member) = self.member.take() else { return };
        let (shared, limited) = (Arc::clone(&self.inner.shared), self.key.to_owned());
        self.inner.shared.runtime.spawn(async move {
            if let Err(fault) = wait_no_more(&shared, &limited, &member).await {
                tracing::warn!(error = %fault, "others give places back early until the database is there again");
                shared.debts.note(Debt::Wait { limited, member });
            }
        });
    }
}

/// Takes back that somebody waits.
pub(crate) async fn wait_no_more(shared: &Shared, limited: &str, member: &str) -> Result<(), Fault> {
    let sql = "DELETE FROM place_waits WHERE limited = $1 AND member = $2";
    shared.db.execute(sql, args![limited, member]).await.map(drop)
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(&self.key, self.held.take());
    }
}
