//! What work would do and cost, told before it is done. Nothing is changed anywhere.

use futures_util::StreamExt;
use futures_util::future::join_all;

use super::batch::{BatchReport, Settled, Work, in_order};
use super::group::Step;
use super::meter::Meters;
use super::twins;
use super::{Service, UploadCommand, UploadPolicy};
use crate::{Cost, Costs, LibraryId};

/// What would become of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    /// Nothing would be sent: the album is known to hold it, or an earlier image of the batch is the same.
    Reuse,
    /// It would be sent.
    Upload,
}

impl Service {
    /// Says what [`Service::upload_many`] would do and cost if every image were taken, without a call. Images are checked
    /// and fitted as for an upload; what `Verify` would ask for is counted as one reading each.
    pub async fn estimate(&self, commands: Vec<UploadCommand>) -> BatchReport<Planned> {
        let (places, refused, work) = self.distribute(commands);
        let plans = work.into_iter().map(|(id, work)| self.plan(id, work));
        let mut costs = Costs::new();
        let mut settled: Vec<Settled<Planned>> = refused;
        for (id, outcomes, cost) in join_all(plans).await {
            settled.extend(outcomes);
            costs.insert(id, cost);
        }
        BatchReport { outcomes: in_order(places, settled), costs }
    }

    pub(super) async fn plan(&self, id: LibraryId, work: Vec<Work>) -> (LibraryId, Vec<Settled<Planned>>, Cost) {
        let Ok(library) = self.library(&id).map(AsRef::as_ref) else { return (id, Vec::new(), Cost::default()) };
        let (prices, mut cost) = (&library.capabilities().prices, Cost::default());
        let (mut planned, mut same) = (Vec::with_capacity(work.len()), Vec::new());
        let meter = Meters::default().of(&id);
        let mut steps = self.steps(library, work, &meter, false);
        while let Some(Step { settled, twins, group }) = steps.next().await {
            same.extend(twins);
            for (place, outcome) in settled {
                if matches!(&outcome, Ok((ready, _)) if ready.policy == UploadPolicy::Verify) {
                    cost += Cost { calls: 1, points: prices.get.of(1), bytes: 0 };
                }
                planned.push((place, outcome.map(|_| Planned::Reuse)));
            }
            if group.is_empty() {
                continue;
            }
            let bytes = group.iter().map(|missing| missing.ready.sent.bytes).fold(0, u64::saturating_add);
            cost += Cost { calls: 1, points: prices.upload.of(group.len() as u64), bytes };
            planned.extend(group.iter().map(|missing| (missing.place, Ok(Planned::Upload))));
        }
        drop(steps);
        twins::share(&mut planned, same, |_, _| Planned::Reuse);
        (id, planned, cost)
    }
}
