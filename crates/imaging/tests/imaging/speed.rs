//! The work that the bench measures; here it only has to be right. Run with `--release --nocapture --ignored` to see the times.

use std::time::Instant;

use polyptych_imaging::{Focus, Format, Mode, Pixels, Target, fit, inspect, verify};

use crate::samples;

#[test]
#[ignore = "prints times, asserts none"]
fn times_of_a_twelve_megapixel_photo() {
    let bytes = samples::jpeg(&samples::gradient(4000, 3000));
    let target = Target {
        pixels: Pixels::new(1080, 810),
        formats: vec![Format::Jpeg],
        max_bytes: 10_000_000,
        mode: Mode::Cover { focus: Focus::default() },
    };
    let time = |name: &str, work: &dyn Fn()| {
        let best = (0..9)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            })
            .min();
        println!("{name}: {best:?}");
    };
    println!("{} bytes", bytes.len());
    time("inspect", &|| drop(inspect(&bytes)));
    time("verify", &|| drop(verify(&bytes)));
    time("decode", &|| drop(image::load_from_memory(&bytes)));
    time("fit", &|| drop(fit(&bytes, &target)));
}
