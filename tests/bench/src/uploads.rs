//! Pictures on their way through the façade to the emulator, beside bare tonic that lets them go; how an upload grows with its
//! picture.

use std::path::Path;

use anyhow::{Context, Result};
use polyptych_crash::emulator::Control;
use polyptych_service::memory::{SETTINGS, send};
use polyptych_service::picture::Picture;
use polyptych_service::server::Place;
use serde_json::json;

use crate::load::server::own;
use crate::plot::{Line, Plot};
use crate::row::{Bound, Of, Row, Spread};

const GROUP: &str = "uploads";

/// The base64 form of Facebook's API.
const LIBRARY: &str = "facebook";

/// The side of a picture of 10 MB in pixels.
pub(crate) const SIDE: u32 = 1_560;

/// Uploads of a turn, and how many of them at once.
const TURN: usize = 32;
const AT_ONCE: usize = 8;

/// Sides of pictures of 10 kB to 10 MB.
const SIDES: [u32; 4] = [48, 156, 494, SIDE];

/// The rows, and how long an upload takes by bytes of its picture.
pub(crate) async fn run(program: &Path, rounds: usize, scratch: &Path) -> Result<(Vec<Row>, Vec<Line>)> {
    let place = Place::new(program.to_owned())?;
    let emulator = place.emulate().await?;
    // It would decode every picture, which takes most of the time of both.
    Control::new(emulator.address()).setup(&json!({ "decode_pixels": false })).await?;
    let server = place.serve_with("uploads", emulator.address(), SETTINGS).await?;
    let sink = own(&["echo"], &scratch.join("sink.log")).await?;
    let picture = Picture::new(SIDE)?;
    let (mut through, mut bare, mut next) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        // No picture is there already.
        let numbers = next..next + TURN;
        next = numbers.end;
        through.push(send(&server, &picture, LIBRARY, numbers.clone(), AT_ONCE).await?);
        bare.push(send(&sink, &picture, LIBRARY, numbers, AT_ONCE).await?);
    }
    let ratios: Vec<f64> = through.iter().zip(&bare).map(|(through, bare)| through / bare).collect();
    let of = |samples: &[f64]| Spread::of(samples).context("no round");
    let row = Row::new(GROUP, "upload of 10 MB through the facade to the emulator, base64", of(&through)?, "MB/s")
        .beside("bare tonic client stream", of(&bare)?, of(&ratios)?.median)
        .goal(Of::This, Bound::AtLeast(500.0));
    let (mut points, mut floor) = (Vec::new(), Vec::new());
    for side in SIDES {
        let picture = Picture::new(side)?;
        let bytes = picture.len() as f64;
        let (mut through, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let numbers = next..next + AT_ONCE;
            next = numbers.end;
            // MB a second, one after the other: so many bytes each, so long each.
            through.push(bytes / send(&server, &picture, LIBRARY, numbers.clone(), 1).await?);
            bare.push(bytes / send(&sink, &picture, LIBRARY, numbers, 1).await?);
        }
        points.push((bytes, of(&through)?.median));
        floor.push((bytes, of(&bare)?.median));
    }
    let line = |name: &str, points| Line { plot: Plot::Bytes, name: name.to_owned(), points };
    Ok((vec![row], vec![line("upload through the facade", points), line("bare tonic client stream", floor)]))
}
