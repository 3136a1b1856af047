//! How many bytes a client's tasks take, so that none fills the database for all. They are added up now and then, and what this
//! process takes in between is added to that: so several processes together may go somewhat beyond the room that there is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use polyptych_domain::{ClientId, Error, ErrorKind};

use crate::error::Fault;
use crate::pool::args;
use crate::store::Shared;

/// Operations whose tasks count; so many are added up quickly.
const LATEST: i64 = 10_000;

/// How long what was added up is gone by, as long as it leaves room.
const FRESH: Duration = Duration::from_secs(10);

/// Clients that are remembered at most.
const MOST_CLIENTS: usize = 10_000;

/// The room of each client.
pub(crate) struct Room {
    bytes: u64,
    clients: Mutex<HashMap<ClientId, Taken>>,
}

/// What a client's tasks take.
struct Taken {
    bytes: u64,
    /// When they were added up.
    since: Duration,
}

impl Room {
    /// So many bytes for each client.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { bytes, clients: Mutex::default() }
    }

    /// Takes room if there is some for sure.
    fn take(&self, client: &ClientId, more: u64, now: Duration) -> bool {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(taken) = clients.get_mut(client) else { return false };
        let together = taken.bytes.saturating_add(more);
        let fits = together <= self.bytes && now.saturating_sub(taken.since) < FRESH;
        if fits {
            taken.bytes = together;
        }
        fits
    }

    fn learn(&self, client: &ClientId, bytes: u64, since: Duration) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MOST_CLIENTS {
            clients.clear();
        }
        clients.insert(client.clone(), Taken { bytes, since });
    }
}

/// Takes room for a task of so many bytes, or says why there is none.
pub(super) async fn take(shared: &Shared, client: &ClientId, more: usize) -> Result<Result<(), Error>, Fault> {
    let (room, more, now) = (&shared.room, more as u64, shared.clock.monotonic());
    if room.take(client, more, now) {
        return Ok(Ok(()));
    }
    let sum = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS taken FROM (SELECT OCTET_LENGTH(task) AS bytes \
               FROM operations WHERE client = $1 ORDER BY seq DESC LIMIT $2) AS latest";
    let rows = shared.db.read(sum, args![client.as_str(), LATEST]).await?;
    let taken = rows.first().map_or(Ok(0), |row| row.get::<i64, _>("taken"))?.unsigned_abs();
    room.learn(client, taken, now);
    if room.take(client, more, now) {
        return Ok(Ok(()));
    }
    let message = format!(
        "what this client has asked for in operations that are kept takes {taken} bytes, of {} that it may; {more} more do not \
         fit in. Delete operations that have ended",
        room.bytes
    );
    Ok(Err(Error::new(ErrorKind::QuotaExhausted, message)))
}
