//! From received bytes to a file that a library accepts: verify, check, fit if asked to. CPU work, run on workers.

use polyptych_imaging::{self as imaging, ImageError, Orientation};

use crate::rules::has_extension;
use crate::{Content, Error, ErrorKind, Format, Inspection, Rules, Sent, UploadCommand};

/// An image that satisfies the rules.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) class: Option<String>,
    pub(super) content: Content,
    pub(super) sent: Sent,
}

/// Checks and fits. Blocks; nothing is sent anywhere.
pub(super) fn prepare(rules: &'static Rules, command: UploadCommand) -> Result<Prepared, Error> {
    check_name(&command.name)?;
    let bytes = command.content.source().read().map_err(|error| {
        Error::new(ErrorKind::Internal, "the received image could not be read again").with_source(error)
    })?;
    let image = imaging::verify(&bytes).map_err(refused)?;
    let class = command.class.as_deref();
    let checked = rules.check(&image, &command.name, class);
    let mode = match (command.fit.mode(), checked) {
        (None, Err(violations)) => return Err(Error::violated(violations)),
        // A fit also turns the image upright, since not every provider reads EXIF.
        (Some(mode), Ok(_)) if image.orientation != Orientation::Normal => mode,
        (Some(mode), Err(_)) => mode,
        (_, Ok(_)) => {
            let sent = sent(&image, &command.content, false);
            return Ok(Prepared { name: command.name, class: command.class, content: command.content, sent });
        }
    };
    let target = rules.target(&image, mode, class).map_err(Error::violated)?;
    let fitted = imaging::fit(&bytes, &target).map_err(refused)?;
    let name = renamed(command.name, fitted.format);
    let inspection = imaging::inspect(&fitted.bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, "the fitted image cannot be read back").with_source(error))?;
    rules.check(&inspection, &name, class).map_err(Error::violated)?;
    let content = Content::from_bytes(fitted.bytes);
    let sent = sent(&inspection, &content, true);
    Ok(Prepared { name, class: command.class, content, sent })
}

fn check_name(name: &str) -> Result<(), Error> {
    let problem = match name {
        "" => "the image's name is empty; give a name with an extension",
        name if name.chars().any(char::is_control) => "the image's name holds control characters",
        name if name.trim().is_empty() => "the image's name is blank; give a name with an extension",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidArgument, problem))
}

fn sent(image: &Inspection, content: &Content, fitted: bool) -> Sent {
    Sent { format: image.format, pixels: image.pixels, bytes: content.len(), sha256: content.sha256(), fitted }
}

/// The name with the extension of `format`, if it has that of another format or none.
fn renamed(name: String, format: Format) -> String {
    const ALL: [Format; 6] = [Format::Jpeg, Format::Png, Format::Gif, Format::Bmp, Format::Tiff, Format::WebP];
    if has_extension(&name, format) {
        return name;
    }
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if ALL.iter().any(|other| has_extension(&name, *other)) => stem,
        _ => &name,
    };
    format!("{stem}.{}", format.extension())
}

/// What a refusal of the imaging crate means here.
fn refused(error: ImageError) -> Error {
    let kind = match &error {
        ImageError::NotAnImage | ImageError::Unsupported(_) => ErrorKind::NotAnImage,
        ImageError::Corrupt { .. } => ErrorKind::CorruptImage,
        ImageError::TooLarge { .. } => ErrorKind::TooLarge,
        ImageError::CannotFit { .. } => ErrorKind::RulesViolated,
    };
    Error::new(kind, error.to_string()).with_source(error)
}
