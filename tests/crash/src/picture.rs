//! Pictures that all advertising libraries take as they are, each another content, made from a number alone.

use std::io::Cursor;

use anyhow::{Context, Result};
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, RgbImage};
use sha2::{Digest, Sha256};

use fastrand::Rng;

/// Pixels of a side: the least that Yandex takes.
const SIDE: u32 = 450;

/// The picture of a number: noise, so that it is about 300 KB long and takes several steps to send.
///
/// # Errors
/// If it cannot be encoded.
pub fn picture(number: u64) -> Result<Bytes> {
    let mut random = Rng::with_seed(number);
    let samples = (SIDE * SIDE * 3) as usize;
    let noise = std::iter::repeat_with(|| (random.u64(..) & 0x0f0f_0f0f_0f0f_0f0f).to_le_bytes()).flatten();
    let pixels = noise.take(samples).collect();
    let picture = RgbImage::from_raw(SIDE, SIDE, pixels).context("a picture of another size")?;
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner().into())
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_makes_one_picture_and_another_number_another() {
        let first = picture(1).expect("a picture");
        assert_eq!(first, picture(1).expect("a picture"));
        assert_ne!(digest(&first), digest(&picture(2).expect("a picture")));
        assert!((200_000..500_000).contains(&first.len()), "{}", first.len());
    }
}
