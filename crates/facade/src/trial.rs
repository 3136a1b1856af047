//! Uploads that are only to be validated: what would be sent, or why it would be refused. No provider is asked anything.

use polyptych_domain::{CheckCommand, CheckReport, Error, ErrorKind, Fit, Service};
use polyptych_proto::v1;

use crate::convert;

/// The answer to an upload that is only to be validated.
///
/// # Errors
/// What the upload would be refused for before anything is sent.
pub(crate) async fn of(service: &Service, command: CheckCommand) -> Result<v1::UploadImageResponse, Error> {
    let (sha256, fit) = (command.content.sha256(), command.fit);
    let library = service.library(&command.library)?;
    let report = service.check(command).await?;
    if let Some(error) = refusal(&report, fit) {
        return Err(error.with_library(library.id(), library.provider()));
    }
    let check = Some(convert::report(report, sha256));
    Ok(v1::UploadImageResponse { check, ..v1::UploadImageResponse::default() })
}

/// Why an upload would be refused, if it would.
fn refusal(report: &CheckReport, fit: Fit) -> Option<Error> {
    if report.violations.is_empty() {
        return None;
    }
    if let Some(damage) = report.violations.iter().find(|violation| violation.rule == "content") {
        let kind = if report.found.is_some() { ErrorKind::CorruptImage } else { ErrorKind::NotAnImage };
        return Some(Error::new(kind, damage.found.clone()));
    }
    let helped = fit != Fit::None && report.plan.is_some();
    let broken = if report.obstacles.is_empty() { &report.violations } else { &report.obstacles };
    // Why a picture cannot be decoded is told by whoever tries to fit it.
    if broken.iter().any(|violation| violation.rule == "content") {
        return None;
    }
    (!helped).then(|| Error::violated(broken.clone()))
}
