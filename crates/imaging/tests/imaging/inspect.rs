//! The header says what the encoder was told.

use image::{DynamicImage, ImageFormat};
use polyptych_imaging::{ColourSpace, Format, ImageError, Limits, Measure, Orientation, Pixels, inspect};

use crate::samples;

#[test]
fn every_format_is_recognised_with_its_size() {
    for (format, bytes) in samples::every_format() {
        let inspection = inspect(&bytes).unwrap();
        assert_eq!(Format::sniff(&bytes), Some(format));
        assert_eq!((inspection.format, inspection.pixels), (format, Pixels::new(40, 30)));
        assert_eq!((inspection.bit_depth, inspection.bytes), (8, bytes.len() as u64), "{format}");
        assert_eq!((inspection.frames, inspection.orientation), (1, Orientation::Normal), "{format}");
    }
}

#[test]
fn alpha_and_depth_are_told_apart() {
    let colour = DynamicImage::ImageRgb8(samples::gradient(8, 8));
    let cases = [
        (ImageFormat::Png, colour.to_rgba8().into(), true, 8),
        (ImageFormat::Png, DynamicImage::ImageRgb16(colour.to_rgb16()), false, 16),
        (ImageFormat::Png, DynamicImage::ImageLumaA8(colour.to_luma_alpha8()), true, 8),
        (ImageFormat::WebP, colour.to_rgba8().into(), true, 8),
        (ImageFormat::Tiff, DynamicImage::ImageRgb16(colour.to_rgb16()), false, 16),
        (ImageFormat::Jpeg, DynamicImage::ImageLuma8(colour.to_luma8()), false, 8),
    ];
    for (format, image, alpha, depth) in cases {
        let inspection = inspect(&samples::encode(&image, format)).unwrap();
        assert_eq!((inspection.alpha, inspection.bit_depth), (alpha, depth), "{format:?}");
    }
}

#[test]
fn a_transparent_palette_entry_counts_as_alpha() {
    let mut bytes = samples::png_header(1, 1, 1, 3);
    bytes.extend(samples::chunk(b"PLTE", &[0; 6]));
    assert!(!inspect(&bytes).unwrap().alpha);
    bytes.extend(samples::chunk(b"tRNS", &[0]));
    assert!(inspect(&bytes).unwrap().alpha);
}

#[test]
fn several_frames_make_an_animation() {
    for frames in [1, 2, 7] {
        let inspection = inspect(&samples::animated_gif(frames)).unwrap();
        assert_eq!((inspection.frames, inspection.animated()), (frames, frames > 1));
    }
    let mut apng = samples::png_header(1, 1, 8, 2);
    apng.extend(samples::chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]));
    assert_eq!(inspect(&apng).unwrap().frames, 2);
}

#[test]
fn the_orientation_is_read_from_jpeg_and_png() {
    let picture = samples::gradient(6, 4);
    for orientation in Orientation::ALL {
        for bytes in
            [samples::oriented_jpeg(&picture, orientation.exif()), samples::oriented_png(&picture, orientation.exif())]
        {
            let inspection = inspect(&bytes).unwrap();
            assert_eq!(inspection.orientation, orientation);
            assert_eq!(inspection.pixels, Pixels::new(6, 4));
            let turned = orientation.exif() >= 5;
            assert_eq!(inspection.oriented(), if turned { Pixels::new(4, 6) } else { Pixels::new(6, 4) });
        }
    }
}

#[test]
fn an_orientation_out_of_range_is_none() {
    let bytes = samples::oriented_jpeg(&samples::gradient(6, 4), 9);
    assert_eq!(inspect(&bytes).unwrap().orientation, Orientation::Normal);
}

#[test]
fn bombs_are_refused_from_the_header() {
    let pixels = |actual| ImageError::TooLarge { measure: Measure::Pixels, actual, limit: 64_000_000 };
    assert_eq!(inspect(&samples::png_header(50_000, 50_000, 8, 2)), Err(pixels(2_500_000_000)));
    let mut jpeg = samples::jpeg(&samples::gradient(8, 8));
    let frame = jpeg.windows(2).position(|two| two == b"\xff\xc0").unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(inspect(&jpeg), Err(pixels(65_535 * 65_535)));
    let deep = inspect(&samples::png_header(8_000, 8_000, 16, 6));
    let limit = 256 * 1024 * 1024;
    assert_eq!(deep, Err(ImageError::TooLarge { measure: Measure::DecodedBytes, actual: 512_000_000, limit }));
    assert!(inspect(&samples::png_header(8_000, 8_000, 8, 6)).is_ok());
    assert!(inspect(&samples::png_header(u32::MAX, u32::MAX, 16, 6)).is_err());
}

