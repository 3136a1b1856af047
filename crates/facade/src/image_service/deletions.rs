//! `DeleteImage` and `DeleteImages`: one at once, or many as an operation.

use polyptych_domain::{DeleteTask, Task};
use polyptych_proto::{longrunning, v1};
use tonic::Status;

use super::{Images, find, named};
use crate::caller::Caller;
use crate::operations::Asked;
use crate::progress::Progress;
use crate::repeats::Repeatable;
use crate::status::{Fields, failed};
use crate::{convert, operations, repeats};

/// Most images of one operation.
const MOST: usize = 10_000;

impl Images {
    pub(super) async fn delete(
        &self,
        progress: &Progress,
        caller: &Caller,
        mut request: v1::DeleteImageRequest,
    ) -> Result<(), Status> {
        let id = std::mem::take(&mut request.request_id);
        let repeated = repeats::request("request_id", &id, "DeleteImage", &request, None)?;
        let name = convert::parse_image("name", &request.name)?;
        let service = self.service.open(caller);
        progress.at(find(&service, &name.album.library)?, Some(&name.album.album));
        if request.validate_only {
            return Ok(());
        }
        match Repeatable::<()>::begin(&self.work.requests, caller.client().clone(), repeated, "request_id").await? {
            Repeatable::Answered(answer) => Ok(answer),
            Repeatable::Fresh(attempt) => {
                progress.writing();
                let deleted = service.delete(&name).await.map(drop).map_err(|error| failed(&error, Fields::of("name")));
                attempt.end(&deleted).await;
                deleted
            }
        }
    }

    pub(super) async fn delete_many(
        &self,
        progress: &Progress,
        caller: &Caller,
        mut request: v1::DeleteImagesRequest,
    ) -> Result<longrunning::Operation, Status> {
        let id = std::mem::take(&mut request.request_id);
        let repeated = repeats::request("request_id", &id, "DeleteImages", &request, None)?;
        let budget = convert::parse_budget("budget", request.budget)?;
        let service = self.service.open(caller);
        let images = named(&service, &request.names, MOST)?;
        let asked = Asked { task: Task::Delete(DeleteTask { images }), budget, request: repeated };
        if request.validate_only {
            let outcomes = vec![v1::DeletionOutcome::default(); request.names.len()];
            let response = operations::pack("DeleteImagesResponse", &v1::DeleteImagesResponse { outcomes });
            return Ok(operations::validated(&service, &asked, &service.forecast(&asked.task), response));
        }
        progress.writing();
        operations::submit(&self.work, &service, caller.client().clone(), asked, "names").await
    }
}
