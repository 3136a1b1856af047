//! What is wanted: pictures, and the albums where each should be. A manifest is checked as a whole, so that everything that is
//! wrong with it is told at once.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AlbumName, Animation, Error, ErrorKind, Fit, PictureUrl, Sha256, is_display_name};

/// Pictures of a manifest at most.
const MOST_PICTURES: usize = 10_000;

/// Wishes of a manifest at most, over all albums.
const MOST_WISHES: usize = 100_000;

/// Mistakes that are told at most; more than anybody mends in one go.
const MOST_MISTAKES: usize = 100;

/// Pictures, and the albums where each should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The pictures, each once, in any order.
    pub pictures: Vec<ManifestPicture>,
    /// The albums, each once, in any order. Others are left alone.
    pub albums: Vec<ManifestAlbum>,
}

/// A picture of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestPicture {
    /// What the manifest calls it.
    pub key: String,
    /// Name to keep; absent means the last segment of its address.
    pub name: Option<String>,
    /// Where it is.
    pub source: PictureSource,
    /// What may be done to it.
    pub fit: Fit,
    /// What the fit does with several frames.
    pub animation: Animation,
}

/// Where a picture is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PictureSource {
    /// It was put into the blobs.
    Kept {
        /// Its digest.
        sha256: Sha256,
        /// Its length in bytes.
        len: u64,
    },
    /// It is fetched for a plan, and kept with the blobs for what follows.
    Url {
        /// Its address.
        url: PictureUrl,
    },
}

/// An album of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestAlbum {
    /// The album.
    pub album: AlbumName,
    /// The pictures that should be in it.
    pub pictures: Vec<Wish>,
    /// Whether images that are none of these may be deleted.
    pub delete_others: bool,
}

/// A picture that should be in an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What the manifest calls it.
    pub picture: String,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
}

/// Something that is wrong with a manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestMistake {
    /// The place: `pictures[2].name`, `albums[0].pictures[1]`.
    pub place: String,
    /// What is wrong, in one line.
    pub message: String,
}

impl fmt::Display for ManifestMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ManifestMistake {}

impl ManifestPicture {
    /// The name under which it is uploaded; `None` where neither the manifest nor its address gives one.
    pub fn name(&self) -> Option<String> {
        match &self.source {
            _ if self.name.is_some() => self.name.clone(),
            PictureSource::Url { url } => url.file_name(),
            PictureSource::Kept { .. } => None,
        }
    }
}

impl Manifest {
    /// Everything that is wrong with it, at most 100 mistakes.
    pub fn mistakes(&self) -> Vec<ManifestMistake> {
        let mut found = Vec::new();
        let mut wrong = |place: String, message: String| {
            if found.len() < MOST_MISTAKES {
                found.push(ManifestMistake { place, message });
            }
        };
        if self.pictures.len() > MOST_PICTURES {
            wrong("pictures".to_owned(), format!("there are more than {MOST_PICTURES}"));
        }
        if self.albums.iter().map(|album| album.pictures.len()).fold(0, usize::saturating_add) > MOST_WISHES {
            wrong("albums".to_owned(), format!("they want more than {MOST_WISHES} pictures in all"));
        }
        let mut keys = HashMap::new();
        for (number, picture) in self.pictures.iter().enumerate() {
            let place = |field: &str| format!("pictures[{number}].{field}");
            if picture.key.trim().is_empty() {
                wrong(place("key"), "it is empty".to_owned());
            } else if let Some(first) = keys.insert(picture.key.as_str(), number) {
                wrong(place("key"), format!("`{}` is the key of pictures[{first}], too", picture.key));
            }
            match picture.name() {
                None => wrong(place("name"), "the picture needs a name: its address does not end in one".to_owned()),
                Some(name) if !is_display_name(&name) => {
                    wrong(place("name"), "it is blank or holds characters that cannot be sent".to_owned());
                }
                Some(_) => {}
            }
            if picture.source_is_empty() {
                wrong(place("source"), "the picture is empty".to_owned());
            }
        }
        let mut albums = HashMap::new();
        for (number, album) in self.albums.iter().enumerate() {
            if let Some(first) = albums.insert(&album.album, number) {
                wrong(format!("albums[{number}].album"), format!("it is that of albums[{first}], too"));
            }
            let mut wanted = HashSet::new();
            for (position, wish) in album.pictures.iter().enumerate() {
                let place = || format!("albums[{number}].pictures[{position}]");
                if !keys.contains_key(wish.picture.as_str()) {
                    wrong(place(), format!("there is no picture `{}`", wish.picture));
                } else if !wanted.insert(wish.picture.as_str()) {
                    wrong(place(), format!("`{}` is wanted twice in this album", wish.picture));
                }
            }
        }
        found
    }

    /// Itself, if nothing is wrong with it.
    ///
    /// # Errors
    /// `InvalidArgument` that tells every mistake.
    pub fn checked(&self) -> Result<&Self, Error> {
        let mistakes: Vec<_> = self.mistakes().iter().map(ManifestMistake::to_string).collect();
        if mistakes.is_empty() {
            return Ok(self);
        }
        let message = format!("the manifest is not usable: {}", mistakes.join("; "));
        Err(Error::new(ErrorKind::InvalidArgument, message))
    }

    /// Digests of the pictures that must be kept for it.
    pub fn blobs(&self) -> Vec<Sha256> {
        let kept = self.pictures.iter().filter_map(|picture| match &picture.source {
            PictureSource::Kept { sha256, .. } => Some(*sha256),
            PictureSource::Url { .. } => None,
        });
        kept.collect()
    }
}

impl ManifestPicture {
    fn source_is_empty(&self) -> bool {
        matches!(self.source, PictureSource::Kept { len: 0, .. })
    }
}
