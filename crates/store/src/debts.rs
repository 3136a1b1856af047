//! What this process should give up and could not, since the database was away. It is given up as soon as the database is there
//! again; until then others would wait in vain, since the process lives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polyptych_domain::{Claim, Lease};

use crate::error::Fault;
use crate::hub::News;
use crate::patience::again;
use crate::pool::args;
use crate::store::Shared;
use crate::{claims, places};

/// Something that is to be given up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Debt {
    /// An operation that nobody in this process works on: its worker has gone, or it was taken without being heard of.
    Operation(Lease),
    /// A claim whose upload has ended.
    Claim(Claim),
    /// That this process waits for a place under a limit, said as that member.
    Wait {
        /// The limit.
        limited: String,
        /// As whom it was said.
        member: Arc<str>,
    },
}

/// All of it, the oldest first.
#[derive(Default)]
pub(crate) struct Debts(Mutex<VecDeque<Debt>>);

impl Debts {
    /// Notes something that is to be given up.
    pub(crate) fn note(&self, debt: Debt) {
        self.all().push_back(debt);
    }

    fn oldest(&self) -> Option<Debt> {
        self.all().front().cloned()
    }

    fn forget(&self, debt: &Debt) {
        let mut all = self.all();
        if let Some(place) = all.iter().position(|noted| noted == debt) {
            all.remove(place);
        }
    }

    /// The list is whole between calls.
    fn all(&self) -> MutexGuard<'_, VecDeque<Debt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives up all that is noted. What the process has lost since, or never had, stays as it is.
pub(crate) async fn pay(shared: &Shared) -> Result<(), Fault> {
    while let Some(debt) = shared.debts.oldest() {
        match &debt {
            Debt::Operation(lease) => give_back(shared, lease).await?,
            Debt::Claim(claim) => again(|| claims::leave(shared, claim)).await?,
            Debt::Wait { limited, member } => places::wait_no_more(shared, limited, member).await?,
        }
        shared.debts.forget(&debt);
    }
    Ok(())
}

/// Frees an operation as if the process had died: the try counts, and has no end.
async fn give_back(shared: &Shared, lease: &Lease) -> Result<(), Fault> {
    let sql = "UPDATE operations SET member = NULL WHERE id = $1 AND token = $2 AND member = $3";
    let me = shared.members.me();
    if shared.db.execute(sql, args![lease.operation.as_str(), lease.token, &*me]).await? > 0 {
        tracing::warn!(operation = %lease.operation, "a try was cut off; the operation is due again");
        shared.hub.tell(News::Due);
    }
    Ok(())
}
