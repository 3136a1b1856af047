//! How cost grows with the size of the work: the same paths over 10 to 100,000 items, and the slope in a plot of both
//! logarithms. 1 is linear, 2 is quadratic.

use std::hint::black_box;

use anyhow::{Context, Result};
use bytes::Bytes;
use polyptych_bench::{messages, work};
use polyptych_wire_yandex::Encoding;

use crate::contest::{Contest, Effort, timed};
use crate::plot::{Line, Plot};
use crate::row::{Bound, Of, Row, Spread};

const GROUP: &str = "sizes";

const ITEMS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// What a body has more of.
const KILOBYTES: &str = "kB of an image";

/// From here on a path has left its fixed cost behind.
const LARGE: usize = 1_000;

/// What is done, what there is more of, and how it is made ready.
type Path<'a> = (&'static str, &'static str, &'a dyn Fn(usize) -> Result<Prepared>);

/// Work that is ready to be done as often as it is asked for.
type Prepared = Box<dyn FnMut() -> Result<()>>;

/// The rows, and what plots are made of.
pub(crate) fn run(effort: Effort) -> Result<(Vec<Row>, Vec<Line>)> {
    let encode = |encoding: Encoding| {
        move |items: usize| -> Result<Prepared> {
            let delete = work::delete(&messages::hashes(items));
            Ok(Box::new(move || work::encode_delete(encoding, &delete).map(|body| drop(black_box(body)))))
        }
    };
    let decode = |encoding: Encoding, document: fn(usize) -> String| {
        move |items: usize| -> Result<Prepared> {
            let document = document(items);
            Ok(Box::new(move || work::decode_get(encoding, document.as_bytes()).map(|answer| drop(black_box(answer)))))
        }
    };
    let page = |items: usize| -> Result<Prepared> {
        let document = messages::facebook_page(items);
        Ok(Box::new(move || work::decode_facebook(document.as_bytes()).map(|answer| drop(black_box(answer)))))
    };
    let base64 = |items: usize| -> Result<Prepared> {
        let body = work::base64_body(&Bytes::from(vec![7; items * 1_000]));
        Ok(Box::new(move || work::drain(&body).map(drop)))
    };
    let (delete_json, delete_soap) = (encode(Encoding::Json), encode(Encoding::Soap));
    let get_json = decode(Encoding::Json, messages::v5_get_json);
    let get_soap = decode(Encoding::Soap, messages::v5_get_soap);
    let paths: [Path<'_>; 6] = [
        ("encode delete, JSON", "hashes", &delete_json),
        ("encode delete, SOAP", "hashes", &delete_soap),
        ("decode get, JSON", "images", &get_json),
        ("decode get, SOAP", "images", &get_soap),
        ("decode Facebook page", "images", &page),
        ("base64 body", KILOBYTES, &base64),
    ];
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for (path, of, prepare) in paths {
        let work = ITEMS.iter().map(|items| prepare(*items)).collect::<Result<Vec<_>>>()?;
        let contest = Contest::run(effort, work.into_iter().map(|work| timed(effort, work)).collect())?;
        let micros = |index: usize| contest.seconds(index).map(|seconds| seconds.median * 1e6);
        let points = ITEMS.iter().enumerate().map(|(index, items)| Ok((*items as f64, micros(index)?)));
        let points = points.collect::<Result<Vec<_>>>()?;
        let large: Vec<_> = points.iter().copied().filter(|(items, _)| *items >= LARGE as f64).collect();
        let slope = slope(&large).context("sizes of which there are several")?;
        let figure = format!("{path}: slope from 1,000 to 100,000 {of}");
        rows.push(Row::new(GROUP, figure, Spread::exact(slope), "").goal(Of::This, Bound::AtMost(1.1)));
        all.push(match of {
            KILOBYTES => {
                let points = points.into_iter().map(|(kilobytes, micros)| (kilobytes * 1e3, micros)).collect();
                Line { plot: Plot::Bytes, name: path.to_owned(), points }
            }
            _ => Line { plot: Plot::Items, name: format!("{path}, {of}"), points },
        });
    }
    Ok((rows, all))
}

/// The slope of the line that lies nearest to the logarithms of both; nothing of fewer than two sizes.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<_> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let (x_mean, y_mean) =
        (logs.iter().map(|(x, _)| x).sum::<f64>() / count, logs.iter().map(|(_, y)| y).sum::<f64>() / count);
    let above: f64 = logs.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let below: f64 = logs.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    (below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_line_is_one_and_of_a_square_two() {
        let points = |power: i32| [10.0, 100.0, 1_000.0].map(|x: f64| (x, 3.0 * x.powi(power)));
        let close = |slope: Option<f64>, to: f64| slope.is_some_and(|slope| (slope - to).abs() < 1e-9);
        assert!(close(slope(&points(1)), 1.0) && close(slope(&points(2)), 2.0));
        assert_eq!(slope(&[(1.0, 1.0)]), None);
    }
}
