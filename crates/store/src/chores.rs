//! Work that one process at a time does for all, every so often.

use std::time::Duration;

use crate::error::{Fault, names_no_member};
use crate::pool::args;
use crate::store::Shared;

/// A chore that is this process's until it has ended. Dropped, it is done again by whoever comes next.
pub(crate) struct Chore<'a> {
    shared: &'a Shared,
    name: &'static str,
    member: std::sync::Arc<str>,
    ended: bool,
}

impl<'a> Chore<'a> {
    /// Takes a chore that no other process is at (within this one its callers see to that), and that was done so long ago or,
    /// by a clock that has been set back since, later than now.
    pub(crate) async fn begin(shared: &'a Shared, name: &'static str, every: Duration) -> Result<Option<Self>, Fault> {
        let member = shared.members.me();
        let taken = match begin_as(shared, &member, name, every).await {
            Err(fault) if names_no_member(&fault) => {
                shared.members.rejoin(&member).await?;
                return Ok(None);
            }
            taken => taken?,
        };
        // Made only if it is taken: one that is dropped gives up what this process may have taken meanwhile.
        Ok(taken.then(|| Self { shared, name, member, ended: false }))
    }

    /// Keeps that it was done now.
    pub(crate) async fn end(mut self) -> Result<(), Fault> {
        self.ended = true;
        let sql = "UPDATE chores SET member = NULL, done = $3 WHERE name = $1 AND member = $2";
        self.shared.db.execute(sql, args![self.name, &*self.member, self.shared.now()]).await.map(drop)
    }
}

async fn begin_as(shared: &Shared, member: &str, name: &str, every: Duration) -> Result<bool, Fault> {
    let sql = "INSERT INTO chores (name, member) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET member = excluded.member \
               WHERE (chores.member IS NULL OR chores.member = excluded.member) AND (chores.done IS NULL OR chores.done > $3 OR chores.done + $4 <= $3) \
               RETURNING name";
    let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
    Ok(!shared.db.returning(sql, args![name, member, shared.now(), every]).await?.is_empty())
}

impl Drop for Chore<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (db, name, member) = (self.shared.db.clone(), self.name, std::sync::Arc::clone(&self.member));
        self.shared.runtime.spawn(async move {
            let sql = "UPDATE chores SET member = NULL WHERE name = $1 AND member = $2";
            if let Err(fault) = db.execute(sql, args![name, &*member]).await {
                tracing::warn!(error = %fault, chore = name, "a chore stays undone until this process has ended");
            }
        });
    }
}
