//! How albums and images are written on the command line: `library/album/image`, shorter than the resource names of the API,
//! which are taken, too.

use std::fmt;
use std::str::FromStr;

use polyptych::domain::{AlbumId, AlbumName, ImageId, ImageName, LibraryId, NameError};

/// Where images go or are: `LIBRARY/ALBUM`, or `LIBRARY` for its default album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The default album of a library.
    Default(LibraryId),
    /// An album.
    Album(AlbumName),
}

impl Target {
    /// The resource name: `libraries/{library}` or `libraries/{library}/albums/{album}`.
    pub(crate) fn parent(&self) -> String {
        match self {
            Self::Default(library) => format!("libraries/{library}"),
            Self::Album(album) => album.to_string(),
        }
    }

    /// The library.
    pub(crate) fn library(&self) -> &LibraryId {
        match self {
            Self::Default(library) => library,
            Self::Album(album) => &album.library,
        }
    }
}

impl FromStr for Target {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if let Some(rest) = text.strip_prefix("libraries/") {
            return match rest.contains('/') {
                true => Ok(Self::Album(text.parse()?)),
                false => Ok(Self::Default(LibraryId::new(rest)?)),
            };
        }
        match text.split_once('/') {
            Some((library, album)) => Ok(Self::Album(album_of(library, album)?)),
            None => Ok(Self::Default(LibraryId::new(text)?)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(library) => write!(f, "{library}"),
            Self::Album(album) => write!(f, "{}/{}", album.library, album.album),
        }
    }
}

/// An image: `LIBRARY/ALBUM/IMAGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image(ImageName);

impl Image {
    /// The resource name.
    pub(crate) fn name(&self) -> String {
        self.0.to_string()
    }
}

impl FromStr for Image {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.starts_with("libraries/") {
            return Ok(Self(text.parse()?));
        }
        let pattern = || NameError::Pattern { name: text.chars().take(256).collect(), pattern: "LIBRARY/ALBUM/IMAGE" };
        let (library, rest) = text.split_once('/').ok_or_else(pattern)?;
        let (album, image) = rest.rsplit_once('/').ok_or_else(pattern)?;
        Ok(Self(ImageName { album: album_of(library, album)?, image: ImageId::new(image)? }))
    }
}

fn album_of(library: &str, album: &str) -> Result<AlbumName, NameError> {
    Ok(AlbumName { library: LibraryId::new(library)?, album: AlbumId::new(album)? })
}

/// A resource name as it is written on the command line; one that cannot be written so stays as it is.
pub(crate) fn short(resource: &str) -> String {
    let image = resource.parse::<ImageName>().ok().filter(|image| !image.image.as_str().contains('/'));
    if let Some(ImageName { album, image }) = image {
        return format!("{}/{}/{image}", album.library, album.album);
    }
    match resource.parse::<AlbumName>() {
        Ok(AlbumName { library, album }) => format!("{library}/{album}"),
        Err(_) => resource.strip_prefix("libraries/").unwrap_or(resource).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_and_resource_names_mean_the_same() {
        for (short_name, resource) in [
            ("evotor/a~b", "libraries/evotor/albums/a~b"),
            ("facebook", "libraries/facebook"),
            ("direct/лого", "libraries/direct/albums/%D0%BB%D0%BE%D0%B3%D0%BE"),
        ] {
            let target: Target = short_name.parse().unwrap();
            assert_eq!((target.parent(), target.to_string()), (resource.to_owned(), short_name.to_owned()));
            assert_eq!(resource.parse::<Target>().unwrap(), target);
            assert_eq!(short(resource), short_name);
        }
        let image: Image = "direct/self/a+b=".parse().unwrap();
        assert_eq!(image.name(), "libraries/direct/albums/self/images/a%2Bb%3D");
        assert_eq!(short(&image.name()), "direct/self/a+b=");
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_form_that_it_should_have() {
        let told = |text: &str| text.parse::<Image>().unwrap_err().to_string();
        assert!(told("direct/self").contains("LIBRARY/ALBUM/IMAGE"), "{}", told("direct/self"));
        assert!(told("Direct/self/a").contains("library id"));
        assert!("facebook/".parse::<Target>().is_err());
        assert!("libraries/facebook/pages/1".parse::<Target>().is_err());
    }
}
