//! Rows as a table, or, where a table would have to break a word, each as a block of lines: an id or a path that is broken over
//! two lines cannot be copied.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};
use unicode_width::UnicodeWidthStr;

use super::{visible, wrapped};

/// What a cell has around it.
const AROUND: usize = 2;
/// The least that is shown of a cell that is cut.
const SHORTEST: usize = 12;
/// What is shown of its end.
const END: usize = 4;
/// With what a value begins that does not fit beside its label.
const INDENT: usize = 2;

/// Rows under their heads, of at most `width` columns; a column in which no row has anything is left out. What is too wide is
/// broken between words, save in the column `cut`, whose texts first lose what is between their beginning and their end. Where
/// words do not fit, each row is a block with a line for each cell that is not empty, and whole texts.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>], cut: Option<usize>, width: Option<usize>) -> String {
    let used: Vec<_> = (0..head.len()).filter(|column| rows.iter().any(|row| !row[*column].is_empty())).collect();
    let head: Vec<_> = used.iter().map(|column| head[*column]).collect();
    let rows: Vec<Vec<_>> = rows.iter().map(|row| used.iter().map(|column| visible(&row[*column])).collect()).collect();
    let (head, cut) = (head.as_slice(), cut.and_then(|cut| used.iter().position(|column| *column == cut)));
    let Some(width) = width else { return laid_out(head, &rows, None).trim_fmt() };
    let shown = match cut {
        Some(cut) => shortened(head, rows.clone(), cut, width),
        None => rows.clone(),
    };
    let least: Vec<_> = (0..head.len()).map(|column| AROUND + widest(head, &shown, column, words)).collect();
    match least.iter().sum::<usize>() <= width {
        true => laid_out(head, &shown, Some((width, &least))).trim_fmt(),
        false => rows.iter().map(|row| block(head, row, width)).collect::<Vec<_>>().join("\n"),
    }
}

/// A table without lines; of a width, whose columns have at least so many columns of the terminal each.
fn laid_out(head: &[&str], rows: &[Vec<String>], widths: Option<(usize, &[usize])>) -> Table {
    let narrow = |width: usize| u16::try_from(width).unwrap_or(u16::MAX);
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(head.iter().map(|head| (*head).to_owned())).add_rows(rows.to_vec());
    if let Some((width, least)) = widths {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(narrow(width));
        let bounds = least.iter().map(|least| ColumnConstraint::LowerBoundary(Width::Fixed(narrow(*least))));
        table.set_constraints(bounds);
    }
    table
}

/// A row with a line for each cell that is not empty: its label, and its text beside it, or below where it does not fit there.
fn block(head: &[&str], row: &[String], width: usize) -> String {
    let labels = AROUND + head.iter().map(|label| label.width()).max().unwrap_or(0);
    let mut block = String::new();
    for (label, cell) in head.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
        let longest = words(cell).map(UnicodeWidthStr::width).max().unwrap_or(0);
        let beside = labels + longest <= width;
        let indent = match (beside, INDENT + longest <= width) {
            (true, _) => labels,
            (false, true) => INDENT,
            (false, false) => 0,
        };
        let lines = cell.lines().flat_map(|line| wrapped(line, width - indent, 0));
        let text = lines.map(|line| format!("{:indent$}{line}\n", "")).collect::<String>();
        match text.get(label.len()..).filter(|_| beside) {
            Some(rest) => block.push_str(&format!("{label}{rest}")),
            None => block.push_str(&format!("{label}\n{text}")),
        }
    }
    block
}

/// Rows whose texts in the column `cut` leave room for the others.
fn shortened(head: &[&str], mut rows: Vec<Vec<String>>, cut: usize, width: usize) -> Vec<Vec<String>> {
    let others = (0..head.len()).filter(|column| *column != cut).map(|column| widest(head, &rows, column, str::lines));
    let left = width.saturating_sub(others.sum::<usize>() + AROUND * head.len()).max(SHORTEST);
    rows.iter_mut().filter_map(|row| row.get_mut(cut)).for_each(|cell| *cell = elided(cell, left));
    rows
}

/// The columns of the terminal that the widest part of a column's texts takes.
fn widest<'t, P: Iterator<Item = &'t str>>(
    head: &[&'t str],
    rows: &'t [Vec<String>],
    column: usize,
    parts: fn(&'t str) -> P,
) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
    let texts = cells.chain(head.get(column).copied());
    texts.flat_map(parts).map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// What the lines of a cell may be broken into.
fn words(text: &str) -> std::str::Split<'_, [char; 2]> {
    text.split([' ', '\n'])
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

    const ID: &str = "5e46f8de-ec4f-4f87-85de-337b88fa2bdd";
    const HEAD: [&str; 3] = ["operation", "what", "created"];

    fn rows() -> Vec<Vec<String>> {
        let row = |what: &str| [ID, what, "2026-01-31 12:00:00"].map(str::to_owned).to_vec();
        vec![row("a picture of the sea"), row("")]
    }

    fn widest_line(text: &str) -> usize {
        text.lines().map(UnicodeWidthStr::width).max().unwrap()
    }

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
        let whole = table(&head, &rows, Some(1), None);
        assert!(whole.contains("0123456789abcdef0123456789abcdef"), "{whole}");
        let narrow = table(&head, &rows, Some(1), Some(40));
        assert!(narrow.contains("…cdef") && narrow.lines().count() == 2, "{narrow}");
    }

    #[test]
    fn a_table_is_broken_between_words_alone_whatever_its_width() {
        for width in 36..120 {
            let text = table(&HEAD, &rows(), None, Some(width));
            assert!(widest_line(&text) <= width, "{width}\n{text}");
            let words = ["picture", "2026-01-31", "12:00:00"];
            assert!(text.matches(ID).count() == 2 && words.iter().all(|word| text.contains(word)), "{width}\n{text}");
        }
        let wide = table(&HEAD, &rows(), None, Some(85));
        assert_eq!(wide.lines().count(), 3, "{wide}");
        let narrow = table(&HEAD, &rows(), None, Some(70));
        assert!(narrow.starts_with(" operation") && narrow.lines().count() > 3, "{narrow}");
    }

    #[test]
    fn a_row_whose_words_do_not_fit_is_a_block_without_empty_cells() {
        let text = table(&HEAD, &rows(), None, Some(50));
        let lines: Vec<_> = text.lines().collect();
        let id = format!("operation  {ID}");
        let created = "created    2026-01-31 12:00:00";
        assert_eq!(lines, [&id, "what       a picture of the sea", created, "", &id, created]);
        let below = table(&HEAD, &rows(), None, Some(40));
        assert!(below.starts_with(&format!("operation\n  {ID}\nwhat       a picture of the sea\n")), "{below}");
        // What no line has room for is left to the terminal.
        let narrowest = table(&HEAD, &rows(), None, Some(20));
        let others: Vec<_> =
            rows().into_iter().map(|row| vec![row[0].clone(), String::new(), row[2].clone()]).collect();
        let unused = table(&HEAD, &others, None, None);
        assert!(!unused.contains("what") && unused.contains("12:00:00"), "{unused}");
        assert!(
            narrowest.starts_with(&format!("operation\n{ID}\nwhat       a picture\n           of the")),
            "{narrowest}"
        );
    }
}
