//! Pictures on their way through the façade to the emulator, beside bare tonic that lets them go; how an upload grows with its
//! picture.

use std::path::Path;

use anyhow::{Context, Result};
use polyptych_crash::emulator::Control;
use polyptych_crash::process::Process;
use polyptych_service::memory::{SETTINGS, measure, send};
use polyptych_service::picture::Picture;
use polyptych_service::server::{Place, busy};
use serde_json::json;

use crate::load::server::own;
use crate::plot::{Line, Plot};
use crate::row::{Bound, Of, Row, Spread, ratios};

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
    let picture = Picture::new(SIDE)?;
    let sink = own(&["echo"], &scratch.join("sink.log")).await?;
    // Of their own for each turn: an emulator keeps what it is given.
    let servers = async || -> Result<(Process, Process)> {
        let emulator = place.emulate().await?;
        // It would decode every picture, which takes longer than all else together.
        Control::new(emulator.address()).setup(&json!({ "decode_pixels": false })).await?;
        let server = place.serve_with("uploads", emulator.address(), SETTINGS).await?;
        Ok((emulator, server))
    };
    let [mut through, mut decoded, mut bare] = [Vec::new(), Vec::new(), Vec::new()];
    let mut taken = Vec::new();
    for _ in 0..rounds {
        let (emulator, server) = servers().await?;
        through.push(send(&server, &picture, LIBRARY, 0..TURN, AT_ONCE).await?);
        let busy = |process: &Process| Some(busy(process.id()?).ok()?.as_secs_f64() * 1e3 / TURN as f64);
        taken.extend(busy(&server).zip(busy(&emulator)));
        decoded.push(measure(&place, &picture, LIBRARY, AT_ONCE, TURN).await?.rate);
        bare.push(send(&sink, &picture, LIBRARY, 0..TURN, AT_ONCE).await?);
    }
    let of = |samples: &[f64]| Spread::of(samples).context("no round");
    let row = |figure: &str, measured: &[f64]| -> Result<Row> {
        let row = Row::new(GROUP, figure, of(measured)?, "MB/s");
        Ok(row.beside("bare tonic client stream", of(&bare)?, of(&ratios(measured, &bare))?.median))
    };
    let mut rows = vec![
        row("upload of 10 MB through the facade to the emulator, base64", &through)?
            .goal(Of::This, Bound::AtLeast(500.0)),
        row("the same, and the emulator decodes every picture", &decoded)?,
    ];
    // Other work on the machine changes it little.
    if taken.len() == rounds {
        let (facade, emulator): (Vec<f64>, Vec<f64>) = taken.into_iter().unzip();
        let row = Row::new(GROUP, "processor time of such an upload in the facade", of(&facade)?, "ms");
        rows.push(row.beside("in the emulator", of(&emulator)?, of(&ratios(&facade, &emulator))?.median));
    }
    let (_emulator, server) = servers().await?;
    let (mut points, mut floor, mut next) = (Vec::new(), Vec::new(), 0);
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
    Ok((rows, vec![line("upload through the facade", points), line("bare tonic client stream", floor)]))
}
