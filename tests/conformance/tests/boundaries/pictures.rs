//! Files at the bounds: whole ones of any size and length, and damaged ones.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use polyptych::domain::Format;

/// A plain gray PNG: small, and quick to make and to read at any size.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    written(&DynamicImage::ImageLuma8(GrayImage::from_pixel(width, height, Luma([99]))), ImageFormat::Png)
}

pub(crate) fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn colourful(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 5) as u8, (x ^ y) as u8]))
}

pub(crate) fn encoded(width: u32, height: u32, format: Format) -> Vec<u8> {
    let format = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        Format::WebP => ImageFormat::WebP,
    };
    written(&colourful(width, height).into(), format)
}

/// The PNG brought to exactly so many bytes by a private chunk in front of its end.
pub(crate) fn padded(png: &[u8], length: usize) -> Vec<u8> {
    let (body, end) = png.split_at(png.len() - 12);
    let data = length - png.len() - 12;
    let mut chunk = b"prVt".to_vec();
    chunk.resize(4 + data, 0);
    let checksum = crc32fast::hash(&chunk).to_be_bytes();
    [body, &(data as u32).to_be_bytes(), &chunk, &checksum, end].concat()
}

/// A byte of the pixel data changed under the old checksum.
pub(crate) fn corrupt_checksum(png: &[u8]) -> Vec<u8> {
    let mut bytes = png.to_vec();
    let data = bytes.windows(4).position(|four| four == b"IDAT").unwrap();
    bytes[data + 8] ^= 0x10;
    bytes
}

pub(crate) fn half(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() / 2].to_vec()
}

pub(crate) fn animated_gif(width: u32, height: u32, frames: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
    for number in 0..frames {
        let colour = Rgba([200, 10 * number as u8, 0, 255]);
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(width, height, colour))).unwrap();
    }
    drop(encoder);
    out
}

pub(crate) fn cmyk_jpeg(side: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let inks = [10, 200, 30, 40].repeat(usize::from(side) * usize::from(side));
    jpeg_encoder::Encoder::new(&mut out, 90).encode(&inks, side, side, jpeg_encoder::ColorType::Cmyk).unwrap();
    out
}

pub(crate) fn deep_png(side: u32) -> Vec<u8> {
    written(&DynamicImage::ImageRgb8(colourful(side, side)).into_rgb16().into(), ImageFormat::Png)
}

/// A JPEG that its EXIF block turns by a quarter for showing.
pub(crate) fn rotated_jpeg(width: u32, height: u32) -> Vec<u8> {
    let exif = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00";
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 80);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder.encode_image(&colourful(width, height)).unwrap();
    out
}

/// A gray PNG whose header calls its samples entries of a palette.
pub(crate) fn without_palette(side: u32) -> Vec<u8> {
    let mut bytes = png(side, side);
    bytes[25] = 3;
    with_header_checksum(bytes)
}

/// A header that promises 2,500 million pixels.
pub(crate) fn bomb() -> Vec<u8> {
    let mut bytes = png(1, 1);
    bytes[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    with_header_checksum(bytes)
}

fn with_header_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&checksum);
    bytes
}
