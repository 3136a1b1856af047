//! What the user pays: calls and points of bringing a thousand pictures to each library, beside a client that sends one per
//! call and checks nothing. `tests/cost` counts it; it is the same in every run.

use anyhow::Result;
use polyptych_cost::{Amounts, compare, grouped};

use crate::plot::{Line, Plot};
use crate::row::{Bound, Of, Row, Spread};

const GROUP: &str = "cost";

/// Images of a call, one by one to as many as are allowed.
const PER_CALL: [u32; 5] = [1, 3, 10, 30, 100];

/// The rows, and how cost falls with the images of a call. Some of the pictures are there already and some break the rules:
/// nothing is to be paid for those.
pub(crate) async fn run(pictures: u32) -> Result<(Vec<Row>, Vec<Line>)> {
    let share = |part: u32| part * pictures / Amounts::FULL.pictures;
    let amounts = Amounts { pictures, present: share(Amounts::FULL.present), broken: share(Amounts::FULL.broken) };
    let missing = f64::from(amounts.missing()) / f64::from(pictures);
    // A run of fewer is told as if it were of a thousand.
    let thousand = |count: u64| count as f64 * 1e3 / f64::from(pictures);
    let mut rows = Vec::new();
    for row in compare(amounts).await? {
        let beside = |what: &str, unit, ours: u64, plain: u64, units: f64| {
            let (ours, plain) = (thousand(ours) / units, thousand(plain) / units);
            let this =
                Row::new(GROUP, format!("{}: {what} per 1,000 pictures", row.library), Spread::exact(ours), unit);
            this.beside("one per call, unchecked", Spread::exact(plain), ours / plain)
        };
        let goal = |row: Row| row.goal(Of::Ratio, Bound::AtMost(missing));
        // At Evotor ours looks first whether a product is empty, and the other client is taken to look at nothing.
        if !row.library.starts_with("evotor") {
            rows.push(goal(beside("calls", "", row.ours.calls, row.plain.calls, 1.0)));
        }
        if row.plain.points > 0 {
            rows.push(goal(beside("points", "", row.ours.points, row.plain.points, 1.0)));
        }
        // Pictures that are cut off are smaller than the rest, so that no share of the bytes is promised.
        rows.push(beside("sent", "MB", row.ours.bytes, row.plain.bytes, 1e6));
    }
    let [mut calls, mut points] = [Vec::new(), Vec::new()];
    for per_call in PER_CALL {
        let cost = grouped(pictures, per_call).await?;
        calls.push((f64::from(per_call), thousand(cost.calls)));
        points.push((f64::from(per_call), thousand(cost.points)));
    }
    let line = |name: &str, points| Line { plot: Plot::PerCall, name: name.to_owned(), points };
    Ok((rows, vec![line("calls, Yandex v5", calls), line("points, Yandex v5", points)]))
}
