//! The demo's table: one row per library, as wide as the terminal at most, or 80 columns where there is none.

use indicatif::BinaryBytes;
use polyptych::proto::v1;

use super::round::Round;
use crate::output;

/// Columns where nobody says how many there are.
const WIDTH: usize = 80;
/// The column of the id that the library gave.
const ID: usize = 2;

/// Library, what was sent, the id that the library gave, the result.
pub(super) fn of(rounds: &[Round]) -> String {
    let rows: Vec<_> = rounds.iter().map(row).collect();
    output::table(&["library", "sent", "id", "result"], &rows, Some(ID), Some(output::width().unwrap_or(WIDTH)))
}

fn row(round: &Round) -> Vec<String> {
    let published = round.published.as_ref();
    let sent = published.and_then(|published| published.sent.as_ref()).map(sent).unwrap_or_default();
    let id =
        published.and_then(|published| published.image.as_ref()).map(|image| image.uid.clone()).unwrap_or_default();
    let library = round.library.name.trim_start_matches("libraries/").to_owned();
    let result = round.result.clone().map_or_else(|error| error, |()| "ok".to_owned());
    vec![library, sent, id, result]
}

fn sent(sent: &v1::SentImage) -> String {
    let format = sent.media_type.trim_start_matches("image/").to_uppercase();
    let how = if sent.fitted { "fitted" } else { "as it is" };
    let v1::Pixels { width, height } = sent.size.unwrap_or_default();
    format!("{format} {width}x{height}, {}, {how}", BinaryBytes(sent.size_bytes.unsigned_abs()))
}
