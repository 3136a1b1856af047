//! How cost grows with the size of the work: the same paths over 10 to 100,000 items, each beside its floor. What is compared is
//! what an item costs where there are many with what it costs where there are few, ours with the floor's: caches and memory
//! make an item of many dearer for both, and only what ours adds to that is its own growth.

use std::hint::black_box;
use std::rc::Rc;

use anyhow::{Context, Result};
use bytes::Bytes;
use polyptych_bench::{floors, messages, work};
use polyptych_wire_yandex::Encoding;

use crate::contest::{Contest, Effort, timed};
use crate::plot::{Line, Plot};
use crate::row::{Bound, Of, Row, Spread, ratios};

const GROUP: &str = "sizes";

const ITEMS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// What a body has more of.
const KILOBYTES: &str = "a kB";

/// Where in `ITEMS` a path has left its fixed cost behind, and the last.
const FEW: usize = 2;
const MANY: usize = 4;

/// How much more an item of many may cost beside one of few than it does for the floor. Work that grows as n log n does comes to
/// 1.67 between these sizes, and as n² to 100; what is left below is for the noise of the machine.
const MOST: f64 = 1.25;

/// A path, its floor, and how both are made ready for a number of items.
struct Path<'a> {
    name: &'static str,
    /// What there is more of.
    of: &'static str,
    floor: &'static str,
    prepare: &'a dyn Fn(usize) -> Result<Both>,
}

/// Work that is ready to be done as often as it is asked for, and its floor.
type Both = [Box<dyn FnMut() -> Result<()>>; 2];

/// The rows, and what plots are made of.
pub(crate) fn run(effort: Effort) -> Result<(Vec<Row>, Vec<Line>)> {
    let encode = |encoding: Encoding, floor: fn(&[String]) -> Result<Vec<u8>>| {
        move |items: usize| -> Result<Both> {
            let hashes = messages::hashes(items);
            let delete = work::delete(&hashes);
            Ok([
                Box::new(move || work::encode_delete(encoding, &delete).map(|body| drop(black_box(body)))),
                Box::new(move || floor(black_box(&hashes)).map(|body| drop(black_box(body)))),
            ])
        }
    };
    let base64 = |items: usize| -> Result<Both> {
        let picture = Bytes::from(vec![7; items * 1_000]);
        let body = work::base64_body(&picture);
        let mut piece = vec![0; floors::PIECE.div_ceil(3) * 4];
        Ok([
            Box::new(move || work::drain(&body).map(drop)),
            Box::new(move || {
                floors::base64(black_box(&picture), &mut piece);
                Ok(())
            }),
        ])
    };
    let (delete_json, delete_soap) =
        (encode(Encoding::Json, floors::delete_json), encode(Encoding::Soap, floors::delete_soap));
    let get_json = decode(
        messages::v5_get_json,
        |document| work::decode_get(Encoding::Json, document.as_bytes()).map(|answer| drop(black_box(answer))),
        |document| floors::get_json(document).map(|answer| drop(black_box(answer))),
    );
    let get_soap = decode(
        messages::v5_get_soap,
        |document| work::decode_get(Encoding::Soap, document.as_bytes()).map(|answer| drop(black_box(answer))),
        |document| floors::xml_events(document).map(|elements| _ = black_box(elements)),
    );
    let page = decode(
        messages::facebook_page,
        |document| work::decode_facebook(document.as_bytes()).map(|page| drop(black_box(page))),
        |document| floors::facebook_page(document).map(|page| drop(black_box(page))),
    );
    let path = |name, of, floor, prepare| Path { name, of, floor, prepare };
    let paths = [
        path("encode delete, JSON", "a hash", "serde_json", &delete_json as &dyn Fn(usize) -> Result<Both>),
        path("encode delete, SOAP", "a hash", "quick-xml Writer", &delete_soap),
        path("decode get, JSON", "an image", "serde_json borrowed", &get_json),
        path("decode get, SOAP", "an image", "quick-xml events", &get_soap),
        path("decode Facebook page", "an image", "serde_json borrowed", &page),
        path("base64 body", KILOBYTES, "base64-simd", &base64),
    ];
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for path in paths {
        let (row, line) = path.measure(effort)?;
        rows.push(row);
        lines.push(line);
    }
    Ok((rows, lines))
}

/// Ours and the floor read the same document.
fn decode(
    document: fn(usize) -> String,
    ours: fn(&str) -> Result<()>,
    floor: fn(&str) -> Result<()>,
) -> impl Fn(usize) -> Result<Both> {
    move |items| {
        let document: Rc<str> = document(items).into();
        let same = Rc::clone(&document);
        Ok([Box::new(move || ours(black_box(&document))), Box::new(move || floor(black_box(&same)))])
    }
}

impl Path<'_> {
    fn measure(&self, effort: Effort) -> Result<(Row, Line)> {
        // Of each size ours, then the floor.
        let work = ITEMS.iter().map(|items| (self.prepare)(*items)).collect::<Result<Vec<_>>>()?;
        let contest = Contest::run(effort, work.into_iter().flatten().map(|work| timed(effort, work)).collect())?;
        let times = ITEMS[MANY] as f64 / ITEMS[FEW] as f64;
        // What an item costs among many, of what it costs among few, round by round.
        let grown = |which: usize| -> Vec<f64> {
            contest.ratios(2 * MANY + which, 2 * FEW + which).iter().map(|ratio| ratio / times).collect()
        };
        let (ours, floor) = (grown(0), grown(1));
        let of = |samples: &[f64]| Spread::of(samples).context("no round");
        let figure = format!("{}: {} of 100,000 beside one of 1,000", self.name, self.of);
        let row = Row::new(GROUP, figure, of(&ours)?, "x")
            .beside(self.floor, of(&floor)?, of(&ratios(&ours, &floor))?.median)
            .goal(Of::Ratio, Bound::AtMost(MOST));
        let micros = |index: usize| contest.seconds(2 * index).map(|seconds| seconds.median * 1e6);
        let points = ITEMS.iter().enumerate().map(|(index, items)| Ok((*items as f64, micros(index)?)));
        let points = points.collect::<Result<Vec<_>>>()?;
        let line = match self.of {
            KILOBYTES => {
                let points = points.into_iter().map(|(kilobytes, micros)| (kilobytes * 1e3, micros)).collect();
                Line { plot: Plot::Bytes, name: self.name.to_owned(), points }
            }
            _ => Line { plot: Plot::Items, name: self.name.to_owned(), points },
        };
        Ok((row, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a path takes that grows so, where its floor grows evenly.
    fn row(seconds: fn(f64) -> f64) -> Row {
        let of = |items: usize| seconds(items as f64) / items as f64;
        let grown = of(ITEMS[MANY]) / of(ITEMS[FEW]);
        Row::new(GROUP, "", Spread::exact(grown), "x")
            .beside("", Spread::exact(1.0), grown)
            .goal(Of::Ratio, Bound::AtMost(MOST))
    }

    #[test]
    fn work_that_grows_evenly_reaches_the_goal_and_any_that_grows_more_misses_it() {
        assert_eq!(row(|items| 3.0 * items + 50.0).reached, Some(true));
        assert_eq!(row(|items| items * items.ln()).reached, Some(false));
        assert_eq!(row(|items| items * items.sqrt()).reached, Some(false));
        assert_eq!(row(|items| items * items).reached, Some(false));
    }
}
