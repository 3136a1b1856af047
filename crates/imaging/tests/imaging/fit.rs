//! Fitted pictures, decoded again by the `image` crate and looked at pixel by pixel.

use image::{DynamicImage, ImageFormat, RgbImage, Rgba, RgbaImage};
use polyptych_imaging::{
    Fitted, Focus, Format, ImageError, Mode, Orientation, Pixels, Rgb, Target, fit, inspect, verify,
};

use crate::samples;

const CENTRE: Mode = Mode::Cover { focus: Focus { x: 0.5, y: 0.5 } };

fn target(width: u32, height: u32, mode: Mode, formats: &[Format]) -> Target {
    Target { pixels: Pixels::new(width, height), formats: formats.to_vec(), max_bytes: 10_000_000, mode }
}

fn decoded(fitted: &Fitted) -> DynamicImage {
    let inspection = verify(&fitted.bytes).expect("the output is whole");
    assert_eq!((inspection.format, inspection.pixels), (fitted.format, fitted.pixels));
    assert_eq!(inspection.orientation, Orientation::Normal);
    image::load_from_memory(&fitted.bytes).expect("the output decodes")
}

fn fitted_rgb(bytes: &[u8], target: &Target) -> RgbImage {
    decoded(&fit(bytes, target).expect("it fits")).into_rgb8()
}

fn near(found: &image::Rgb<u8>, expected: [u8; 3], tolerance: u8) -> bool {
    found.0.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= tolerance)
}

#[test]
fn contain_pads_with_the_background_and_does_not_distort() {
    let white = RgbImage::from_pixel(80, 40, image::Rgb([255; 3]));
    let mode = Mode::Contain { background: Rgb([10, 200, 30]) };
    let out = fitted_rgb(&samples::png(&white), &target(100, 101, mode, &[Format::Png]));
    for (x, y, pixel) in out.enumerate_pixels() {
        let inside = (25..75).contains(&y);
        assert_eq!(pixel.0, if inside { [255; 3] } else { [10, 200, 30] }, "{x},{y}");
    }
}

#[test]
fn contain_of_the_same_proportions_pads_nothing() {
    let out = fitted_rgb(
        &samples::png(&samples::quarters(4000, 3000)),
        &target(1080, 810, Mode::Contain { background: Rgb([1, 2, 3]) }, &[Format::Png]),
    );
    assert_eq!(out.get_pixel(0, 0).0, [255, 0, 0]);
    assert_eq!(out.get_pixel(1079, 809).0, [255, 255, 0]);
}

#[test]
fn cover_crops_around_the_focus() {
    // Columns of red, green and blue, each as wide as the target.
    let bands =
        RgbImage::from_fn(300, 100, |x, _| image::Rgb([[255, 0, 0], [0, 255, 0], [0, 0, 255]][x as usize / 100]));
    let bytes = samples::png(&bands);
    for (x, expected) in [(0.0, [255, 0, 0]), (0.5, [0, 255, 0]), (1.0, [0, 0, 255])] {
        let out = fitted_rgb(&bytes, &target(100, 100, Mode::Cover { focus: Focus { x, y: 0.5 } }, &[Format::Png]));
        assert!(out.pixels().all(|pixel| pixel.0 == expected), "focus {x}");
    }
    let out = fitted_rgb(&bytes, &target(50, 50, CENTRE, &[Format::Png]));
    assert!(out.pixels().all(|pixel| near(pixel, [0, 255, 0], 0)));
}

#[test]
fn exact_only_encodes_anew() {
    let picture = samples::gradient(30, 20);
    let exact = target(30, 20, Mode::Exact, &[Format::Png]);
    assert_eq!(fitted_rgb(&samples::png(&picture), &exact), picture);
    let error = fit(&samples::png(&samples::gradient(30, 21)), &exact).unwrap_err();
    assert_eq!(error.to_string(), "cannot fit the image: it is 30x21, exactly 30x20 is asked for");
}

#[test]
fn every_orientation_is_turned_as_the_image_crate_turns_it() {
    let picture = samples::quarters(64, 32);
    for orientation in Orientation::ALL {
        let theirs = image::metadata::Orientation::from_exif(orientation.exif()).unwrap();
        let mut expected = DynamicImage::ImageRgb8(picture.clone());
        expected.apply_orientation(theirs);
        let expected = expected.into_rgb8();
        let (width, height) = expected.dimensions();
        let jpeg = samples::oriented_jpeg(&picture, orientation.exif());
        for mode in [Mode::Exact, CENTRE, Mode::Contain { background: Rgb::WHITE }] {
            let out = fitted_rgb(&jpeg, &target(width, height, mode, &[Format::Png]));
            let agree = out.pixels().zip(expected.pixels()).all(|(found, expected)| near(found, expected.0, 12));
            assert!(agree, "{orientation:?} {mode:?}");
        }
    }
}

