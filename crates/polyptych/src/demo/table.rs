//! The demo's table: one row per library.

use comfy_table::{Table, presets::NOTHING};
use polyptych::domain::Sent;

use super::round::Round;

/// Library, encoding, what was sent, the id that the library gave, the result.
pub(super) fn of(rounds: &[Round]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["library", "encoding", "sent", "id", "result"]);
    for round in rounds {
        let sent = round.published.as_ref().map(|receipt| sent(&receipt.sent)).unwrap_or_default();
        let id = round.published.as_ref().map(|receipt| receipt.image.id.to_string()).unwrap_or_default();
        let library = round.library.name.trim_start_matches("libraries/").to_owned();
        let result = round.result.clone().map_or_else(|error| error, |()| "ok".to_owned());
        table.add_row([library, round.library.encoding.clone(), sent, id, result]);
    }
    table
}

fn sent(sent: &Sent) -> String {
    let format = sent.format.media_type().trim_start_matches("image/").to_uppercase();
    let how = if sent.fitted { "fitted" } else { "as it is" };
    format!("{format} {}, {} bytes, {how}", sent.pixels, sent.bytes)
}
