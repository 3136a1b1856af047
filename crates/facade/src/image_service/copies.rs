//! `CopyImages`: images for another album, handed over as an operation.

use polyptych_domain::{CopyTask, Fit, Task, UploadTerms};
use polyptych_proto::{longrunning, v1};
use tonic::Status;

use super::{Images, named, target_of_class};
use crate::caller::Caller;
use crate::operations::Asked;
use crate::progress::Progress;
use crate::{convert, operations, repeats};

/// Most images of one operation; an outcome of each fits into the 4 MiB that clients take.
const MOST: usize = 1000;

impl Images {
    pub(super) async fn copy(
        &self,
        progress: &Progress,
        caller: &Caller,
        mut request: v1::CopyImagesRequest,
    ) -> Result<longrunning::Operation, Status> {
        let id = std::mem::take(&mut request.request_id);
        let repeated = repeats::request("request_id", &id, "CopyImages", &request, None)?;
        let (fit, animation) = convert::fit("fit", request.fit, Fit::None)?;
        let policy = convert::policy("policy", request.policy)?;
        let terms = UploadTerms { fit, animation, replace: request.replace, policy };
        let budget = convert::parse_budget("budget", request.budget)?;
        let service = self.service.open(caller);
        let images = named(&service, &request.names, MOST)?;
        let target = target_of_class(&service, ["parent", "image_class"], &request.parent, request.image_class)?;
        let task = Task::Copy(CopyTask { images, target: target.clone(), terms });
        let asked = Asked { task, budget, request: repeated };
        if request.validate_only {
            let outcomes = request.names.iter().map(|_| operations::outcome(&target, None)).collect();
            let response = operations::pack("CopyImagesResponse", &v1::CopyImagesResponse { outcomes });
            return Ok(operations::validated(&service, &asked, &service.forecast(&asked.task), response));
        }
        progress.writing();
        operations::submit(&self.work, &service, caller.client().clone(), asked, "names").await
    }
}
