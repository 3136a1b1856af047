//! No bytes make the crate panic, and what it accepts it accepts consistently.

use polyptych_imaging::{
    Animation, Fitted, Focus, Format, ImageError, Limits, Mode, Orientation, Pixels, Rgb, Target, inspect, verify,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::samples;

/// Small enough that a mutated header cannot make a case slow.
const LIMITS: Limits = Limits { max_pixels: 250_000, max_decoded_bytes: 2_000_000, max_frames: 50 };

fn fit(bytes: &[u8], mode: Mode) -> Result<Fitted, ImageError> {
    let formats = vec![Format::Jpeg, Format::Png];
    LIMITS.fit(
        bytes,
        &Target { pixels: Pixels::new(21, 17), formats, max_bytes: 100_000, mode, animation: Animation::FirstFrame },
    )
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Exact),
        any::<[u8; 3]>().prop_map(|colour| Mode::Contain { background: Rgb(colour) }),
        any::<(f32, f32)>().prop_map(|(x, y)| Mode::Cover { focus: Focus { x, y } }),
    ]
}

fn seeds() -> Vec<Vec<u8>> {
    let picture = samples::gradient(21, 17);
    let mut seeds: Vec<_> = samples::every_format().into_iter().map(|(_, bytes)| bytes).collect();
    seeds.extend(Orientation::ALL.map(|orientation| samples::oriented_jpeg(&picture, orientation.exif())));
    seeds.extend([
        samples::oriented_png(&picture, 6),
        samples::animated_gif(3),
        samples::cmyk_jpeg(),
        samples::progressive_jpeg(&picture),
    ]);
    seeds
}

/// What must hold of any bytes.
fn check(bytes: &[u8], mode: Mode) -> Result<(), TestCaseError> {
    let inspected = inspect(bytes);
    if let Ok(inspection) = verify(bytes) {
        prop_assert_eq!(&inspected, &Ok(inspection));
        prop_assert!(inspection.pixels.area() > 0);
    }
    if let Ok(fitted) = fit(bytes, mode) {
        let output = verify(&fitted.bytes);
        prop_assert_eq!(output.map(|output| (output.format, output.pixels)), Ok((fitted.format, fitted.pixels)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..600), mode in modes()) {
        check(&bytes, mode)?;
    }

    #[test]
    fn arbitrary_bytes_behind_a_signature_never_panic(
        signature in select(vec![
            &b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
            b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"RIFF\xff\0\0\0WEBPVP8 ", b"RIFF\xff\0\0\0WEBPVP8L", b"RIFF\xff\0\0\0WEBPVP8X\x0a\0\0\0",
        ]),
        bytes in vec(any::<u8>(), 0..600),
        mode in modes(),
    ) {
        check(&[signature, &bytes].concat(), mode)?;
    }

    #[test]
    fn mutated_pictures_never_panic(
        mut bytes in select(seeds()),
        changes in vec((any::<Index>(), any::<u8>()), 1..12),
        cut in any::<Option<Index>>(),
        mode in modes(),
    ) {
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(&bytes, mode)?;
    }
}
