//! The manifest of a sync as it is written: TOML or JSON that names pictures, the albums where each should be, and the albums
//! from which others may be deleted. What it means is [`crate::domain::Manifest`]; files become digests there, so that whoever
//! sends a manifest puts its files into the blobs first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use crate::domain::{
    AlbumId, AlbumName, Animation, Fit, Focus, LibraryId, Manifest, ManifestAlbum, ManifestMistake, ManifestPicture,
    PictureSource, PictureUrl, Rgb, Sha256, Wish,
};

/// Longest manifest in bytes; ten thousand pictures need less.
const MAX_BYTES: usize = 16 << 20;

/// Pictures, and the albums where each should be.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// The pictures, by keys of your own.
    pub pictures: BTreeMap<String, PictureEntry>,
    /// What holds for albums, by `library/album`, or `library` for its default album. An album that no picture names is
    /// wanted empty, as far as others may be deleted.
    #[serde(default)]
    pub albums: BTreeMap<String, AlbumEntry>,
}

/// A picture: a file or an address.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureEntry {
    /// Path of a file, seen from the manifest.
    pub file: Option<PathBuf>,
    /// Address, http or https.
    pub url: Option<String>,
    /// Name to keep; absent means that of the file, or the last segment of the address.
    pub name: Option<String>,
    /// What may be done so that a library accepts it; absent means `contain`.
    pub fit: Option<FitEntry>,
    /// Colour of padding and behind transparency, `#rrggbb`; absent means white.
    pub background: Option<String>,
    /// Whether a fit may take the first frame of an animation.
    #[serde(default)]
    pub first_frame: bool,
    /// Where it should be.
    pub albums: Vec<PlaceEntry>,
}

/// What may be done to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FitEntry {
    /// Nothing.
    None,
    /// Scale and pad.
    Contain,
    /// Scale and cut around the middle.
    Cover,
    /// Keep the pixels, change only format and compression.
    Exact,
}

/// Where a picture should be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PlaceEntry {
    /// `library/album`, or `library` for its default album.
    Album(String),
    /// The same, as a class in the provider's words.
    Classed(ClassedPlace),
}

/// Where a picture should be, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassedPlace {
    /// `library/album`, or `library` for its default album.
    pub album: String,
    /// Class in the provider's words: `WIDE`, `FIXED_IMAGE`.
    pub class: String,
}

/// What holds for an album.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlbumEntry {
    /// Whether images that are none of the pictures may be deleted.
    #[serde(default)]
    pub delete_others: bool,
}

/// Whether a manifest is TOML or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

impl Syntax {
    /// By the extension: `.json` is JSON, everything else TOML.
    pub fn of(path: &Path) -> Self {
        let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if json { Self::Json } else { Self::Toml }
    }
}

impl ManifestFile {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The first thing that is no manifest, with its line and column.
    pub fn parse(text: &str, syntax: Syntax) -> Result<Self, ManifestMistake> {
        let mistake = |place: String, message: &str| ManifestMistake { place, message: message.replace('\n', " ") };
        if text.len() > MAX_BYTES {
            return Err(mistake("line 1, column 1".to_owned(), "a manifest has at most 16 MiB"));
        }
        match syntax {
            Syntax::Toml => toml::from_str(text).map_err(|error| {
                let start = error.span().map_or(0, |span| span.start);
                let before = text.get(..start).unwrap_or(text);
                let (line, column) =
                    (before.matches('\n').count() + 1, before.chars().rev().take_while(|c| *c != '\n').count());
                mistake(format!("line {line}, column {}", column + 1), error.message())
            }),
            Syntax::Json => serde_json::from_str(text).map_err(|error| {
                mistake(format!("line {}, column {}", error.line(), error.column()), &error.to_string())
            }),
        }
    }

