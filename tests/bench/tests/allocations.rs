//! The codec and body paths allocate what they allocated before.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use polyptych_bench::allocations::{Baseline, Counted, RENEW, count_all};

#[test]
fn the_codecs_and_bodies_allocate_what_they_allocated_before() {
    let before = Baseline::parse(include_str!("../allocations.toml")).unwrap();
    let now = count_all(|run| {
        let counted = allocation_counter::measure(run);
        Counted { allocations: counted.count_total, bytes: counted.bytes_total, peak: counted.bytes_max }
    });
    let changes = before.compare(&now.unwrap());
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert!(changes.is_empty(), "{}\nif that is wanted, look at each and run\n  {RENEW}", told.join("\n"));
}

#[test]
fn a_base64_body_holds_no_copy_of_its_picture() {
    let before = Baseline::parse(include_str!("../allocations.toml")).unwrap();
    let body = before.paths.get("base64 body, per MB of the picture").unwrap();
    // A piece of 48 KiB becomes one of 64 KiB; a picture of 10 MB is a hundred times that.
    assert!(body.peak <= 128 << 10, "{} bytes at a time", body.peak);
}
