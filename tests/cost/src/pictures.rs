//! The pictures of the comparison, all different and small, and what is wrong with some of them.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych::domain::Provider;

/// How many pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// In all.
    pub pictures: u32,
    /// Of those that suit, how many are in the library already: the first ones.
    pub present: u32,
    /// How many break the rules: the last ones. Half of them are cut off in the middle, half have a wrong size.
    pub broken: u32,
}

impl Amounts {
    /// Those of `cargo xtask cost`.
    pub const FULL: Self = Self { pictures: 1_000, present: 300, broken: 50 };

    /// Pictures that are to be stored.
    pub fn missing(self) -> u32 {
        self.pictures - self.present - self.broken
    }

    /// Whether this picture breaks the rules.
    pub fn is_broken(self, number: u32) -> bool {
        number >= self.pictures - self.broken
    }
}

/// The picture of this number for a provider.
pub(crate) fn picture(provider: Provider, number: u32, amounts: Amounts) -> Result<Vec<u8>> {
    let wanted = match provider {
        Provider::Evotor => 300,
        _ => 450,
    };
    // Facebook takes any size, so that there all are cut off.
    let cut = number.is_multiple_of(2) || provider == Provider::Facebook;
    let side = if amounts.is_broken(number) && !cut { wanted / 4 } else { wanted };
    let [_, red, green, blue] = number.to_be_bytes();
    let plain = DynamicImage::from(RgbImage::from_pixel(side, side, Rgb([red, green, blue])));
    let mut bytes = Cursor::new(Vec::new());
    plain.write_to(&mut bytes, ImageFormat::Png).context("a picture of one colour")?;
    let mut bytes = bytes.into_inner();
    if amounts.is_broken(number) && cut {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(bytes)
}
