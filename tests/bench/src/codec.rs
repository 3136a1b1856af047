//! Encoding requests and decoding answers, beside the crates below and a copy of the same bytes.

use std::hint::black_box;

use anyhow::{Result, ensure};
use polyptych_bench::{floors, messages, work};
use polyptych_wire_yandex::Encoding;

use crate::contest::{Contest, Effort, timed};
use crate::row::{Bound, Of, Row};

const GROUP: &str = "codec";

/// Hashes of a request and images of an answer.
const MANY: usize = 10_000;

/// The rows.
pub(crate) fn run(effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    rows.extend(encode(effort, "JSON", Encoding::Json, "serde_json", floors::delete_json)?);
    rows.extend(encode(effort, "SOAP", Encoding::Soap, "quick-xml Writer", floors::delete_soap)?);
    rows.extend(decode_json(effort)?);
    rows.extend(decode_soap(effort)?);
    Ok(rows)
}

fn encode(
    effort: Effort,
    name: &str,
    encoding: Encoding,
    peer: &str,
    written: fn(&[String]) -> Result<Vec<u8>>,
) -> Result<Vec<Row>> {
    let hashes = messages::hashes(MANY);
    let delete = work::delete(&hashes);
    let body = work::encode_delete(encoding, &delete)?.plain().unwrap_or_default();
    let by_peer = written(&hashes)?;
    ensure!(body.len().abs_diff(by_peer.len()) < 400, "{peer} writes {}, not {} bytes", by_peer.len(), body.len());
    let mut copy = vec![0; body.len()];
    let contest = Contest::run(
        effort,
        vec![
            timed(effort, || work::encode_delete(encoding, black_box(&delete)).map(|body| drop(black_box(body)))),
            timed(effort, || {
                floors::copy(&body, &mut copy);
                Ok(())
            }),
            timed(effort, || written(black_box(&hashes)).map(|text| drop(black_box(text)))),
        ],
    )?;
    let figure = format!("encode delete of 10,000 hashes, {name}, {:.2} MB", body.len() as f64 / 1e6);
    let row = |beside: &str, contender: usize| -> Result<Row> {
        let this = Row::new(GROUP, &figure, contest.millis(0)?, "ms");
        Ok(this.beside(beside, contest.millis(contender)?, contest.ratio(0, contender)?))
    };
    Ok(vec![row("memcpy", 1)?.goal(Of::This, Bound::AtMost(0.1)), row(peer, 2)?])
}

/// An answer of that size has come before, piece by piece, and is gone: as in a program that is not at its first. Without that
/// the allocator of glibc gives back what a repetition has used, and each one asks the kernel for all of its pages again.
fn come_before(document: &str) {
    let mut body = Vec::new();
    document.as_bytes().chunks(16 << 10).for_each(|piece| body.extend_from_slice(piece));
    drop(black_box(body));
}

fn decode_json(effort: Effort) -> Result<Vec<Row>> {
    let document = messages::v5_get_json(MANY);
    come_before(&document);
    ensure!(work::decode_get(Encoding::Json, document.as_bytes())?.ad_images.len() == MANY, "images are lost");
    ensure!(floors::get_json(&document)?.size() == (MANY, 10_000), "the floor loses images");
    let contest = Contest::run(
        effort,
        vec![
            timed(effort, || {
                work::decode_get(Encoding::Json, black_box(document.as_bytes())).map(|answer| drop(black_box(answer)))
            }),
            timed(effort, || floors::get_json(black_box(&document)).map(|answer| drop(black_box(answer)))),
        ],
    )?;
    let figure = format!("decode get of 10,000 images, JSON, {:.1} MB", document.len() as f64 / 1e6);
    let row = Row::new(GROUP, figure, contest.millis(0)?, "ms")
        .beside("serde_json borrowed", contest.millis(1)?, contest.ratio(0, 1)?)
        .goal(Of::Ratio, Bound::AtMost(1.4));
    Ok(vec![row])
}

fn decode_soap(effort: Effort) -> Result<Vec<Row>> {
    let document = messages::v5_get_soap(MANY);
    come_before(&document);
    ensure!(work::decode_get(Encoding::Soap, document.as_bytes())?.ad_images.len() == MANY, "images are lost");
    let contest = Contest::run(
        effort,
        vec![
            timed(effort, || {
                work::decode_get(Encoding::Soap, black_box(document.as_bytes())).map(|answer| drop(black_box(answer)))
            }),
            timed(effort, || floors::xml_events(black_box(&document)).map(|elements| _ = black_box(elements))),
        ],
    )?;
    let figure = format!("decode get of 10,000 images, SOAP, {:.1} MB", document.len() as f64 / 1e6);
    let row = Row::new(GROUP, figure, contest.millis(0)?, "ms")
        .beside("quick-xml events", contest.millis(1)?, contest.ratio(0, 1)?)
        .goal(Of::Ratio, Bound::AtMost(1.6));
    Ok(vec![row])
}
