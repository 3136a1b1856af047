//! Names of libraries, albums and images: `libraries/{library}/albums/{album}/images/{image}`.
//!
//! Segments that hold reserved characters are percent-encoded in a resource name and plain in the ids.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const MAX_ID_BYTES: usize = 256;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The resource name does not follow its pattern.
    #[error("`{name}` does not have the form `{pattern}`")]
    Pattern {
        /// As given, shortened to 256 characters.
        name: String,
        /// The expected pattern.
        pattern: &'static str,
    },
    /// A library id is not 1 to 63 characters of `a-z 0-9 -`, starting with a letter.
    #[error("library id `{0}` must be 1 to 63 characters of a-z, 0-9 and '-', starting with a letter")]
    Library(String),
    /// An album or image id is empty, longer than 256 bytes, or holds control characters.
    #[error("{kind} id must be 1 to 256 bytes without control characters")]
    Segment {
        /// `album` or `image`.
        kind: &'static str,
    },
}

macro_rules! stored_as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(id: String) -> Result<Self, NameError> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_ID_BYTES).collect()
}

/// A configured library: `facebook`, `yandex-v5-soap`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LibraryId(String);

stored_as_text!(LibraryId);

impl LibraryId {
    /// Checks and keeps an id.
    ///
    /// # Errors
    /// [`NameError::Library`].
    pub fn new(id: impl Into<String>) -> Result<Self, NameError> {
        let id = id.into();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let starts_well = id.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if id.len() > 63 || !starts_well || !id.bytes().all(plain) {
            return Err(NameError::Library(shortened(&id)));
        }
        Ok(Self(id))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LibraryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! segment_id {
    ($(#[$meta:meta])* $name:ident, $kind:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        stored_as_text!($name);

        impl $name {
            /// Checks and keeps an id as the provider writes it, not percent-encoded.
            ///
            /// # Errors
            /// [`NameError::Segment`].
            pub fn new(id: impl Into<String>) -> Result<Self, NameError> {
                let id = id.into();
                if id.is_empty() || id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) {
                    return Err(NameError::Segment { kind: $kind });
                }
                Ok(Self(id))
            }

            /// The id as the provider writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

segment_id!(
    /// The owner of images in a library: an advertiser's login (`self` for the token's own), an ad account's number,
    /// or `{store}~{product}`.
    AlbumId,
    "album"
);
segment_id!(
    /// An image in an album: the provider's hash (Yandex, Facebook) or id (Evotor).
    ImageId,
    "image"
);

/// `libraries/{library}/albums/{album}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlbumName {
    /// The library.
    pub library: LibraryId,
    /// The album in it.
    pub album: AlbumId,
}

impl fmt::Display for AlbumName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "libraries/{}/albums/{}", self.library, utf8_percent_encode(self.album.as_str(), RESERVED))
    }
}

impl AlbumName {
    /// Writes the names of many images of this album: as [`ImageName`] is displayed.
    pub fn images(&self) -> impl Fn(&ImageId) -> String + use<> {
        let before = format!("{self}/images/");
        move |image| {
            let mut name = String::with_capacity(before.len() + image.as_str().len());
            name.push_str(&before);
            name.extend(utf8_percent_encode(image.as_str(), RESERVED));
            name
        }
    }
}

impl FromStr for AlbumName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let pattern = "libraries/{library}/albums/{album}";
        let [library, album] = segments(name, ["libraries", "albums"], pattern)?;
        Ok(Self { library: LibraryId::new(library)?, album: AlbumId::new(album)? })
    }
}

/// `libraries/{library}/albums/{album}/images/{image}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImageName {
    /// The album that holds the image.
    pub album: AlbumName,
    /// The image in it.
    pub image: ImageId,
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/images/{}", self.album, utf8_percent_encode(self.image.as_str(), RESERVED))
    }
}

impl FromStr for ImageName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let pattern = "libraries/{library}/albums/{album}/images/{image}";
        let [library, album, image] = segments(name, ["libraries", "albums", "images"], pattern)?;
        let album = AlbumName { library: LibraryId::new(library)?, album: AlbumId::new(album)? };
        Ok(Self { album, image: ImageId::new(image)? })
    }
}

