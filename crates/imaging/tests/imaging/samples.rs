//! Pictures made through the `image` crate's encoders, and the few files that it cannot write.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, Frame, ImageEncoder, ImageFormat, RgbImage, Rgba, RgbaImage};
use polyptych_imaging::Format;

/// A picture of which every pixel differs from its neighbours, smoothly enough for JPEG.
pub(crate) fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, ((x + y) * 7 % 256) as u8])
    })
}

/// Noise that no codec compresses well.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x2545_f491_u32;
    RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [red, green, blue, _] = state.to_le_bytes();
        image::Rgb([red, green, blue])
    })
}

/// Four quarters: red and green above, blue and yellow below.
pub(crate) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => [255, 0, 0],
            (false, true) => [0, 255, 0],
            (true, false) => [0, 0, 255],
            (false, false) => [255, 255, 0],
        })
    })
}

pub(crate) fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("the sample encodes");
    out.into_inner()
}

pub(crate) fn png(image: &RgbImage) -> Vec<u8> {
    encode(&DynamicImage::ImageRgb8(image.clone()), ImageFormat::Png)
}

pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 95).encode_image(image).expect("the sample encodes");
    out
}

/// The same small picture in every format, with the format that it is in.
pub(crate) fn every_format() -> Vec<(Format, Vec<u8>)> {
    let picture = DynamicImage::ImageRgb8(gradient(40, 30));
    [
        (Format::Jpeg, ImageFormat::Jpeg),
        (Format::Png, ImageFormat::Png),
        (Format::Gif, ImageFormat::Gif),
        (Format::Bmp, ImageFormat::Bmp),
        (Format::Tiff, ImageFormat::Tiff),
        (Format::WebP, ImageFormat::WebP),
    ]
    .map(|(format, theirs)| (format, encode(&picture, theirs)))
    .to_vec()
}

/// An animated GIF: `frames` frames, each of one colour, the first one red.
pub(crate) fn animated_gif(frames: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
    for number in 0..frames {
        let colour = if number == 0 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) };
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(4, 4, colour))).expect("the frame encodes");
    }
    drop(encoder);
    out
}

/// An EXIF block that holds the orientation and nothing else.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0]);
    block
}

pub(crate) fn oriented_jpeg(image: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 100);
    encoder.set_exif_metadata(exif(orientation)).expect("JPEG takes EXIF");
    encoder.encode_image(image).expect("the sample encodes");
    out
}

pub(crate) fn oriented_png(image: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new(&mut out);
    encoder.set_exif_metadata(exif(orientation)).expect("PNG takes EXIF");
    encoder.write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8).expect("the sample encodes");
    out
}

/// The profile of screens with wider colours than sRGB's.
pub(crate) fn display_p3() -> Vec<u8> {
    moxcms::ColorProfile::new_display_p3().encode().expect("the profile encodes")
}

/// A PNG under an ICC profile.
pub(crate) fn profiled(image: &DynamicImage, profile: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new(&mut out);
    encoder.set_icc_profile(profile.to_vec()).expect("PNG takes a profile");
    let colour = image.color().into();
    encoder.write_image(image.as_bytes(), image.width(), image.height(), colour).expect("the sample encodes");
    out
}

pub(crate) fn profiled_png(image: &RgbImage, profile: &[u8]) -> Vec<u8> {
    profiled(&DynamicImage::ImageRgb8(image.clone()), profile)
}

pub(crate) fn profiled_jpeg(image: &RgbImage, profile: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 100);
    encoder.set_icc_profile(profile.to_vec()).expect("JPEG takes a profile");
    encoder.encode_image(image).expect("the sample encodes");
    out
}

/// One chunk of a PNG with the right checksum.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(data);
    out.extend(crc32fast::hash(&out[4..]).to_be_bytes());
    out
}

/// A PNG of a size that exists in its header only.
pub(crate) fn png_header(width: u32, height: u32, bit_depth: u8, colour: u8) -> Vec<u8> {
    let mut data = width.to_be_bytes().to_vec();
    data.extend(height.to_be_bytes());
    data.extend([bit_depth, colour, 0, 0, 0]);
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &data)].concat()
}

/// An 8x8 CMYK JPEG of pure red: Adobe's inverted inks (255 is none), one block of one DC coefficient per component.
pub(crate) fn cmyk_jpeg() -> Vec<u8> {
    let mut out = b"\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00".to_vec();
    // A quantiser of 8 throughout makes a DC coefficient of n a flat block of 128 + n.
    out.extend(b"\xff\xdb\x00\x43\x00");
    out.extend([8; 64]);
    out.extend(b"\xff\xc0\x00\x14\x08\x00\x08\x00\x08\x04\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00");
    // DC: 00 is category 0, 01 category 7. AC: 00 ends the block.
    out.extend(b"\xff\xc4\x00\x15\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07");
    out.extend(b"\xff\xc4\x00\x14\x10\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    out.extend(b"\xff\xda\x00\x0e\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00");
    let (no_ink, full_ink) = ("01111111100", "01000000000");
    let bits = [no_ink, full_ink, full_ink, no_ink].concat() + "1111";
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
        out.push(byte);
        if byte == 0xff {
            out.push(0);
        }
    }
    out.extend(b"\xff\xd9");
    out
}

/// A JPEG of several scans with restart markers in them.
pub(crate) fn progressive_jpeg(image: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 80);
    encoder.set_progressive(true);
    encoder.set_restart_interval(2);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image, width, height, jpeg_encoder::ColorType::Rgb).expect("the sample encodes");
    out
}
