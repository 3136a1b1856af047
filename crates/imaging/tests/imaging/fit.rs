//! Fitted pictures, decoded again by the `image` crate and looked at pixel by pixel.

use image::{DynamicImage, ImageFormat, RgbImage, Rgba, RgbaImage};
use polyptych_imaging::{
    Animation, Fitted, Focus, Format, ImageError, Limits, Loss, Mode, Orientation, Pixels, Rgb, Target, decodable, fit,
    inspect, verify,
};
use proptest::prelude::*;

use crate::samples;

const CENTRE: Mode = Mode::Cover { focus: Focus { x: 0.5, y: 0.5 } };

fn target(width: u32, height: u32, mode: Mode, formats: &[Format]) -> Target {
    Target {
        pixels: Pixels::new(width, height),
        formats: formats.to_vec(),
        max_bytes: 10_000_000,
        mode,
        animation: Animation::Refuse,
    }
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
        // A GIF's palette would suffer in JPEG.
        let kept = if matches!(source, Format::Png | Format::Gif) { Format::Png } else { Format::Jpeg };
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
fn an_animation_is_refused_unless_its_first_frame_is_asked_for() {
    let moving = samples::animated_gif(3);
    let refusing = target(8, 8, CENTRE, &[Format::Png]);
    let error = fit(&moving, &refusing).unwrap_err();
    assert_eq!(error.to_string(), "cannot fit the image: it has 3 frames, and the first one alone is not asked for");
    let out = fitted_rgb(&moving, &Target { animation: Animation::FirstFrame, ..refusing });
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

#[test]
fn a_plan_says_what_the_fit_then_does() {
    let limits = Limits::default();
    let losses = |bytes: &[u8], target: &Target| {
        let plan = limits.plan(&inspect(bytes).unwrap(), target).unwrap();
        let fitted = fit(bytes, target).unwrap();
        assert_eq!((plan.pixels, plan.formats.first()), (fitted.pixels, Some(&fitted.format)));
        plan.losses
    };
    let contain = Mode::Contain { background: Rgb::WHITE };
    let photo = samples::jpeg(&samples::gradient(40, 30));
    let deep = DynamicImage::ImageRgb8(samples::gradient(20, 20)).into_rgba16();
    let deep = samples::encode(&deep.into(), ImageFormat::Png);
    let first = |target| Target { animation: Animation::FirstFrame, ..target };
    let cases = [
        (&photo, target(20, 20, contain, &[Format::Jpeg]), vec![Loss::Shrunk, Loss::Padded, Loss::Compression]),
        (&photo, target(60, 60, CENTRE, &[Format::Png]), vec![Loss::Enlarged, Loss::Cropped]),
        (&photo, target(40, 30, Mode::Exact, &[Format::Png]), vec![]),
        (&deep, target(20, 20, Mode::Exact, &[Format::Jpeg]), vec![Loss::Transparency, Loss::Depth, Loss::Compression]),
        (&samples::animated_gif(2), first(target(4, 4, Mode::Exact, &[Format::Png])), vec![Loss::Frames]),
        (&samples::cmyk_jpeg(), target(8, 8, Mode::Exact, &[Format::Gif]), vec![Loss::Inks, Loss::Palette]),
        (
            &samples::profiled_png(&samples::gradient(8, 8), &samples::display_p3()),
            target(8, 8, Mode::Exact, &[Format::Png]),
            vec![Loss::Profile],
        ),
    ];
    for (bytes, target, expected) in cases {
        assert_eq!(losses(bytes, &target), expected, "{target:?}");
    }
    let impossible = target(41, 30, Mode::Exact, &[Format::Png]);
    let planned = limits.plan(&inspect(&photo).unwrap(), &impossible);
    assert_eq!(planned.map(|_| ()), fit(&photo, &impossible).map(|_| ()));
}

#[test]
fn a_profile_is_converted_and_one_of_srgb_or_nonsense_leaves_every_pixel() {
    let picture = RgbImage::from_pixel(8, 8, image::Rgb([200, 60, 40]));
    let exact = target(8, 8, Mode::Exact, &[Format::Png]);
    let under = |profile: &[u8]| fitted_rgb(&samples::profiled_png(&picture, profile), &exact).get_pixel(3, 3).0;
    let [red, green, blue] = under(&samples::display_p3());
    // The same light needs more of red and less of the others where red is less saturated.
    assert!(red > 210 && green < 55 && blue < 35, "{red} {green} {blue}");
    let srgb = moxcms::ColorProfile::new_srgb().encode().unwrap();
    // A megabyte of picture file for every gigabyte that its profile inflates to.
    let swollen = [samples::display_p3(), vec![0; 64 << 20]].concat();
    for profile in [&srgb[..], b"no profile at all", b"", &swollen] {
        assert_eq!(under(profile), [200, 60, 40]);
    }
    let p3 = samples::display_p3();
    for length in (0..p3.len()).step_by(17) {
        under(&p3[..length]);
    }
    let alpha = RgbaImage::from_pixel(8, 8, Rgba([200, 60, 40, 128]));
    let profiled = samples::profiled(&DynamicImage::ImageRgba8(alpha), &p3);
    let found = decoded(&fit(&profiled, &exact).unwrap()).into_rgba8().get_pixel(0, 0).0;
    assert_eq!(found, [red, green, blue, 128]);
}

#[test]
fn a_gray_profile_is_converted_too() {
    let gray = moxcms::ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let picture = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(8, 8, image::Luma([128])));
    let out = fitted_rgb(&samples::profiled(&picture, &gray), &target(8, 8, Mode::Exact, &[Format::Png]));
    // Half of the light is 188 in sRGB.
    assert!(near(out.get_pixel(0, 0), [188; 3], 2), "{:?}", out.get_pixel(0, 0));
}

#[test]
fn a_cancelled_fit_stops_at_its_next_step() {
    let bytes = samples::jpeg(&samples::noise(200, 200));
    let wanted = Target { max_bytes: 5_000, ..target(200, 200, Mode::Exact, &[Format::Jpeg]) };
    let steps = std::cell::Cell::new(0);
    let stopping_at = |last| {
        steps.set(0);
        let answer = Limits::default().fit_unless(&bytes, &wanted, &|| {
            steps.set(steps.get() + 1);
            steps.get() > last
        });
        (answer, steps.get())
    };
    let all = stopping_at(u32::MAX).1;
    assert!((5..=12).contains(&all), "{all} steps");
    for last in 0..all {
        assert_eq!(stopping_at(last), (Err(ImageError::Cancelled), last + 1));
    }
}

#[test]
fn what_a_fit_cannot_decode_is_told_before_it_is_tried() {
    let exact = target(8, 8, Mode::Exact, &[Format::Png, Format::Jpeg]);
    let plain = samples::gradient(8, 8);
    // Noise, so that the profile is as long in the file.
    let noise: Vec<u8> = samples::noise(3_000, 2_800).into_raw();
    let heavy = samples::profiled_png(&plain, &noise);
    assert!(verify(&heavy).is_ok(), "the file is whole");
    let refused = decodable(&heavy).unwrap_err();
    assert_eq!(fit(&heavy, &exact).unwrap_err(), refused);
    assert!(matches!(refused, ImageError::Unsupported(_)), "{refused}");
    // A picture of more pixels gets more memory.
    let large = samples::profiled_png(&samples::gradient(1_200, 1_200), &noise);
    assert_eq!(decodable(&large).is_ok(), fit(&large, &target(1_200, 1_200, Mode::Exact, &[Format::Png])).is_ok());
    for (format, bytes) in samples::every_format() {
        assert_eq!(decodable(&bytes), Ok(()), "{format}");
    }
}

proptest! {
    #[test]
    fn what_is_whole_and_decodable_is_fitted_and_what_is_not_is_refused_alike(
        sample in 0usize..12,
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        kept in 1usize..100,
    ) {
        let samples = every_kind();
        let mut bytes = samples[sample % samples.len()].clone();
        // Near the head, where formats say what they are.
        let place = at.index(bytes.len().min(200));
        bytes[place] = byte;
        if kept < 10 {
            bytes.truncate(bytes.len() * kept / 10);
        }
        let Ok(whole) = verify(&bytes) else { return Ok(()) };
        let wanted = Target {
            animation: Animation::FirstFrame,
            ..target(16, 16, Mode::Cover { focus: Focus::default() }, &[Format::Jpeg, Format::Png])
        };
        match (decodable(&bytes), fit(&bytes, &wanted)) {
            (Ok(()), Ok(fitted)) => prop_assert_eq!(fitted.pixels, wanted.pixels),
            (Err(told), refused) => prop_assert_eq!(Err(told), refused.map(drop)),
            // Damage of the samples themselves, which a walk does not see.
            (Ok(()), Err(error)) => {
                prop_assert!(matches!(error, ImageError::Corrupt { .. }), "{whole:?}: {error}");
                prop_assert!(matches!(whole.format, Format::Jpeg | Format::Png), "{whole:?}: {error}");
            }
        }
    }
}

/// A sample of each format, and of kinds that are read in another way.
fn every_kind() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = samples::every_format().into_iter().map(|(_, bytes)| bytes).collect();
    let picture = samples::gradient(12, 9);
    all.extend([
        samples::cmyk_jpeg(),
        samples::progressive_jpeg(&picture),
        samples::animated_gif(3),
        samples::oriented_png(&picture, 6),
        samples::profiled_png(&picture, &samples::display_p3()),
        samples::profiled_jpeg(&picture, &samples::display_p3()),
    ]);
    all
}
