//! A picture on its way into a request body.

use anyhow::Result;
use bytes::Bytes;
use polyptych_bench::{floors, work};

use crate::contest::{Contest, Effort, timed};
use crate::row::{Bound, Of, Row};

const GROUP: &str = "body";

/// Bytes of the picture.
const PICTURE: usize = 10_000_000;

/// The rows.
pub(crate) fn run(effort: Effort) -> Result<Vec<Row>> {
    let mut random = fastrand::Rng::with_seed(10);
    let mut picture = vec![0; PICTURE];
    random.fill(&mut picture);
    let picture = Bytes::from(picture);
    let body = work::base64_body(&picture);
    let mut copy = vec![0; PICTURE];
    let contest = Contest::run(
        effort,
        vec![
            timed(effort, || work::drain(&body).map(drop)),
            timed(effort, || {
                floors::copy(&picture, &mut copy);
                Ok(())
            }),
        ],
    )?;
    let rate = |contender: usize| contest.seconds(contender).map(|seconds| seconds.rate(PICTURE as f64 / 1e9));
    let row = Row::new(GROUP, "base64 of a 10 MB image into a request body", rate(0)?, "GB/s")
        .beside("memory copy", rate(1)?, contest.ratio(1, 0)?)
        .goal(Of::This, Bound::AtLeast(8.0));
    Ok(vec![row])
}
