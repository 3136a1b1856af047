//! A plan as an operation. It is made as a whole, since nothing is changed on the way: a try that is cut off begins anew.

use std::future::ready;

use futures_util::FutureExt;

use super::steps::{Group, Halt, Try, may_pass};
use crate::sync::Manifest;
use crate::work::ItemOutcome;
use crate::{Error, ErrorKind};

/// Steps of a plan at most; the outcomes of so many can be told in one answer.
const MOST_STEPS: usize = 10_000;

impl Try<'_> {
    pub(super) async fn plan(&self, manifest: &Manifest) {
        let (blobs, pictures) = (self.runner.blobs.as_ref(), &self.runner.pictures);
        let planned = self.service.plan_within(manifest, blobs, pictures, &self.meters).await;
        let planned = planned.and_then(|plan| match plan.steps.len() {
            steps if steps > MOST_STEPS => {
                let message = format!(
                    "the plan has {steps} steps, and {MOST_STEPS} are carried out at most; plan fewer albums at a time"
                );
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
            _ => Ok(plan),
        });
        match planned {
            Ok(plan) => {
                let outcome = (0, Ok(ItemOutcome::Planned(Box::new(plan))));
                self.step(Group { places: vec![0], work: ready(vec![outcome]).boxed() }).await;
            }
            Err(error) if may_pass(&error) => self.halt(Halt::Passing(error)),
            Err(error) => self.halt(Halt::Failed(error)),
        }
    }
}
