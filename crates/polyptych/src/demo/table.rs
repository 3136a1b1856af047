//! The demo's table: one row per library.

use comfy_table::{Table, presets::NOTHING};
use polyptych::proto::v1;

use super::round::Round;

/// Library, encoding, what was sent, the id that the library gave, the result.
pub(super) fn of(rounds: &[Round]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["library", "encoding", "sent", "id", "result"]);
    for round in rounds {
        let published = round.published.as_ref();
        let sent = published.and_then(|published| published.sent.as_ref()).map(sent).unwrap_or_default();
        let id =
            published.and_then(|published| published.image.as_ref()).map(|image| image.uid.clone()).unwrap_or_default();
        let library = round.library.name.trim_start_matches("libraries/").to_owned();
        let result = round.result.clone().map_or_else(|error| error, |()| "ok".to_owned());
        table.add_row([library, round.library.encoding.clone(), sent, id, result]);
    }
    table
}

fn sent(sent: &v1::SentImage) -> String {
    let format = sent.media_type.trim_start_matches("image/").to_uppercase();
    let how = if sent.fitted { "fitted" } else { "as it is" };
    let v1::Pixels { width, height } = sent.size.unwrap_or_default();
    format!("{format} {width}x{height}, {} bytes, {how}", sent.size_bytes)
}
