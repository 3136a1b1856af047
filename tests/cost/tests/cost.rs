//! What batches and publishes cost, as the emulator counts it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use futures_util::future::join_all;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych::domain::PublishCommand;
use polyptych_cost::{Amounts, World, compare, report};

/// The outcomes of all pictures, and that estimate, report and journal agree, are checked by the comparison itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_sends_what_is_missing_in_as_few_calls_as_the_library_takes() {
    let amounts = Amounts { pictures: 40, present: 12, broken: 4 };
    let rows = compare(amounts).await.unwrap();
    let missing = u64::from(amounts.missing());
    for row in &rows {
        let per_call = match row.library.as_str() {
            "yandex-v5" | "yandex-v5-soap" => 3,
            "yandex-live4" | "yandex-live4-soap" => 10,
            _ => 1,
        };
        let looks = if row.library == "evotor" { missing } else { 0 };
        assert_eq!(row.ours.calls, missing.div_ceil(per_call) + looks, "{}", row.library);
        assert_eq!(row.plain.calls, u64::from(amounts.pictures), "{}", row.library);
        assert!(row.ours.bytes < row.plain.bytes && row.ours.points <= row.plain.points, "{row:?}");
    }
    let v5 = rows.iter().find(|row| row.library == "yandex-v5").unwrap();
    assert_eq!((v5.ours.points, v5.plain.points), (8 * 80, 40 * 40));
    let text = report(&rows);
    assert!(text.lines().last().unwrap().starts_with("ratio to one per call: calls 0."), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_publishes_of_one_picture_at_once_are_one_upload_in_each_library() {
    let world = World::start().await.unwrap();
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(480, 450, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 7]));
    DynamicImage::from(picture).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let publish = PublishCommand::new("photo.jpg", bytes.into_inner(), world.libraries());
    let reports = join_all((0..100).map(|_| world.service().publish(publish.clone()))).await;
    for place in 0..6 {
        let sent = reports.iter().filter(|report| !report.outcomes[place].as_ref().unwrap().reused).count();
        assert_eq!(sent, 1, "{}", publish.targets[place].library);
    }
    let counts = world.emulator().upload_counts();
    assert_eq!(counts.len(), 6);
    for count in counts {
        assert_eq!((count.received, count.stored), (1, 1), "{} {}", count.library, count.album);
    }
}