#[test]
fn other_limits_can_be_applied() {
    let limits = Limits { max_pixels: 1_199, ..Limits::default() };
    for (format, bytes) in samples::every_format() {
        let error = limits.inspect(&bytes).unwrap_err();
        assert_eq!(error, ImageError::TooLarge { measure: Measure::Pixels, actual: 1_200, limit: 1_199 }, "{format}");
    }
    let error = limits.inspect(&samples::png(&samples::gradient(40, 30))).unwrap_err();
    assert_eq!(error.to_string(), "image too large: 1200 pixels, the limit is 1199");
}

#[test]
fn impossible_headers_are_corrupt() {
    for bytes in [samples::png_header(0, 5, 8, 2), samples::png_header(5, 5, 3, 2), samples::png_header(5, 5, 8, 5)] {
        assert!(matches!(inspect(&bytes), Err(ImageError::Corrupt { format: Format::Png, .. })));
    }
    assert!(matches!(inspect(b"GIF89a\0\0\0\0\0\0\0"), Err(ImageError::Corrupt { format: Format::Gif, .. })));
    assert!(matches!(inspect(b"\xff\xd8\xff\xd9"), Err(ImageError::Corrupt { format: Format::Jpeg, .. })));
}

#[test]
fn jpeg_processes_that_nothing_decodes_are_named() {
    let mut bytes = samples::jpeg(&samples::gradient(8, 8));
    let frame = bytes.windows(2).position(|two| two == b"\xff\xc0").unwrap();
    for (marker, precision, name) in
        [(0xc3, 8, "lossless JPEG"), (0xc9, 8, "arithmetic-coded JPEG"), (0xc1, 12, "12-bit JPEG")]
    {
        (bytes[frame + 1], bytes[frame + 4]) = (marker, precision);
        assert_eq!(inspect(&bytes), Err(ImageError::Unsupported(name.to_owned())));
    }
}

#[test]
fn colour_spaces_and_profiles_are_told() {
    let picture = DynamicImage::ImageRgb8(samples::gradient(8, 8));
    let gray = DynamicImage::ImageLuma8(picture.to_luma8());
    let mut palette = samples::png_header(1, 1, 1, 3);
    palette.extend(samples::chunk(b"PLTE", &[0; 6]));
    let cases = [
        (samples::encode(&picture, ImageFormat::Jpeg), ColourSpace::Rgb),
        (samples::encode(&gray, ImageFormat::Jpeg), ColourSpace::Gray),
        (samples::encode(&gray, ImageFormat::Png), ColourSpace::Gray),
        (samples::encode(&gray, ImageFormat::Tiff), ColourSpace::Gray),
        (samples::encode(&picture, ImageFormat::WebP), ColourSpace::Rgb),
        (palette, ColourSpace::Indexed),
        (samples::animated_gif(1), ColourSpace::Indexed),
        (samples::cmyk_jpeg(), ColourSpace::Cmyk),
    ];
    for (bytes, expected) in cases {
        let inspection = inspect(&bytes).unwrap();
        assert_eq!((inspection.colour, inspection.profile), (expected, false), "{}", inspection.format);
    }
    let p3 = samples::display_p3();
    assert!(inspect(&samples::profiled_png(&samples::gradient(8, 8), &p3)).unwrap().profile);
    assert!(inspect(&samples::profiled_jpeg(&samples::gradient(8, 8), &p3)).unwrap().profile);
}

#[test]
fn too_many_frames_are_refused_from_the_header() {
    let too_many = |actual| Err(ImageError::TooLarge { measure: Measure::Frames, actual, limit: 1_000 });
    assert_eq!(inspect(&samples::animated_gif(1_500)), too_many(1_001));
    let mut apng = samples::png_header(1, 1, 8, 2);
    apng.extend(samples::chunk(b"acTL", &[0, 0, 0x75, 0x30, 0, 0, 0, 0]));
    assert_eq!(inspect(&apng), too_many(30_000));
    // A still WebP made to claim frames in chunks behind its picture.
    let mut webp = samples::encode(&DynamicImage::ImageRgb8(samples::gradient(8, 8)), ImageFormat::WebP);
    assert_eq!(inspect(&webp).unwrap().frames, 1);
    webp.extend(b"ANMF\x01\0\0\0\0\0".repeat(2));
    assert_eq!(inspect(&webp).unwrap().frames, 2);
}
