//! Fitted pictures judged by Pillow, which shares no code with the fit: it decodes source and result, does the same to the source in
//! its own way (EXIF, LittleCMS, Lanczos), and says how far the pixels are apart.

use std::process::Command;

use image::{DynamicImage, ImageFormat, RgbImage, Rgba, RgbaImage};
use polyptych_imaging::{Animation, Focus, Format, Mode, Orientation, Pixels, Rgb, Target, fit};

use crate::samples;

const CONTAIN: Mode = Mode::Contain { background: Rgb([10, 120, 230]) };
const COVER: Mode = Mode::Cover { focus: Focus { x: 0.5, y: 0.5 } };

/// Whether `python3` has Pillow; without it the test is skipped, unless it is required.
fn pillow() -> bool {
    let found = Command::new("python3").args(["-c", "from PIL import Image, ImageCms, ImageOps"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        let required = std::env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "pillow"), "Pillow is required and missing");
        println!("skipped: python3 has no Pillow");
    }
    found
}

/// Of sizes from which a crop to the target's proportions takes whole pixels, which the two would round differently.
fn sources() -> Vec<(String, Vec<u8>)> {
    let picture = samples::quarters(90, 60);
    let soft = RgbImage::from_fn(120, 80, |x, y| image::Rgb([(x * 2) as u8, (y * 3) as u8, (240 - x - y) as u8]));
    let rgb = DynamicImage::ImageRgb8(soft.clone());
    let veil = RgbaImage::from_fn(90, 70, |x, y| Rgba([200, (x * 2) as u8, 30, (y * 3) as u8]));
    let mut sources: Vec<_> = Orientation::ALL
        .iter()
        .map(|turn| (format!("turned-{}.jpg", turn.exif()), samples::oriented_jpeg(&picture, turn.exif())))
        .collect();
    let named = [
        ("turned.png", samples::oriented_png(&picture, 6)),
        ("wide-gamut.png", samples::profiled_png(&soft, &samples::display_p3())),
        ("wide-gamut.jpg", samples::profiled_jpeg(&soft, &samples::display_p3())),
        ("deep.png", samples::encode(&rgb.to_rgb16().into(), ImageFormat::Png)),
        ("gray.png", samples::encode(&rgb.to_luma8().into(), ImageFormat::Png)),
        ("veil.png", samples::encode(&veil.into(), ImageFormat::Png)),
        ("moving.gif", samples::animated_gif(3)),
        ("inks.jpg", samples::cmyk_jpeg()),
        ("plain.webp", samples::encode(&rgb, ImageFormat::WebP)),
        ("plain.tiff", samples::encode(&rgb, ImageFormat::Tiff)),
        ("plain.bmp", samples::encode(&rgb, ImageFormat::Bmp)),
    ];
    sources.extend(named.map(|(name, bytes)| (name.to_owned(), bytes)));
    sources
}

#[test]
fn another_decoder_sees_the_size_format_orientation_and_colours_that_were_asked_for() {
    if !pillow() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (name, bytes) in sources() {
        let source = folder.path().join(&name);
        std::fs::write(&source, &bytes).unwrap();
        for (mode, called) in [(CONTAIN, "contain"), (COVER, "cover")] {
            for format in [Format::Png, Format::Jpeg, Format::Gif] {
                let target = Target {
                    pixels: Pixels::new(150, 125),
                    formats: vec![format],
                    max_bytes: 40_000,
                    mode,
                    animation: Animation::FirstFrame,
                };
                let fitted = fit(&bytes, &target).unwrap();
                assert!(fitted.bytes.len() as u64 <= target.max_bytes);
                let result = folder.path().join(format!("{name}.{called}.{}", format.extension()));
                std::fs::write(&result, &fitted.bytes).unwrap();
                cases.push(serde_json::json!({
                    "source": source, "result": result, "mode": called, "format": format.to_string(),
                    "width": 150, "height": 125, "background": [10, 120, 230],
                }));
            }
        }
    }
    let list = folder.path().join("cases.json");
    std::fs::write(&list, serde_json::to_vec(&cases).unwrap()).unwrap();
    let output =
        Command::new("python3").args(["-c", include_str!("pillow.py")]).arg(&list).output().expect("python3 starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), format!("{} agree", cases.len()));
}
