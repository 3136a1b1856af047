//! Images that are in a library before a test begins: given ones, or any number of synthetic ones of one size. They meet
//! the provider's rules for pictures, but no quota, no points and no journal.

use std::io::Cursor;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde::{Deserialize, Serialize};

use super::setup::SetupError;
use crate::base64;
use crate::digest::sha256;
use crate::picture::Picture;
use crate::state::{Examined, State};
use crate::{evotor, facebook, yandex};

/// The most images of one seed.
const MOST_IMAGES: u32 = 100_000;
/// The longest side of a synthetic picture.
const LONGEST_SIDE: u32 = 4_096;

/// A library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LibraryName {
    /// Yandex Direct, v5 and Live 4 alike.
    Yandex,
    /// Facebook.
    Facebook,
    /// Evotor Cloud.
    Evotor,
}

/// Images to be in one album.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedImages {
    /// The library.
    pub library: LibraryName,
    /// Login, account number, or `{store}~{product}`.
    pub album: String,
    /// How many different images, at most 100,000. Default 1. With `data` it must be 1.
    #[serde(default = "one")]
    pub count: u32,
    /// Width of synthetic pictures. Default 450; at Evotor 300.
    #[serde(default)]
    pub width: Option<u32>,
    /// Height of synthetic pictures. Default 450; at Evotor 300.
    #[serde(default)]
    pub height: Option<u32>,
    /// The name of the images; of several, with `-1.png`, `-2.png` … behind it. Default `seeded`.
    #[serde(default = "seeded")]
    pub name: String,
    /// The file itself, base64. Absent: synthetic PNG files of one colour, each with a comment of its own.
    #[serde(default)]
    pub data: Option<String>,
}

fn one() -> u32 {
    1
}

fn seeded() -> String {
    "seeded".to_owned()
}

impl SeedImages {
    /// One synthetic image.
    pub fn new(library: LibraryName, album: impl Into<String>) -> Self {
        Self { library, album: album.into(), count: 1, width: None, height: None, name: seeded(), data: None }
    }

    /// As many different images.
    pub fn with_count(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// Of this size.
    pub fn with_size(self, width: u32, height: u32) -> Self {
        Self { width: Some(width), height: Some(height), ..self }
    }

    /// Under this name; see [`SeedImages::name`].
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    fn size(&self) -> (u32, u32) {
        let usual = if self.library == LibraryName::Evotor { 300 } else { 450 };
        (self.width.unwrap_or(usual), self.height.unwrap_or(usual))
    }

    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let (width, height) = self.size();
        let side = 1..=LONGEST_SIDE;
        let wrong = if !side.contains(&width) || !side.contains(&height) {
            "images: width and height must be from 1 to 4096"
        } else if self.count == 0 || self.count > MOST_IMAGES {
            "images: count must be from 1 to 100000"
        } else if self.data.is_some() && self.count != 1 {
            "images: count must be 1 with data"
        } else if self.album.is_empty() || self.album.len() > 255 {
            "images: album must have from 1 to 255 characters"
        } else if self.library == LibraryName::Evotor && !self.album.contains('~') {
            "images: album must be STORE~PRODUCT at evotor"
        } else {
            return Ok(());
        };
        Err(SetupError::new(wrong))
    }
}

/// An image that a seed made, or found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeededImage {
    /// The library.
    pub library: LibraryName,
    /// The album.
    pub album: String,
    /// The image's hash or id.
    pub image: String,
    /// Of its bytes, 64 hexadecimal digits.
    pub sha256: String,
}

/// Puts the images into their library. What was put there before a failure stays.
///
/// # Errors
/// When a rule for pictures or the emulator's memory refuses one.
pub(crate) fn seed(state: &State, seed: &SeedImages) -> Result<Vec<SeededImage>, SetupError> {
    seed.check()?;
    let (width, height) = seed.size();
    let (original, given) = match &seed.data {
        Some(data) => {
            let bytes = base64::decode(data);
            (bytes.ok_or_else(|| SetupError::new("images: data must be base64"))?, true)
        }
        None => (Bytes::from(png(width, height)?), false),
    };
    let picture = Picture::inspect(&original, true);
    let mut seeded = Vec::with_capacity(seed.count as usize);
    for number in 1..=seed.count {
        let bytes = match given {
            true => original.clone(),
            false => with_comment(&original, &format!("{} {number}", seed.name)).into(),
        };
        let examined = Examined { sha: sha256(&bytes), bytes, picture };
        let name = if given || seed.count == 1 { seed.name.clone() } else { format!("{}-{number}.png", seed.name) };
        let refused =
            |code: String| SetupError::new(format!("images: image {number} of {} is refused: {code}", seed.album));
        let image = match seed.library {
            LibraryName::Yandex => {
                let login = seed.album.to_lowercase();
                yandex::upload::seed(state, &login, name, &examined).map_err(|error| refused(error.code.to_string()))?
            }
            LibraryName::Facebook => {
                let account = seed.album.strip_prefix("act_").unwrap_or(&seed.album);
                facebook::seed(state, account, &name, &examined).map_err(refused)?
            }
            LibraryName::Evotor => evotor::seed(state, &seed.album, &examined).map_err(refused)?,
        };
        let sha256 = crate::digest::hex(&examined.sha);
        seeded.push(SeededImage { library: seed.library, album: seed.album.clone(), image, sha256 });
    }
    Ok(seeded)
}

fn png(width: u32, height: u32) -> Result<Vec<u8>, SetupError> {
    let mut out = Cursor::new(Vec::new());
    let pixels = RgbImage::from_pixel(width, height, Rgb([40, 90, 160]));
    let written = DynamicImage::ImageRgb8(pixels).write_to(&mut out, ImageFormat::Png);
    written.map_err(|_| SetupError::new("images: the picture cannot be made"))?;
    Ok(out.into_inner())
}

/// The same PNG with a `tEXt` chunk before its last chunk, which is 12 bytes long.
fn with_comment(png: &[u8], comment: &str) -> Vec<u8> {
    let (head, end) = png.split_at(png.len().saturating_sub(12));
    let mut chunk = b"tEXtComment\0".to_vec();
    // Latin-1, as the chunk demands.
    chunk.extend(comment.chars().map(|letter| if letter.is_ascii() { letter as u8 } else { b'?' }));
    let mut out = Vec::with_capacity(png.len() + chunk.len() + 8);
    out.extend_from_slice(head);
    out.extend_from_slice(&((chunk.len() as u32).saturating_sub(4)).to_be_bytes());
    out.extend_from_slice(&chunk);
    out.extend_from_slice(&crc32(&chunk).to_be_bytes());
    out.extend_from_slice(end);
    out
}

/// The checksum of PNG chunks (ISO 3309), for a few dozen bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synthetic_pictures_differ_and_can_be_decoded() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let original = png(450, 300).unwrap();
        let [one, two] = ["a 1", "a 2"].map(|comment| with_comment(&original, comment));
        assert_ne!(one, two);
        for bytes in [one, two] {
            let picture = Picture::inspect(&bytes, true).unwrap();
            assert_eq!((picture.width, picture.height), (450, 300));
        }
    }
}
