//! The demo's table: one row per library.

use comfy_table::{Table, presets::NOTHING};
use polyptych::proto::v1;

use super::round::Round;

/// Library, encoding, what was sent, the id that the library gave, the result.
pub(super) fn of(rounds: &[Round]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["library", "encoding", "sent", "id", "result"]);
    for round in rounds {
        let (sent, id) = match &round.uploaded {
            Some(uploaded) => {
                (uploaded.sent.as_ref().map(sent).unwrap_or_default(), uploaded.image.as_ref().map(|image| &*image.uid))
            }
            None => (String::new(), None),
        };
        let id = id.unwrap_or_default().to_owned();
        let library = round.library.name.trim_start_matches("libraries/").to_owned();
        let result = round.result.clone().map_or_else(|error| error, |()| "ok".to_owned());
        table.add_row([library, round.library.encoding.clone(), sent, id, result]);
    }
    table
}

fn sent(sent: &v1::SentImage) -> String {
    let format = sent.media_type.trim_start_matches("image/").to_uppercase();
    let size = sent.size.unwrap_or_default();
    let how = if sent.fitted { "fitted" } else { "as it is" };
    format!("{format} {}x{}, {} bytes, {how}", size.width, size.height, sent.size_bytes)
}
