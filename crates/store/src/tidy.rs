//! Removes what nobody needs any more: old operations, events and requests, what died processes have left behind, pictures
//! without an operation. One process at a time does it, and none while it has reason to doubt the time of day.

use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use object_store::{ObjectMeta, ObjectStoreExt};
use polyptych_domain::Error;

use crate::blobs::{BlobPlace, path};
use crate::chores::Chore;
use crate::error::{Fault, internal, unreadable};
use crate::pool::{Row, args, composed};
use crate::store::Shared;

/// Most rows that one statement removes, so that nobody waits long for the database.
const CHUNK: i64 = 500;
/// Most operations, which have thousands of items.
const OPERATIONS: i64 = 20;
/// How often old rows and pictures are looked for.
const ROWS: Duration = Duration::from_secs(10 * 60);
/// How often objects are looked for that no row names: all names are read for it.
const OBJECTS: Duration = Duration::from_secs(24 * 3600);
/// What nobody needs lies this long at least: an operation that names it may be on its way.
const SHORTEST: Duration = Duration::from_secs(3600);
/// After a clock has jumped, nothing is removed for this long: it may jump back.
const DOUBT: Duration = Duration::from_secs(3600);
/// A clock that goes this much wrong has jumped.
const SLACK: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long things are kept that nobody works with any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Operations and their items, after they have ended. 30 days.
    pub operations: Duration,
    /// Events of the audit log. 365 days.
    pub audit: Duration,
    /// What an upload was about to do whose outcome nobody has told, after its process is gone; until then whoever uploads the
    /// same content into the same album looks first. 90 days.
    pub intents: Duration,
    /// Pictures that no operation needs any more, an hour at least. An hour.
    pub pictures: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { operations: 30 * DAY, audit: 365 * DAY, intents: 90 * DAY, pictures: SHORTEST }
    }
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Operations.
    pub operations: u64,
    /// Events of the audit log.
    pub events: u64,
    /// Requests that callers might have repeated.
    pub requests: u64,
    /// Intents of uploads.
    pub intents: u64,
    /// Pictures.
    pub pictures: u64,
    /// Objects that no row names.
    pub objects: u64,
}

/// Whether the time of day is believed.
#[derive(Default)]
pub(crate) struct Belief(Option<Seen>);

/// The last look at both clocks, and since when they agree.
struct Seen {
    wall: Timestamp,
    monotonic: Duration,
    jumped: Option<Duration>,
}

impl Belief {
    /// Compares the time of day with the time that has passed.
    fn holds(&mut self, shared: &Shared) -> bool {
        let (wall, monotonic) = (shared.clock.wall(), shared.clock.monotonic());
        let before = self.0.as_ref();
        let agree = before.is_none_or(|before| {
            let passed = i128::try_from(monotonic.saturating_sub(before.monotonic).as_nanos()).unwrap_or(i128::MAX);
            let told = wall.duration_since(before.wall).as_nanos();
            told.abs_diff(passed) <= SLACK.as_nanos()
        });
        let jumped = if agree { before.and_then(|before| before.jumped) } else { Some(monotonic) };
        let jumped = jumped.filter(|jumped| monotonic.saturating_sub(*jumped) < DOUBT);
        self.0 = Some(Seen { wall, monotonic, jumped });
        jumped.is_none()
    }
}

/// Removes what is old, if it is time and no other process is at it.
pub(crate) async fn tidy(
    shared: &Shared,
    retention: &Retention,
    place: Option<&BlobPlace>,
) -> Result<Option<Tidied>, Error> {
    let Ok(mut belief) = shared.tidying.try_lock() else { return Ok(None) };
    if !belief.holds(shared) {
        tracing::warn!("the clock has jumped; nothing that is old is removed for an hour");
        return Ok(None);
    }
    let mut tidied = Tidied::default();
    let Some(chore) = Chore::begin(shared, "tidy", ROWS).await.map_err(internal)? else { return Ok(None) };
    rows(shared, retention, &mut tidied).await.map_err(internal)?;
    if let Some(place) = place {
        tidied.pictures = pictures(shared, retention, place).await?;
    }
    shared.db.give_back_space().await.map_err(internal)?;
    chore.end().await.map_err(internal)?;
    if let Some(place) = place
        && let Some(chore) = Chore::begin(shared, "objects", OBJECTS).await.map_err(internal)?
    {
        tidied.objects = objects(shared, place).await?;
        chore.end().await.map_err(internal)?;
    }
    Ok(Some(tidied))
}