#[test]
fn a_focus_is_a_point_of_the_picture_as_shown() {
    let picture = samples::quarters(60, 40);
    for orientation in Orientation::ALL {
        let bytes = samples::oriented_png(&picture, orientation.exif());
        let mut shown = DynamicImage::ImageRgb8(picture.clone());
        shown.apply_orientation(image::metadata::Orientation::from_exif(orientation.exif()).unwrap());
        let shown = shown.into_rgb8();
        let (width, height) = shown.dimensions();
        for (x, y) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            // A thin strip along one side, then along the other.
            for (strip_width, strip_height) in [(width, 4), (4, height)] {
                let mode = Mode::Cover { focus: Focus { x, y } };
                let out = fitted_rgb(&bytes, &target(strip_width, strip_height, mode, &[Format::Png]));
                let left = if x == 0.0 { 0 } else { width - strip_width };
                let top = if y == 0.0 { 0 } else { height - strip_height };
                for (at_x, at_y, pixel) in out.enumerate_pixels() {
                    assert_eq!(pixel, shown.get_pixel(left + at_x, top + at_y), "{orientation:?} focus {x},{y}");
                }
            }
        }
    }
}

#[test]
fn transparency_is_laid_over_the_background_only_where_the_output_has_none() {
    let half = RgbaImage::from_pixel(32, 32, Rgba([200, 100, 0, 128]));
    let bytes = samples::encode(&half.into(), ImageFormat::Png);
    let over = |background: u8, colour: u8| ((u32::from(colour) * 128 + u32::from(background) * 127) / 255) as u8;
    let blue = Mode::Contain { background: Rgb([0, 0, 255]) };
    let cases =
        [(blue, [over(0, 200), over(0, 100), over(255, 0)]), (CENTRE, [over(255, 200), over(255, 100), over(255, 0)])];
    for (mode, expected) in cases {
        let out = fitted_rgb(&bytes, &target(32, 32, mode, &[Format::Jpeg]));
        assert!(out.pixels().all(|pixel| near(pixel, expected, 3)), "{mode:?}: {:?}", out.get_pixel(0, 0));
        let kept = decoded(&fit(&bytes, &target(32, 32, mode, &[Format::Png])).unwrap()).into_rgba8();
        assert!(kept.pixels().all(|pixel| pixel.0 == [200, 100, 0, 128]), "{mode:?}");
    }
}

#[test]
fn colours_of_invisible_pixels_do_not_bleed() {
    let image = RgbaImage::from_fn(64, 64, |x, _| if x < 32 { Rgba([255, 255, 255, 255]) } else { Rgba([0, 0, 0, 0]) });
    let bytes = samples::encode(&image.into(), ImageFormat::Png);
    let out = decoded(&fit(&bytes, &target(20, 20, CENTRE, &[Format::Png])).unwrap()).into_rgba8();
    assert!(out.pixels().filter(|pixel| pixel[3] > 8).all(|pixel| pixel[0] > 245), "a dark fringe");
}

#[test]
fn an_alpha_channel_that_is_opaque_throughout_is_dropped() {
    let image = DynamicImage::ImageRgb8(samples::gradient(16, 16)).into_rgba8();
    let fitted =
        fit(&samples::encode(&image.into(), ImageFormat::Png), &target(16, 16, Mode::Exact, &[Format::Png])).unwrap();
    assert!(!inspect(&fitted.bytes).unwrap().alpha);
}

#[test]
fn the_sources_format_is_kept_when_allowed_else_the_first_allowed_is_used() {
    let formats =
        |bytes: &[u8], allowed: &[Format]| fit(bytes, &target(20, 20, CENTRE, allowed)).map(|fitted| fitted.format);
    for (source, bytes) in samples::every_format() {
        let kept = if source == Format::Png { Format::Png } else { Format::Jpeg };
        assert_eq!(formats(&bytes, &[Format::Jpeg, Format::Png]), Ok(kept), "{source}");
        assert_eq!(formats(&bytes, &[Format::Gif, Format::Png]), Ok(Format::Png), "{source}");
        assert_eq!(formats(&bytes, &[Format::Gif]), Ok(Format::Gif), "{source}");
        assert!(matches!(formats(&bytes, &[Format::Bmp, Format::WebP]), Err(ImageError::CannotFit { .. })));
        assert!(matches!(formats(&bytes, &[]), Err(ImageError::CannotFit { .. })));
    }
}

