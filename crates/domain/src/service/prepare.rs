//! From received bytes to a file that a library accepts: verify, check, fit if asked to. CPU work, run on workers.

use polyptych_imaging::{self as imaging, ImageError, Limits};

use crate::rules::renamed;
use crate::workers::Cancelled;
use crate::{Content, Error, ErrorKind, Fit, Inspection, Rules, Sent, UploadCommand, is_display_name};

/// An image that satisfies the rules.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) class: Option<String>,
    pub(super) content: Content,
    pub(super) sent: Sent,
}

/// Verifies, checks and fits. Blocks; nothing is sent anywhere.
pub(super) fn prepare(rules: &'static Rules, command: UploadCommand, cancelled: &Cancelled) -> Result<Prepared, Error> {
    check_name(&command.name)?;
    let bytes = read(&command.content)?;
    let image = imaging::verify(&bytes).map_err(refused)?;
    suited(rules, command, &image, || Ok(bytes), cancelled)
}

/// Says what an image is, once it is known to be whole. Blocks.
pub(super) fn verified(name: &str, content: &Content) -> Result<Inspection, Error> {
    check_name(name)?;
    imaging::verify(&read(content)?).map_err(refused)
}

/// Checks and fits an image that was [`verified`] before: its bytes are read again only where they are fitted, so that
/// none are held while it waits for its turn. Blocks; nothing is sent anywhere.
pub(super) fn prepare_verified(
    rules: &'static Rules,
    command: UploadCommand,
    image: &Inspection,
    cancelled: &Cancelled,
) -> Result<Prepared, Error> {
    let content = command.content.clone();
    suited(rules, command, image, || read(&content), cancelled)
}

fn suited(
    rules: &'static Rules,
    command: UploadCommand,
    image: &Inspection,
    bytes: impl FnOnce() -> Result<bytes::Bytes, Error>,
    cancelled: &Cancelled,
) -> Result<Prepared, Error> {
    let class = command.class.as_deref();
    let plan = rules
        .plan(image, &command.name, command.fit, command.animation, class)
        .map_err(|violations| explained(rules, image, &command, violations))?;
    let Some(target) = plan.target else {
        return Ok(as_received(plan.name, image, command));
    };
    let bytes = bytes()?;
    let fitted = Limits::default().fit_unless(&bytes, &target, &|| cancelled.is_set()).map_err(refused)?;
    let name = renamed(&command.name, fitted.format, &rules.name);
    let inspection = imaging::inspect(&fitted.bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, "the fitted image cannot be read back").with_source(error))?;
    rules.check(&inspection, &name, class).map_err(Error::violated)?;
    let content = Content::from_bytes(fitted.bytes);
    let sent = sent(&inspection, &content, true);
    Ok(Prepared { name, class: command.class, content, sent })
}

/// The bytes of a received image.
pub(super) fn read(content: &Content) -> Result<bytes::Bytes, Error> {
    content.source().read().map_err(|error| {
        Error::new(ErrorKind::Internal, "the received image could not be read again").with_source(error)
    })
}

/// The violations, and the nearest fit that would help where none was asked for.
fn explained(
    rules: &'static Rules,
    image: &Inspection,
    command: &UploadCommand,
    violations: Vec<crate::Violation>,
) -> Error {
    let class = command.class.as_deref();
    let verdict = rules.judge(image, &command.name, class);
    let plan = match command.fit {
        Fit::None => rules.suggest(image, &command.name, class, &verdict),
        _ => None,
    };
    Error::violated(violations).with_advice(plan.as_ref())
}

fn as_received(name: String, image: &Inspection, command: UploadCommand) -> Prepared {
    let sent = sent(image, &command.content, false);
    Prepared { name, class: command.class, content: command.content, sent }
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    if is_display_name(name) {
        return Ok(());
    }
    let message = "the image's name is blank or holds characters that cannot be sent; give a name with an extension";
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn sent(image: &Inspection, content: &Content, fitted: bool) -> Sent {
    Sent { format: image.format, pixels: image.pixels, bytes: content.len(), sha256: content.sha256(), fitted }
}

/// What a refusal of the imaging crate means here.
fn refused(error: ImageError) -> Error {
    let kind = match &error {
        ImageError::NotAnImage | ImageError::Unsupported(_) => ErrorKind::NotAnImage,
        ImageError::Corrupt { .. } => ErrorKind::CorruptImage,
        ImageError::TooLarge { .. } => ErrorKind::TooLarge,
        ImageError::CannotFit { .. } => ErrorKind::RulesViolated,
        // Nobody is left to be told.
        ImageError::Cancelled => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string()).with_source(error)
}
