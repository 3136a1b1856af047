//! The rows for people: a table that fits 80 columns, and a last line that counts.

use comfy_table::{CellAlignment, ContentArrangement, Row as Line, Table, presets::NOTHING};

use crate::row::{Bound, Of, Row};

/// Columns of a terminal.
const WIDTH: u16 = 80;

/// What a column tells.
pub(crate) const HEADS: [&str; 7] = ["figure", "this", "±", "beside", "ratio", "to reach", "reached"];

/// What a row tells in each column.
pub(crate) fn cells(row: &Row) -> [String; 7] {
    let unit = |value: f64| format!("{} {}", short(value), row.unit).trim_end().to_owned();
    let (beside, ratio) = match &row.beside {
        None => Default::default(),
        Some(beside) => match (beside.value, beside.ratio) {
            (Some(value), Some(ratio)) => (format!("{}: {}", beside.name, unit(value.median)), short(ratio)),
            _ => (format!("{}: absent", beside.name), String::new()),
        },
    };
    let goal = row.goal.map(|(of, bound)| {
        let (sign, value) = match bound {
            Bound::AtMost(most) => ("<=", most),
            Bound::AtLeast(least) => (">=", least),
        };
        match of {
            Of::This => format!("{sign} {}", unit(value)),
            Of::Ratio => format!("{sign} {} x", short(value)),
        }
    });
    let reached = match (row.goal, row.reached) {
        (_, Some(true)) => "yes",
        (_, Some(false)) => "NO",
        (Some(_), None) => "?",
        (None, None) => "",
    };
    let percent = match row.this.percent() {
        percent if percent > 0.0 => format!("{percent:.0}%"),
        // What is counted, and what is nothing.
        _ => String::new(),
    };
    [row.figure.clone(), unit(row.this.median), percent, beside, ratio, goal.unwrap_or_default(), reached.to_owned()]
}

/// The table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(HEADS);
    for row in rows {
        table.add_row(Line::from(cells(row)));
    }
    for index in [1, 2, 4] {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for index in 0..HEADS.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 1));
        }
    }
    table.trim_fmt()
}

/// The last line: how many figures have a goal, and how many of those are reached.
pub(crate) fn last_line(rows: &[Row]) -> String {
    let count = |wanted: Option<bool>| rows.iter().filter(|row| row.goal.is_some() && row.reached == wanted).count();
    let (reached, missed, open) = (count(Some(true)), count(Some(false)), count(None));
    let absent = if open == 0 { String::new() } else { format!(", {open} without their peer") };
    format!(
        "bench: {} figures to reach, {reached} reached, {missed} missed{absent}; {} rows in all",
        reached + missed + open,
        rows.len()
    )
}

/// Three figures that count.
pub(crate) fn short(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        ..0.01 => 4,
        ..1.0 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Spread;

    fn long() -> Row {
        Row::new("codec", "a figure with rather more words than a narrow column can take", Spread::exact(12.5), "ms")
            .beside("a peer with a long name", Spread::exact(50.0), 0.25)
            .goal(Of::Ratio, Bound::AtMost(0.5))
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let text = table(&[long()]);
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(WIDTH)), "{text}");
    }

    #[test]
    fn a_row_tells_its_peer_its_ratio_and_its_goal() {
        let [_, this, _, beside, ratio, goal, reached] = cells(&long());
        let told = [this.as_str(), &beside, &ratio, &goal, &reached];
        assert_eq!(told, ["12.5 ms", "a peer with a long name: 50 ms", "0.25", "<= 0.5 x", "yes"]);
    }

    #[test]
    fn the_last_line_counts_both_and_what_could_not_be_compared() {
        let missed = long().goal(Of::This, Bound::AtMost(1.0));
        let open =
            Row::new("codec", "x", Spread::exact(1.0), "").beside_absent("y").goal(Of::Ratio, Bound::AtLeast(1.0));
        let orientation = Row::new("codec", "z", Spread::exact(1.0), "");
        assert_eq!(
            last_line(&[long(), missed, open, orientation]),
            "bench: 3 figures to reach, 1 reached, 1 missed, 1 without their peer; 4 rows in all"
        );
    }

    #[test]
    fn figures_have_three_digits_that_count() {
        assert_eq!([0.0, 0.0852, 0.5, 6.123, 42.26, 1234.5].map(short), ["0", "0.085", "0.5", "6.12", "42.3", "1234"]);
    }
}
