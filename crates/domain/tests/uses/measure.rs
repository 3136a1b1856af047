//! How the time of large batches grows, and how long a look at a header takes. Run by hand, with `--ignored --nocapture`:
//! what is asserted is counted, what is timed is printed.

use std::io::Cursor;
use std::time::Instant;

use futures_executor::block_on;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych_domain::*;

use crate::batches::{command, name, service};
use crate::shelf::Shelf;

#[test]
#[ignore = "prints figures"]
fn deletions_by_their_number() {
    for (per_call, images) in
        [(10_000, 10_000_u32), (10_000, 100_000), (50, 10_000), (50, 100_000), (1, 10_000), (1, 100_000)]
    {
        let shelf = Shelf::deleting("shelf", per_call);
        shelf.hold("a", 0..images);
        let service = service(&[&shelf]);
        let names: Vec<_> = (0..images).map(|image| name("shelf", "a", &image.to_string())).collect();
        let begun = Instant::now();
        let report = block_on(service.delete_many(&names, Budget::default()));
        let time = begun.elapsed();
        assert!(report.outcomes.iter().all(Result::is_ok) && shelf.held() == 0);
        assert_eq!(shelf.calls(), u64::from(images.div_ceil(per_call)));
        println!("delete {images} by {per_call}: {} calls, {time:.2?}, {:.2?} each", shelf.calls(), time / images);
    }
}

#[test]
#[ignore = "prints figures"]
fn uploads_by_their_number() {
    for (per_call, images) in [(3, 2_000_u32), (3, 20_000), (100, 2_000), (100, 20_000)] {
        let shelf = Shelf::grouping("shelf", per_call);
        let service = service(&[&shelf]);
        let commands = || (0..images).map(|number| command("shelf", "a", number)).collect::<Vec<_>>();
        for (what, reused) in [("add", false), ("add again", true)] {
            let (commands, calls) = (commands(), shelf.calls());
            let begun = Instant::now();
            let report = block_on(service.upload_many(commands, Budget::default()));
            let (time, calls) = (begun.elapsed(), shelf.calls() - calls);
            assert!(report.outcomes.iter().all(|outcome| outcome.as_ref().unwrap().reused == reused));
            assert_eq!(calls, if reused { 0 } else { u64::from(images.div_ceil(per_call)) });
            println!("{what} {images} by {per_call}: {calls} calls, {time:.2?}, {:.2?} each", time / images);
        }
    }
}

#[test]
#[ignore = "prints figures"]
fn a_look_at_a_header() {
    let picture = DynamicImage::from(RgbImage::from_fn(1080, 607, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8])));
    for format in
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP]
    {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        let bytes = bytes.into_inner();
        let begun = Instant::now();
        for _ in 0..1000 {
            polyptych_imaging::inspect(&bytes).unwrap();
        }
        println!("inspect {format:?} of {} bytes: {:.2?}", bytes.len(), begun.elapsed() / 1000);
    }
}
