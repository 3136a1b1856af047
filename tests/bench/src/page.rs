//! `docs/performance.md`: a template whose words are written by hand and whose figures are those of a run. Why a figure is
//! missed is written by hand, too, in a file of its own, and shown where it is.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;

use crate::groups::Group;
use crate::machine::Machine;
use crate::row::Row;
use crate::table::{self, HEADS};

/// The words.
pub(crate) const TEMPLATE: &str = include_str!("../performance.md");

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// Why figures are missed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explanations {
    missed: Vec<Explanation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    /// How the figure begins.
    figure: String,
    /// What limits it, and how that is known; Markdown.
    why: String,
}

impl Explanations {
    /// Those that were written.
    ///
    /// # Errors
    /// If the file is not of this shape.
    pub(crate) fn written() -> Result<Self> {
        Self::parse(include_str!("../missed.toml"))
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("what explains missed figures cannot be read")
    }

    fn of(&self, row: &Row) -> Option<&str> {
        let found = self.missed.iter().find(|explanation| row.figure.starts_with(&explanation.figure));
        found.map(|explanation| explanation.why.trim())
    }

    /// The missed figures that nobody has explained.
    pub(crate) fn lacking<'a>(&self, rows: &'a [Row]) -> Vec<&'a str> {
        missed(rows).filter(|row| self.of(row).is_none()).map(|row| row.figure.as_str()).collect()
    }

    /// A paragraph for each figure that is missed.
    fn markdown(&self, rows: &[Row]) -> String {
        let mut text = String::new();
        for row in missed(rows) {
            let [figure, this, _, beside, ratio, goal, _] = table::cells(row);
            let beside = if ratio.is_empty() { String::new() } else { format!(", {ratio} x {beside}") };
            let why = self.of(row).unwrap_or("Not explained yet.");
            // Writing to a string does not fail.
            let _ = write!(text, "**{figure}**: {this}{beside}; to reach: {goal}.\n{why}\n\n");
        }
        if text.is_empty() { "None.".to_owned() } else { text.trim_end().to_owned() }
    }
}

fn missed(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| row.reached == Some(false))
}

/// What a page is made of.
#[derive(Debug)]
pub(crate) struct Figures<'a> {
    /// Where it was measured.
    pub(crate) machine: &'a Machine,
    /// How it was measured, in a few words.
    pub(crate) run: &'a str,
    /// What was measured.
    pub(crate) rows: &'a [Row],
    /// Why some of it is missed.
    pub(crate) explanations: &'a Explanations,
}

/// Puts the figures into the words: `{{machine}}`, `{{run}}`, `{{count}}`, `{{missed}}`, and `{{rows GROUP}}` for a table of a
/// group.
///
/// # Errors
/// If the template asks for something else.
pub(crate) fn fill(template: &str, figures: &Figures<'_>) -> Result<String> {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, after) = after.split_once(CLOSE).context("a place of the template that is not closed")?;
        page.push_str(before);
        match name.split_once(' ') {
            None if name == "machine" => page.push_str(&figures.machine.to_string()),
            None if name == "run" => page.push_str(figures.run),
            None if name == "count" => page.push_str(&table::last_line(figures.rows)),
            None if name == "missed" => page.push_str(&figures.explanations.markdown(figures.rows)),
            Some(("rows", group)) if Group::from_str(group, false).is_ok() => {
                page.push_str(&markdown(group, figures.rows));
            }
            _ => bail!("the template asks for `{name}`"),
        }
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

fn markdown(group: &str, rows: &[Row]) -> String {
    let mut of_group = rows.iter().filter(|row| row.group == group).peekable();
    if of_group.peek().is_none() {
        return "Not measured in this run: what it needs is not installed.".to_owned();
    }
    let mut text = format!("| {} |\n|---|--:|--:|---|--:|---|---|", HEADS.join(" | "));
    for row in of_group {
        // Writing to a string does not fail.
        let _ = write!(text, "\n| {} |", table::cells(row).join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Bound, Of, Spread};

    fn filled(template: &str, rows: &[Row]) -> Result<String> {
        let explanations = Explanations::parse("[[missed]]\nfigure = \"decode\"\nwhy = \"Texts are owned.\"\n")?;
        let machine = Machine::look();
        fill(template, &Figures { machine: &machine, run: "a run", rows, explanations: &explanations })
    }

    fn decode(most: f64) -> Row {
        Row::new("codec", "decode of much", Spread::exact(2.0), "ms").goal(Of::This, Bound::AtMost(most))
    }

    #[test]
    fn figures_go_to_their_places() {
        let page = filled("a\n{{rows codec}}\nb {{run}}", &[decode(3.0)]).expect("a page");
        assert!(page.starts_with("a\n| figure | this |"), "{page}");
        assert!(page.ends_with("| decode of much | 2 ms |  |  |  | <= 3 ms | yes |\nb a run"), "{page}");
    }

    #[test]
    fn a_group_without_a_row_is_told_and_one_that_there_is_not_refused() {
        assert!(filled("{{rows load}}", &[]).expect("a page").starts_with("Not measured"));
        let error = filled("{{rows lode}}", &[]).expect_err("no group");
        assert_eq!(error.to_string(), "the template asks for `rows lode`");
    }

    #[test]
    fn a_missed_figure_stands_with_its_explanation_and_others_do_not() {
        let page = filled("{{missed}}", &[decode(1.0)]).expect("a page");
        assert_eq!(page, "**decode of much**: 2 ms; to reach: <= 1 ms.\nTexts are owned.");
        assert_eq!(filled("{{missed}}", &[decode(3.0)]).expect("a page"), "None.");
    }

    #[test]
    fn a_missed_figure_without_explanation_is_found() {
        let explanations = Explanations::parse("missed = []").expect("none");
        assert_eq!(explanations.lacking(&[decode(3.0), decode(1.0)]), ["decode of much"]);
    }

    #[test]
    fn every_group_has_its_place_on_the_page_and_every_explanation_is_readable() {
        for group in Group::value_variants() {
            let name = group.to_possible_value().expect("a name");
            assert!(TEMPLATE.contains(&format!("{{{{rows {}}}}}", name.get_name())), "{name:?}");
        }
        Explanations::written().expect("our own text");
    }

    #[test]
    fn the_page_has_the_words_of_the_template() {
        let mut page = include_str!("../../../docs/performance.md");
        for part in TEMPLATE.split(OPEN) {
            let words = part.split_once(CLOSE).map_or(part, |(_, words)| words);
            let at = page.find(words);
            let at =
                at.unwrap_or_else(|| panic!("docs/performance.md is older than its template, which says: {words}"));
            page = &page[at + words.len()..];
        }
    }
}
