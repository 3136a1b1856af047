//! What the program prints. It never fails because its reader has gone: `polyptych demo | head -1` is no error.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use terminal_size::{Width, terminal_size_of};

/// What a cell has around it.
const AROUND: usize = 2;
/// The least that is shown of a cell that is cut.
const SHORTEST: usize = 12;
/// What is shown of its end.
const END: usize = 4;

/// Writes lines to standard output at once, so that a reader at the other end of a pipe sees them.
///
/// # Errors
/// If they cannot be written for another reason than a closed pipe.
pub(crate) fn print(lines: impl std::fmt::Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{lines}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The columns that lines may have: those of the terminal that standard output is, else what `COLUMNS` says, if it is set.
pub(crate) fn width() -> Option<usize> {
    let terminal = terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width));
    terminal.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// Rows under their heads, of at most `width` columns. What is too wide is broken into lines of its cell, save in the column
/// `cut`, whose texts first lose what is between their beginning and their end.
pub(crate) fn table(head: &[&str], mut rows: Vec<Vec<String>>, cut: Option<usize>, width: Option<usize>) -> String {
    if let (Some(cut), Some(width)) = (cut, width) {
        let widest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.lines());
            cells.chain(head.get(column).copied()).map(|line| line.chars().count()).max().unwrap_or(0)
        };
        let others: usize =
            (0..head.len()).map(|column| if column == cut { AROUND } else { widest(column) + AROUND }).sum();
        let left = width.saturating_sub(others).max(SHORTEST);
        rows.iter_mut().filter_map(|row| row.get_mut(cut)).for_each(|cell| *cell = elided(cell, left));
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(head.iter().map(|head| (*head).to_owned()));
    if let Some(width) = width {
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.add_rows(rows);
    table.trim_fmt()
}

/// At most `most` characters of a text, those of its beginning and of its end.
fn elided(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let end = END.min(most.saturating_sub(1));
    let begin = text.chars().take(most.saturating_sub(end + 1));
    begin.chain(['…']).chain(text.chars().skip(length - end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_by_its_beginning_and_end() {
        assert_eq!(elided("0123456789abcdef", 12), "0123456…cdef");
        assert_eq!(elided("0123456789ab", 12), "0123456789ab");
        assert_eq!(elided("абвгд", 3), "…гд");
    }

    #[test]
    fn a_table_keeps_to_its_width_by_cutting_one_column_before_it_breaks_others() {
        let rows = vec![vec!["banner.png".to_owned(), "0123456789abcdef0123456789abcdef".to_owned(), "ok".to_owned()]];
        let head = ["picture", "image", "result"];
        let whole = table(&head, rows.clone(), Some(1), None);
        assert!(whole.contains("0123456789abcdef0123456789abcdef"), "{whole}");
        let narrow = table(&head, rows.clone(), Some(1), Some(40));
        assert!(narrow.contains("…cdef") && narrow.lines().count() == 2, "{narrow}");
        let narrowest = table(&head, rows, Some(1), Some(20));
        assert!(narrowest.lines().all(|line| line.chars().count() <= 20), "{narrowest}");
    }
}
