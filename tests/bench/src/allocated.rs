//! Allocations per item, counted by a program of their own, and beside them what the test holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use polyptych_bench::allocations::{Baseline, Share};

use crate::row::{Bound, Of, Row, Spread};

const GROUP: &str = "allocations";

/// The rows. The program lies in `programs`.
pub(crate) fn run(programs: &Path) -> Result<Vec<Row>> {
    let program = programs.join("polyptych-allocations").with_extension(std::env::consts::EXE_EXTENSION);
    let run = Command::new(&program).output().with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(run.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&run.stderr));
    let counted: BTreeMap<String, Share> = serde_json::from_slice(&run.stdout).context("what it counted")?;
    let held = Baseline::parse(include_str!("../allocations.toml"))?;
    let tolerance = 1.0 + held.tolerance_percent as f64 / 100.0;
    let mut rows = Vec::new();
    for (path, share) in counted {
        let before = held.paths.get(&path).with_context(|| format!("{path} is not held by the test"))?;
        let of = |share: &Share| share.allocations as f64 / 1e3;
        let this = Row::new(GROUP, format!("{path}: allocations"), Spread::exact(of(&share)), "");
        let ratio = of(&share) / of(before);
        let row = this.beside("held by the test", Spread::exact(of(before)), ratio);
        rows.push(row.goal(Of::Ratio, Bound::AtMost(tolerance)));
    }
    Ok(rows)
}