    /// The files that it names, each once, as they are written.
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<_> = self.pictures.values().filter_map(|picture| picture.file.as_deref()).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// What it means, with the default albums of libraries and the digest and length of each file.
    ///
    /// # Errors
    /// Everything that is wrong with it, with the place: `pictures.summer.albums[1]`.
    pub fn resolve(
        &self,
        defaults: &BTreeMap<LibraryId, AlbumId>,
        files: &BTreeMap<PathBuf, (Sha256, u64)>,
    ) -> Result<Manifest, Vec<ManifestMistake>> {
        let mut mistakes = Vec::new();
        let mut wrong = |place: String, message: String| mistakes.push(ManifestMistake { place, message });
        let mut albums = BTreeMap::<AlbumName, ManifestAlbum>::new();
        let entry = |album: AlbumName| ManifestAlbum { album, pictures: Vec::new(), delete_others: false };
        for (text, wanted) in &self.albums {
            match album(text, defaults) {
                Ok(name) => {
                    let album = albums.entry(name.clone()).or_insert_with(|| entry(name));
                    album.delete_others |= wanted.delete_others;
                }
                Err(message) => wrong(format!("albums.{text}"), message),
            }
        }
        let mut pictures = Vec::with_capacity(self.pictures.len());
        for (key, picture) in &self.pictures {
            let place = |field: &str| format!("pictures.{key}.{field}");
            match picture.source(files) {
                Ok(source) => match picture.fit() {
                    Ok(fit) => {
                        let animation = if picture.first_frame { Animation::FirstFrame } else { Animation::Refuse };
                        let name = picture.name();
                        pictures.push(ManifestPicture { key: key.clone(), name, source, fit, animation });
                    }
                    Err(message) => wrong(place("background"), message),
                },
                Err((field, message)) => wrong(place(field), message),
            }
            for (number, wish) in picture.albums.iter().enumerate() {
                let (text, class) = match wish {
                    PlaceEntry::Album(album) => (album, None),
                    PlaceEntry::Classed(place) => (&place.album, Some(place.class.clone())),
                };
                match album(text, defaults) {
                    Ok(name) => {
                        let album = albums.entry(name.clone()).or_insert_with(|| entry(name));
                        if album.pictures.iter().any(|wish| wish.picture == *key) {
                            wrong(format!("pictures.{key}.albums[{number}]"), "it names an album twice".to_owned());
                        } else {
                            album.pictures.push(Wish { picture: key.clone(), class });
                        }
                    }
                    Err(message) => wrong(format!("pictures.{key}.albums[{number}]"), message),
                }
            }
        }
        let manifest = Manifest { pictures, albums: albums.into_values().collect() };
        if mistakes.is_empty() {
            mistakes = manifest.mistakes();
        }
        if mistakes.is_empty() { Ok(manifest) } else { Err(mistakes) }
    }
}

impl PictureEntry {
    fn name(&self) -> Option<String> {
        let of_file = || Some(self.file.as_deref()?.file_name()?.to_string_lossy().into_owned());
        self.name.clone().or_else(of_file)
    }

    fn source(&self, files: &BTreeMap<PathBuf, (Sha256, u64)>) -> Result<PictureSource, (&'static str, String)> {
        match (&self.file, &self.url) {
            (Some(file), None) => match files.get(file) {
                Some((sha256, len)) => Ok(PictureSource::Kept { sha256: *sha256, len: *len }),
                None => Err(("file", format!("`{}` cannot be read", file.display()))),
            },
            (None, Some(url)) => {
                let url = PictureUrl::new(url.as_str()).map_err(|error| ("url", error.message().to_owned()))?;
                Ok(PictureSource::Url { url })
            }
            _ => Err(("file", "give either `file` or `url`".to_owned())),
        }
    }

    fn fit(&self) -> Result<Fit, String> {
        let background = match self.background.as_deref() {
            None => Rgb::WHITE,
            Some(text) => colour(text).ok_or_else(|| format!("`{text}` is not a colour such as `#ffffff`"))?,
        };
        Ok(match self.fit.unwrap_or(FitEntry::Contain) {
            FitEntry::None => Fit::None,
            FitEntry::Contain => Fit::Contain { background },
            FitEntry::Cover => Fit::Cover { focus: Focus { x: 0.5, y: 0.5 } },
            FitEntry::Exact => Fit::Exact,
        })
    }
}

fn colour(text: &str) -> Option<Rgb> {
    let digits =
        text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let channel = |at: usize| digits.get(at..at + 2).and_then(|channel| u8::from_str_radix(channel, 16).ok());
    Some(Rgb([channel(0)?, channel(2)?, channel(4)?]))
}

/// `library/album`, or `library` for its default album.
fn album(text: &str, defaults: &BTreeMap<LibraryId, AlbumId>) -> Result<AlbumName, String> {
    let (library, album) = text.split_once('/').map_or((text, None), |(library, album)| (library, Some(album)));
    let library = LibraryId::new(library).map_err(|error| error.to_string())?;
    let album = match album {
        Some(album) => AlbumId::new(album).map_err(|error| error.to_string())?,
        None => defaults.get(&library).cloned().ok_or_else(|| {
            format!("name an album: `{library}/ALBUM`; no library `{library}` with a default album is known")
        })?,
    };
    Ok(AlbumName { library, album })
}

/// The JSON Schema (draft 2020-12) of a manifest.
pub fn schema() -> Schema {
    crate::config::schema_of::<ManifestFile>()
}
