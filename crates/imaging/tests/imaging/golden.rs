//! The very bytes of fitted pictures. A change here means that the same picture gets another digest, so that libraries which know it
//! by its content take it for a new one: change them only with a change of the fit that is worth that.

use polyptych_imaging::{Animation, Focus, Format, Mode, Pixels, Rgb, Target, fit};
use sha2::{Digest, Sha256};

use crate::samples;

const CONTAIN: Mode = Mode::Contain { background: Rgb([9, 8, 7]) };
const COVER: Mode = Mode::Cover { focus: Focus { x: 0.25, y: 0.75 } };

#[test]
fn the_same_picture_and_target_always_make_the_same_bytes() {
    let turned = samples::oriented_jpeg(&samples::gradient(120, 80), 6);
    let flat = samples::png(&samples::quarters(120, 80));
    let noisy = samples::png(&samples::noise(90, 90));
    let moving = samples::animated_gif(3);
    let cases: [(&str, &[u8], Mode, Format, u64); 6] = [
        ("turned, contained, JPEG", &turned, CONTAIN, Format::Jpeg, 1_000_000),
        ("turned, covered, PNG", &turned, COVER, Format::Png, 1_000_000),
        ("flat, contained, GIF", &flat, CONTAIN, Format::Gif, 1_000_000),
        ("flat, covered, PNG", &flat, COVER, Format::Png, 1_000_000),
        ("noisy, contained, JPEG of few bytes", &noisy, CONTAIN, Format::Jpeg, 6_000),
        ("moving, covered, PNG", &moving, COVER, Format::Png, 1_000_000),
    ];
    let made: Vec<_> = cases
        .map(|(name, bytes, mode, format, max_bytes)| {
            let pixels = Pixels::new(75, 100);
            let target = Target { pixels, formats: vec![format], max_bytes, mode, animation: Animation::FirstFrame };
            let digest = Sha256::digest(fit(bytes, &target).unwrap().bytes);
            let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("{name}: {hex}")
        })
        .to_vec();
    assert_eq!(made, GOLDEN);
}

/// First eight bytes of each SHA-256.
const GOLDEN: [&str; 6] = [
    "turned, contained, JPEG: de80927915860f0f",
    "turned, covered, PNG: 50ab000f095f2d49",
    "flat, contained, GIF: 453acc02ee8634e7",
    "flat, covered, PNG: 5a63be16eb1780c3",
    "noisy, contained, JPEG of few bytes: d6f7b2ca3b876d06",
    "moving, covered, PNG: 6fda17be264df74e",
];
