//! How this process and its database are: for whoever watches the server, never for whoever works with the store.

use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::Error;

use crate::error::internal;
use crate::pool::args;
use crate::store::Shared;

/// A process that has not been heard of by the database for this long is not ready for work: it shows itself twice a second.
const SILENCE: Duration = Duration::from_secs(3);

/// How a store is. It can be asked as long as the process runs; once the store is closed it is not heard of any more.
#[derive(Clone)]
pub struct Pulse(pub(crate) Arc<Shared>);

impl Pulse {
    /// Whether the database has taken it in that this process lives, within the last three seconds.
    pub fn is_heard(&self) -> bool {
        let now = self.0.clock.monotonic();
        self.0.members.heard().is_some_and(|heard| now.saturating_sub(heard) <= SILENCE)
    }

    /// How many operations there are in each phase, those of all processes: `pending`, `running`, and how they ended as long
    /// as they are kept. A phase without one is absent.
    ///
    /// # Errors
    /// `Internal` where the database cannot be read.
    pub async fn operations(&self) -> Result<Vec<(String, u64)>, Error> {
        let sql = "SELECT phase, COUNT(*) AS number FROM operations GROUP BY phase";
        let rows = self.0.db.read(sql, args![]).await.map_err(internal)?;
        let counts = rows.iter().map(|row| {
            let (phase, number): (String, i64) = (row.get("phase")?, row.get("number")?);
            Ok((phase, u64::try_from(number).unwrap_or_default()))
        });
        counts.collect::<Result<_, _>>().map_err(internal)
    }
}
