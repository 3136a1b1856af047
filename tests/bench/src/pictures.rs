//! Looking at a picture, and making another one of it, beside the libraries that others use for it.

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageReader, Rgb, RgbImage};
use polyptych_imaging::{Animation, Fitted, Focus, Format, Mode, Pixels, Target, fit, inspect, verify};

use crate::contest::{Contest, Effort, timed};
use crate::peer::Peer;
use crate::row::{Bound, Of, Row};

const GROUP: &str = "pictures";

/// What is made of it.
const WANTED: Pixels = Pixels { width: 1080, height: 810 };

/// The rows. What peers read is written into `folder`.
pub(crate) fn run(effort: Effort, folder: &Path) -> Result<Vec<Row>> {
    let picture = photograph(4000, 3000)?;
    let mut rows = header(effort, &picture)?;
    rows.extend(fitted(effort, &picture, folder)?);
    Ok(rows)
}

fn header(effort: Effort, picture: &[u8]) -> Result<Vec<Row>> {
    let contest = Contest::run(
        effort,
        vec![
            timed(effort, || {
                let seen = black_box(inspect(black_box(picture))?);
                ensure!(seen.pixels == Pixels::new(4000, 3000), "{:?}", seen.pixels);
                Ok(())
            }),
            timed(effort, || {
                let reader = ImageReader::new(Cursor::new(picture)).with_guessed_format()?;
                ensure!(reader.into_dimensions()? == (4000, 3000), "another size");
                Ok(())
            }),
            timed(effort, || Ok(verify(picture).map(drop)?)),
        ],
    )?;
    let megabytes = picture.len() as f64 / 1e6;
    Ok(vec![
        Row::new(GROUP, "check an image from its header", contest.millis(0)?, "ms")
            .beside("image crate, size alone", contest.millis(1)?, contest.ratio(0, 1)?)
            .goal(Of::This, Bound::AtMost(0.1)),
        Row::new(GROUP, format!("walk a JPEG of {megabytes:.1} MB for damage, undecoded"), contest.millis(2)?, "ms"),
    ])
}

fn fitted(effort: Effort, picture: &[u8], folder: &Path) -> Result<Vec<Row>> {
    let target = Target {
        pixels: WANTED,
        formats: vec![Format::Jpeg],
        max_bytes: 10 << 20,
        mode: Mode::Cover { focus: Focus::default() },
        animation: Animation::Refuse,
    };
    let Fitted { format, pixels, .. } = fit(picture, &target)?;
    ensure!(format == Format::Jpeg && pixels == WANTED, "{format:?} {pixels:?}");
    let file = folder.join("photograph.jpg");
    std::fs::write(&file, picture).with_context(|| format!("cannot write {}", file.display()))?;
    let path = file.to_str().context("the folder's name is no text")?;
    let mut peers = [
        ("Pillow", Peer::start("Pillow", "pillow.py", &[path])),
        ("Pillow, DCT shrink", Peer::start("Pillow", "pillow.py", &[path, "draft"])),
        ("libvips, DCT shrink, with start", Peer::start("libvips", "vips.py", &[path])),
    ];
    // What is there says its version.
    let told = |(name, peer): &(&str, Option<Peer>)| match peer {
        Some(peer) => (name.replacen(peer.name(), peer.version(), 1), true),
        None => ((*name).to_owned(), false),
    };
    let names: Vec<(String, bool)> = peers.iter().map(told).collect();
    let mut contenders = vec![timed(effort, || Ok(fit(picture, &target).map(drop)?))];
    contenders.extend(peers.iter_mut().filter_map(|(_, peer)| Some(peer.as_mut()?.contender())));
    let contest = Contest::run(effort, contenders)?;
    let figure = "4000x3000 JPEG to 1080x810 JPEG: decode, resize, encode";
    let mut next = 1;
    let mut rows = Vec::new();
    for (name, installed) in names {
        let row = Row::new(GROUP, figure, contest.millis(0)?, "ms");
        rows.push(match installed {
            false => row.beside_absent(name),
            true => {
                next += 1;
                row.beside(name, contest.millis(next - 1)?, contest.ratio(0, next - 1)?)
            }
        });
    }
    // The goal is one of the figure itself and belongs to one row.
    let first = rows.remove(0).goal(Of::This, Bound::AtMost(95.0));
    Ok([vec![first], rows].concat())
}

/// A picture that compresses like a photograph: broad shades, edges, and grain.
fn photograph(width: u32, height: u32) -> Result<Vec<u8>> {
    let mut grain = fastrand::Rng::with_seed(3);
    let image = RgbImage::from_fn(width, height, |x, y| {
        let (across, down) = (x as f32 / width as f32, y as f32 / height as f32);
        let wave = ((across * 23.0).sin() * (down * 17.0).cos() + 1.0) * 60.0;
        let edge = if (x / 160 + y / 120).is_multiple_of(2) { 24.0 } else { 0.0 };
        let noise = f32::from(grain.u8(..12));
        let shade = |base: f32| (base + wave + edge + noise).clamp(0.0, 255.0) as u8;
        Rgb([shade(60.0 * across), shade(40.0 + 50.0 * down), shade(90.0 * (1.0 - across))])
    });
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, 85);
    DynamicImage::from(image).write_with_encoder(encoder).context("the picture cannot be made")?;
    Ok(file)
}
