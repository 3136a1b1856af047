//! `ImportImages`: pictures at addresses, handed over as an operation.

use polyptych_domain::{Fit, ImportItem, ImportTask, PictureUrl, Service, Task, UploadTerms};
use polyptych_proto::{longrunning, v1};
use tonic::Status;

use super::{Images, check_name, target_of_class};
use crate::caller::Caller;
use crate::operations::Asked;
use crate::progress::Progress;
use crate::status::Refusal;
use crate::{convert, operations, repeats};

/// Most pictures of one operation; an outcome of each fits into the 4 MiB that clients take.
const MOST: usize = 1000;

impl Images {
    pub(super) async fn import(
        &self,
        progress: &Progress,
        caller: &Caller,
        mut request: v1::ImportImagesRequest,
    ) -> Result<longrunning::Operation, Status> {
        let id = std::mem::take(&mut request.request_id);
        let repeated = repeats::request("request_id", &id, "ImportImages", &request, None)?;
        operations::within("sources", request.sources.len(), MOST)?;
        let (fit, animation) = convert::fit("fit", request.fit, Fit::None)?;
        let policy = convert::policy("policy", request.policy)?;
        let terms = UploadTerms { fit, animation, replace: request.replace, policy };
        let budget = convert::parse_budget("budget", request.budget)?;
        let service = self.service.open(caller);
        let sources = request.sources.into_iter().enumerate();
        let items = sources.map(|(place, source)| item(&service, place, source)).collect::<Result<Vec<_>, _>>()?;
        if request.validate_only {
            let outcomes = items.iter().map(|item| operations::outcome(&item.target, None)).collect();
            let response = operations::pack("ImportImagesResponse", &v1::ImportImagesResponse { outcomes });
            let asked = Asked { task: Task::Import(ImportTask { items, terms }), budget, request: None };
            return Ok(operations::validated(&service, &asked, &service.forecast(&asked.task), response));
        }
        progress.writing();
        let asked = Asked { task: Task::Import(ImportTask { items, terms }), budget, request: repeated };
        operations::submit(&self.work, &service, caller.client().clone(), asked, "sources").await
    }
}

fn item(service: &Service, place: usize, source: v1::ImportSource) -> Result<ImportItem, Refusal> {
    let field = |name: &str| format!("sources[{place}].{name}");
    let url = PictureUrl::new(source.uri);
    let url = url.map_err(|error| Refusal::argument(&field("uri"), error.message()))?;
    let name = Some(source.display_name).filter(|name| !name.is_empty());
    match &name {
        Some(name) => check_name(&field("display_name"), name)?,
        None if url.file_name().is_none() => {
            let message = "give the image a name: the address's path does not end in one";
            return Err(Refusal::argument(&field("display_name"), message));
        }
        None => {}
    }
    let fields = [field("parent"), field("image_class")];
    let target = target_of_class(service, fields.each_ref().map(String::as_str), &source.parent, source.image_class)?;
    Ok(ImportItem { url: url.as_str().to_owned(), name, target })
}