async fn rows(shared: &Shared, retention: &Retention, tidied: &mut Tidied) -> Result<(), Fault> {
    let old: [(&mut u64, &'static str, Duration, i64); 4] = [
        (
            &mut tidied.operations,
            "DELETE FROM operations WHERE id IN (SELECT id FROM operations \
             WHERE phase IN ('succeeded', 'failed', 'cancelled') AND updated < $1 ORDER BY updated LIMIT $2)",
            retention.operations,
            OPERATIONS,
        ),
        (
            &mut tidied.events,
            "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE time < $1 ORDER BY time LIMIT $2)",
            retention.audit,
            CHUNK,
        ),
        (
            &mut tidied.requests,
            "DELETE FROM requests WHERE (client, id) IN \
             (SELECT client, id FROM requests WHERE begun < $1 ORDER BY begun LIMIT $2)",
            shared.members.requests_kept(),
            CHUNK,
        ),
        (
            &mut tidied.intents,
            "DELETE FROM claims WHERE (library, album, sha256) IN (SELECT library, album, sha256 FROM claims \
             WHERE member IS NULL AND (intent_since IS NULL OR intent_since < $1) LIMIT $2) AND member IS NULL",
            retention.intents,
            CHUNK,
        ),
    ];
    for (count, sql, kept, chunk) in old {
        let before = before(shared, kept);
        loop {
            let removed = shared.db.execute(sql, args![before, chunk]).await?;
            *count += removed;
            if removed < chunk.unsigned_abs() {
                break;
            }
        }
    }
    Ok(())
}

/// The moment before which something is older than that.
fn before(shared: &Shared, kept: Duration) -> i64 {
    shared.now().saturating_sub(i64::try_from(kept.as_micros()).unwrap_or(i64::MAX))
}

/// A row goes first: whoever puts the same picture meanwhile makes an object of another name.
async fn pictures(shared: &Shared, retention: &Retention, place: &BlobPlace) -> Result<u64, Error> {
    let sql = "DELETE FROM blobs WHERE sha256 IN (SELECT sha256 FROM blobs WHERE put < $1 AND NOT EXISTS \
               (SELECT 1 FROM operation_blobs JOIN operations ON operations.id = operation_blobs.operation \
               WHERE operation_blobs.sha256 = blobs.sha256 AND operations.phase IN ('pending', 'running')) \
               ORDER BY put LIMIT $2) AND put < $1 RETURNING place";
    let before = before(shared, retention.pictures.max(SHORTEST));
    let mut removed = 0;
    loop {
        let rows = shared.db.returning(sql, args![before, CHUNK]).await.map_err(internal)?;
        for name in names(&rows).map_err(internal)? {
            delete(place, &path(&name)).await?;
        }
        removed += rows.len() as u64;
        if rows.len() < CHUNK.unsigned_abs() as usize {
            return Ok(removed);
        }
    }
}

/// Removes objects that no row names and that are old enough for no row to be on its way.
async fn objects(shared: &Shared, place: &BlobPlace) -> Result<u64, Error> {
    let mut removed = 0;
    let mut listed = place.objects.list(None).try_chunks(CHUNK.unsigned_abs() as usize);
    loop {
        let chunk = listed.try_next().await.map_err(|error| unlisted(error.1))?;
        let Some(chunk) = chunk else { return Ok(removed) };
        let now = shared.clock.wall().as_second();
        let old =
            |meta: &ObjectMeta| now.saturating_sub(meta.last_modified.timestamp()) >= SHORTEST.as_secs().cast_signed();
        let chunk: Vec<_> = chunk.into_iter().filter(old).collect();
        let found: Vec<&str> = chunk.iter().filter_map(|meta| meta.location.filename()).collect();
        if found.is_empty() {
            continue;
        }
        let sql = format!("SELECT place FROM blobs WHERE place IN ({})", crate::pool::places(1, found.len()));
        let args: Vec<_> = found.iter().map(|name| crate::pool::Arg::from(*name)).collect();
        let named = shared.db.read(composed(sql), &args).await.map_err(internal)?;
        let named = names(&named).map_err(internal)?;
        for meta in &chunk {
            let name = meta.location.filename().unwrap_or_default();
            // What is not called as ours are is somebody else's.
            if !named.iter().any(|known| known == name) && meta.location == path(name) && is_ours(name) {
                delete(place, &meta.location).await?;
                removed += 1;
            }
        }
    }
}

/// Whether an object has such a name as pictures get: a digest and an id.
fn is_ours(name: &str) -> bool {
    let hex = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once('-').is_some_and(|(digest, id)| hex(digest, 64) && hex(id, 32))
}

fn names(rows: &[Row]) -> Result<Vec<String>, Fault> {
    rows.iter().map(|row| row.get("place")).collect()
}

async fn delete(place: &BlobPlace, path: &object_store::path::Path) -> Result<(), Error> {
    match place.objects.delete(path).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(unlisted(error)),
    }
}

fn unlisted(error: object_store::Error) -> Error {
    internal(unreadable(error))
}
