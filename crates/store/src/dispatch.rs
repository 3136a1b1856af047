//! Which operations are due. The row of an operation is its job: this only finds rows that nobody holds, and whoever takes
//! one first has it. So there is no queue that could say something else than the rows do.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::{Error, OperationId, Task};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::{internal, unreadable};
use crate::operations::due;
use crate::pool::{Arg, composed, places};
use crate::store::Shared;

/// How often it looks by itself.
const LOOK: Duration = Duration::from_secs(1);
/// An operation that was named is not named again for this long: its worker may not have come to take it yet.
const NAMED: Duration = Duration::from_secs(2);
/// Most that are found at a time.
const BATCH: i64 = 64;

/// Operations as they come due.
pub struct Due {
    shared: Arc<Shared>,
    told: watch::Receiver<()>,
    found: VecDeque<OperationId>,
    named: HashMap<OperationId, Instant>,
}

impl Due {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let told = shared.hub.due();
        Self { shared, told, found: VecDeque::new(), named: HashMap::new() }
    }

    /// The next operation that is due, the oldest first: at once where this process has submitted it, within a second or so
    /// where another has, and within five seconds where the process died that held it. It is named to every process, and again
    /// as long as nobody [takes](polyptych_domain::Operations::take) it. A database that is away is waited for. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> OperationId {
        loop {
            if let Some(id) = self.found.pop_front() {
                self.named.insert(id.clone(), Instant::now());
                return id;
            }
            self.told.mark_unchanged();
            match self.look().await {
                Ok(()) if !self.found.is_empty() => continue,
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "cannot look for operations that are due"),
            }
            let _either = tokio::time::timeout(LOOK, self.told.changed()).await;
        }
    }

    /// Finds what is due and was not named just now. What a newer program has asked for, and this one cannot do, is left to that,
    /// so that it does not stand before all else.
    ///
    /// # Errors
    /// `Internal` where the database cannot be read.
    async fn look(&mut self) -> Result<(), Error> {
        let mut args = vec![Arg::from(self.shared.now()), Arg::from(BATCH)];
        let kinds = places(args.len() + 1, Task::KINDS.len());
        let sql = format!("SELECT id FROM operations WHERE {} AND kind IN ({kinds}) ORDER BY seq LIMIT $2", due!("$1"));
        args.extend(Task::KINDS.map(Arg::from));
        let rows = self.shared.db.read(composed(sql), &args).await.map_err(internal)?;
        let now = Instant::now();
        self.named.retain(|_, named| now.duration_since(*named) < NAMED);
        for row in rows {
            let id: String = row.get("id").map_err(internal)?;
            let id = OperationId::new(id).map_err(|error| internal(unreadable(error)))?;
            if !self.named.contains_key(&id) {
                self.found.push_back(id);
            }
        }
        Ok(())
    }
}
