//! Peak memory of parallel uploads of 10 MB, and their throughput against that of eight.

use anyhow::Result;
use polyptych_service::memory::measure;
use polyptych_service::picture::Picture;
use polyptych_service::server::Place;

use crate::row::Row;

/// Uploads that are compared with.
const FEW: usize = 8;

/// One server for each number of uploads.
pub(crate) async fn run(place: &Place, uploads: usize) -> Result<Vec<Row>> {
    let picture = Picture::new(1560)?;
    let megabytes = picture.len() as f64 / 1e6;
    println!("uploads of {megabytes:.1} MB");
    let few = measure(place, &picture, "facebook", FEW, uploads).await?;
    let many = measure(place, &picture, "facebook", uploads, uploads).await?;
    println!("idle: {:.0} MiB; {FEW} at once: {:.0} MiB, {:.0} MB/s", few.idle, few.peak, few.rate);
    println!("idle: {:.0} MiB; {uploads} at once: {:.0} MiB, {:.0} MB/s", many.idle, many.peak, many.rate);
    Ok(vec![
        Row::at_most(format!("{uploads} parallel uploads of 10 MB: peak RSS"), many.peak, 160.0, "MiB"),
        Row::at_least(
            format!("{uploads} parallel uploads: throughput of that of {FEW}"),
            many.rate / few.rate,
            0.5,
            "",
        ),
    ])
}
