//! The report as text, for people: what was compared, each difference with both places, and the counts.

use std::fmt::Write as _;

use super::{Difference, Report};
use crate::Inputs;
use crate::ir::Origin;
use crate::source::lines::line_of;
use crate::structure::Side;

pub(super) fn report(report: &Report, stored: &Inputs, published: &Inputs, folder: &str) -> String {
    let mut text = String::new();
    let places = Places { stored, published, folder };
    for check in &report.checks {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}: {} compared", check.name, check.compared.len());
        for name in &check.compared {
            let _ = writeln!(text, "  = {name}");
        }
        for what in &check.left_out {
            let _ = writeln!(text, "  - left out: {what}");
        }
        for (origin, reason) in &check.overlays {
            let _ = writeln!(text, "  + overlay {}: {reason}", places.of(origin));
        }
        for error in &check.broken {
            let _ = writeln!(text, "  ! {error}");
        }
        for difference in &check.differences {
            text += &self::difference(difference, &places);
        }
    }
    let compared: usize = report.checks.iter().map(|check| check.compared.len()).sum();
    let all: usize = report.checks.iter().map(|check| check.differences.len()).sum();
    let unexplained = report.unexplained().count();
    let broken: usize = report.checks.iter().map(|check| check.broken.len()).sum();
    let _ = writeln!(
        text,
        "{} documents, {compared} types, operations and samples compared; {} overlays; {all} differences, {} of them \
         explained by an overlay, {unexplained} unexplained; {broken} overlays that do not hit",
        report.checks.len(),
        report.overlays(),
        all - unexplained,
    );
    text
}

fn difference(difference: &Difference, places: &Places<'_>) -> String {
    let change = &difference.change;
    let side = |side: &Option<Side>| match side {
        Some(side) => format!("{} ({})", side.says, places.of(&side.origin)),
        None => "nothing".to_owned(),
    };
    let mut text = format!(
        "  ! {}, {}: stored {}, published {}\n",
        change.node,
        change.aspect,
        side(&change.old),
        side(&change.new)
    );
    if let Some((origin, reason)) = &difference.explained {
        let _ = writeln!(text, "    explained by {}: {reason}", places.of(origin));
    }
    text
}

struct Places<'a> {
    stored: &'a Inputs,
    published: &'a Inputs,
    folder: &'a str,
}

impl Places<'_> {
    fn of(&self, origin: &Origin) -> String {
        let (folder, content) = match (self.stored.get(&origin.file), self.published.get(&origin.file)) {
            (Some(content), _) => ("schemas", Some(content)),
            (None, Some(content)) => (self.folder, Some(content)),
            (None, None) => ("", None),
        };
        let line = content.filter(|_| origin.place.is_empty() || origin.place.starts_with('/'));
        let place = match line.and_then(|content| line_of(content, &origin.place)) {
            Some(line) => line.to_string(),
            None => origin.place.clone(),
        };
        format!("{}/{}:{place}", folder.trim_end_matches('/'), origin.file)
    }
}
