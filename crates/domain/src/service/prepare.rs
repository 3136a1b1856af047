//! From received bytes to a file that a library accepts: verify, check, fit if asked to. CPU work, run on workers.

use polyptych_imaging::{self as imaging, ImageError, Orientation};

use crate::rules::has_extension;
use crate::{Content, Error, ErrorKind, Format, Inspection, NameRule, Rules, Sent, UploadCommand};

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
    let checked = rules.check(&image, &command.name, class).map(|_| command.name.clone());
    let Some(mode) = command.fit.mode() else {
        return checked.map(|name| as_received(name, &image, command)).map_err(Error::violated);
    };
    // Where only the name's extension is wrong, the picture itself stays untouched.
    let named = checked.or_else(|_| {
        let name = renamed(command.name.clone(), image.format, &rules.name);
        rules.check(&image, &name, class).map(|_| name)
    });
    // A fit also turns the image upright, since not every provider reads EXIF.
    if let Ok(name) = named
        && image.orientation == Orientation::Normal
    {
        return Ok(as_received(name, &image, command));
    }
    let target = rules.target(&image, mode, class).map_err(Error::violated)?;
    let fitted = imaging::fit(&bytes, &target).map_err(refused)?;
    let name = renamed(command.name, fitted.format, &rules.name);
    let inspection = imaging::inspect(&fitted.bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, "the fitted image cannot be read back").with_source(error))?;
    rules.check(&inspection, &name, class).map_err(Error::violated)?;
    let content = Content::from_bytes(fitted.bytes);
    let sent = sent(&inspection, &content, true);
    Ok(Prepared { name, class: command.class, content, sent })
}

fn as_received(name: String, image: &Inspection, command: UploadCommand) -> Prepared {
    let sent = sent(image, &command.content, false);
    Prepared { name, class: command.class, content: command.content, sent }
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

/// The name with the extension of `format`, if it has that of another format or none. A name that is too long to get one
/// stays without, where none is required.
fn renamed(name: String, format: Format, rule: &NameRule) -> String {
    const ALL: [Format; 6] = [Format::Jpeg, Format::Png, Format::Gif, Format::Bmp, Format::Tiff, Format::WebP];
    if has_extension(&name, format) {
        return name;
    }
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if ALL.iter().any(|other| has_extension(&name, *other)) => stem,
        _ => &name,
    };
    let extended = format!("{stem}.{}", format.extension());
    let too_long = extended.chars().count() > rule.max_chars as usize;
    if too_long && !rule.extension_required { name } else { extended }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evidence;

    #[test]
    fn an_extension_follows_the_format_and_is_added_where_there_is_room_or_need() {
        let rule = |extension_required| NameRule {
            max_chars: 9,
            extension_required,
            evidence: Evidence::Assumed,
            source: "this test",
        };
        for (name, required, expected) in [
            ("a.JPEG", false, "a.JPEG"),
            ("a.png", false, "a.jpg"),
            ("a.jpg.webp", false, "a.jpg.jpg"),
            ("фото", false, "фото.jpg"),
            ("v1.2", false, "v1.2.jpg"),
            ("фотокарт", false, "фотокарт"),
            ("фотокарт", true, "фотокарт.jpg"),
        ] {
            assert_eq!(renamed(name.to_owned(), Format::Jpeg, &rule(required)), expected);
        }
    }
}
