//! Pictures that every provider takes, cheap to make, of any length, no two alike: one flat PNG per size, with a chunk
//! of seeded noise that decoders pass over.

use std::io::Cursor;
use std::sync::OnceLock;

use fastrand::Rng;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Behind signature and header, where ancillary chunks may begin (PNG specification, 5.6).
const BEHIND_HEADER: usize = 8 + 25;

/// A PNG of at least `bytes` bytes, and not many more.
///
/// # Panics
/// If the encoder fails, which it does not in memory.
pub fn png(side: Side, seed: u64, bytes: usize) -> Vec<u8> {
    let flat = side.flat();
    let mut random = Rng::with_seed(seed);
    let noise = bytes.saturating_sub(flat.len() + 12).max(8).div_ceil(8);
    let mut chunk = b"poLy".to_vec();
    chunk.extend((0..noise).flat_map(|_| random.u64(..).to_be_bytes()));
    let length = u32::try_from(chunk.len() - 4).expect("a short chunk");
    let (head, rest) = flat.split_at(BEHIND_HEADER);
    [head, &length.to_be_bytes(), &chunk, &crc32fast::hash(&chunk).to_be_bytes(), rest].concat()
}

/// The sizes that the providers ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// 300x300: Evotor's.
    Till,
    /// 450x450: the smallest of Yandex' regular images.
    Regular,
}

impl Side {
    fn flat(self) -> &'static [u8] {
        static TILL: OnceLock<Vec<u8>> = OnceLock::new();
        static REGULAR: OnceLock<Vec<u8>> = OnceLock::new();
        match self {
            Self::Till => TILL.get_or_init(|| encode(300)),
            Self::Regular => REGULAR.get_or_init(|| encode(450)),
        }
    }
}

fn encode(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(side, side, Rgb([40, 90, 160]));
    DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Png).expect("memory takes a picture");
    bytes.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_decodes_has_its_length_and_is_like_no_other() {
        for side in [Side::Till, Side::Regular] {
            let (one, other) = (png(side, 1, 300_000), png(side, 2, 300_000));
            assert_ne!(one, other);
            assert!((300_000..300_020).contains(&one.len()), "{}", one.len());
            image::load_from_memory(&one).expect("a picture");
        }
    }
}