/// Splits `collection/id/collection/id…` and decodes the ids.
fn segments<const N: usize>(
    name: &str,
    collections: [&str; N],
    pattern: &'static str,
) -> Result<[String; N], NameError> {
    let refused = || NameError::Pattern { name: shortened(name), pattern };
    let mut parts = name.split('/');
    let mut ids = [const { String::new() }; N];
    for (collection, id) in collections.into_iter().zip(&mut ids) {
        let encoded = (parts.next() == Some(collection)).then(|| parts.next()).flatten().ok_or_else(refused)?;
        if !is_encoded(encoded) {
            return Err(refused());
        }
        *id = percent_decode_str(encoded).decode_utf8().map_err(|_| refused())?.into_owned();
    }
    if parts.next().is_some() {
        return Err(refused());
    }
    Ok(ids)
}

/// Whether each `%` begins an escape, so that no id has two spellings by accident.
fn is_encoded(segment: &str) -> bool {
    let mut pieces = segment.split('%');
    let _before_the_first = pieces.next();
    pieces.all(|piece| piece.len() >= 2 && piece.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a library could keep an image under this name: it is not blank, and every encoding can carry it. XML has no way
/// to write control characters, U+FFFE and U+FFFF.
pub fn is_display_name(name: &str) -> bool {
    let cannot_be_sent = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    !name.trim().is_empty() && !name.chars().any(cannot_be_sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_parsed_into_its_ids_and_printed_back() {
        let text = "libraries/evotor/albums/20180413-2595~5e46f8de/images/2392e522";
        let name: ImageName = text.parse().unwrap();
        assert_eq!(name.album.library.as_str(), "evotor");
        assert_eq!(name.album.album.as_str(), "20180413-2595~5e46f8de");
        assert_eq!(name.to_string(), text);
    }

    #[test]
    fn reserved_characters_of_an_id_are_encoded() {
        let name: AlbumName = "libraries/a/albums/x%2Fy%20z".parse().unwrap();
        assert_eq!(name.album.as_str(), "x/y z");
        assert_eq!(name.to_string(), "libraries/a/albums/x%2Fy%20z");
    }

    #[test]
    fn other_texts_are_refused_with_the_pattern() {
        for text in [
            "",
            "libraries",
            "libraries/a/albums/b/images/",
            "libraries/a/images/b",
            "libraries/A/albums/b/images/c",
            "libraries/a/albums/b/images/c/d",
            "libraries/a/albums/%ff/images/c",
            "libraries/a/albums/%00/images/c",
            "libraries/a/albums/%/images/c",
            "libraries/a/albums/b%4/images/c",
            "libraries/a/albums/%zz/images/c",
            "/libraries/a/albums/b/images/c",
        ] {
            assert!(text.parse::<ImageName>().is_err(), "{text}");
        }
        let error = "x".parse::<AlbumName>().unwrap_err().to_string();
        assert_eq!(error, "`x` does not have the form `libraries/{library}/albums/{album}`");
    }

    #[test]
    fn an_image_is_named_with_what_every_encoding_can_carry() {
        for name in ["фото.png", "a b\u{2028}\u{fffd}.png", "😀"] {
            assert!(is_display_name(name), "{name:?}");
        }
        for name in ["", " \u{a0}", "a\0.png", "a\u{85}.png", "a\u{fffe}.png", "\u{ffff}.png"] {
            assert!(!is_display_name(name), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_round_trips(album in "[^\\p{C}]{1,40}", image in "[^\\p{C}]{1,40}") {
            let library = LibraryId::new("yandex-v5").unwrap();
            let name = ImageName { album: AlbumName { library, album: AlbumId::new(album).unwrap() }, image: ImageId::new(image).unwrap() };
            prop_assert_eq!(name.album.images()(&name.image), name.to_string());
            prop_assert_eq!(name.to_string().parse::<ImageName>().unwrap(), name);
        }

        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = text.parse::<ImageName>();
        }
    }
}