#[test]
fn bytes_are_kept_within_the_limit_by_quality_then_by_another_format() {
    let bytes = samples::jpeg(&samples::noise(200, 200));
    let mut wanted = target(200, 200, Mode::Exact, &[Format::Jpeg]);
    let free = fit(&bytes, &wanted).unwrap().bytes.len() as u64;
    let mut last = u64::MAX;
    // The last one takes fewer samples of chroma.
    for percent in [95, 80, 60, 45, 25] {
        wanted.max_bytes = free * percent / 100;
        let length = fit(&bytes, &wanted).unwrap().bytes.len() as u64;
        assert!(length <= wanted.max_bytes && length < last, "{percent} %: {length}");
        // The bisection stops within one step of quality: it does not throw away what it need not.
        assert!(length * 100 >= wanted.max_bytes * 90, "{percent} %: {length} of {}", wanted.max_bytes);
        last = length;
    }
    wanted.max_bytes = 1_000;
    let error = fit(&bytes, &wanted).unwrap_err().to_string();
    assert!(error.starts_with("cannot fit the image: at most 1000 bytes are allowed, JPEG takes "), "{error}");

    let noisy = samples::png(&samples::noise(200, 200));
    let wanted = Target { max_bytes: 60_000, ..target(200, 200, Mode::Exact, &[Format::Png, Format::Jpeg]) };
    let fitted = fit(&noisy, &wanted).unwrap();
    assert_eq!(fitted.format, Format::Jpeg);
    assert!(fitted.bytes.len() <= 60_000);
}

#[test]
fn the_output_is_the_same_every_time() {
    for (_, bytes) in samples::every_format() {
        for format in [Format::Jpeg, Format::Png, Format::Gif] {
            let wanted = target(33, 47, Mode::Contain { background: Rgb([9, 8, 7]) }, &[format]);
            assert_eq!(fit(&bytes, &wanted).unwrap(), fit(&bytes, &wanted).unwrap());
        }
    }
}

#[test]
fn the_first_frame_of_an_animation_is_taken() {
    let out = fitted_rgb(&samples::animated_gif(3), &target(8, 8, CENTRE, &[Format::Png]));
    assert!(out.pixels().all(|pixel| pixel.0 == [255, 0, 0]));
}

#[test]
fn sixteen_bits_become_eight() {
    let deep = DynamicImage::ImageRgb8(samples::gradient(20, 20)).into_rgb16();
    let fitted =
        fit(&samples::encode(&deep.into(), ImageFormat::Png), &target(20, 20, Mode::Exact, &[Format::Png])).unwrap();
    assert_eq!(inspect(&fitted.bytes).unwrap().bit_depth, 8);
    assert_eq!(decoded(&fitted).into_rgb8(), samples::gradient(20, 20));
}

#[test]
fn a_cmyk_jpeg_keeps_its_colours() {
    let out = fitted_rgb(&samples::cmyk_jpeg(), &target(8, 8, Mode::Exact, &[Format::Png]));
    assert!(out.pixels().all(|pixel| near(pixel, [255, 1, 1], 2)), "{:?}", out.get_pixel(0, 0));
}

#[test]
fn metadata_is_dropped() {
    let bytes = samples::oriented_jpeg(&samples::gradient(16, 16), 3);
    let fitted = fit(&bytes, &target(16, 16, Mode::Exact, &[Format::Jpeg])).unwrap();
    assert!(!fitted.bytes.windows(4).any(|four| four == b"Exif"));
}

#[test]
fn a_damaged_source_or_an_impossible_target_is_refused() {
    let good = samples::jpeg(&samples::gradient(40, 30));
    let wanted = target(20, 20, CENTRE, &[Format::Jpeg]);
    assert!(matches!(fit(&good[..good.len() - 40], &wanted), Err(ImageError::Corrupt { .. })));
    assert!(matches!(fit(&good, &target(0, 20, CENTRE, &[Format::Jpeg])), Err(ImageError::CannotFit { .. })));
    assert!(matches!(fit(&good, &target(50_000, 50_000, CENTRE, &[Format::Jpeg])), Err(ImageError::TooLarge { .. })));
}
