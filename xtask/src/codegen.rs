//! `cargo xtask codegen`: reads `schemas/`, and writes what the generator makes of it or compares it with what is
//! there. Comparing is a pure function of two maps; files are touched at the edges only.

mod exported;
mod look;
mod standalone;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polyptych_codegen::emit::header::is_intact;
use polyptych_codegen::target::{self, Target};
use polyptych_codegen::{Errors, Inputs, Output};

pub(crate) use standalone::gather;

use crate::program::Program;
use crate::tree::read_tree;

/// Options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compare instead of writing, and list every file that differs.
    #[arg(long)]
    check: bool,
    /// Generate only these targets.
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// Leave out what the program prints (target `exported`), so that it need not be built.
    #[arg(long, conflicts_with_all = ["target", "program"])]
    code: bool,
    #[command(flatten)]
    program: Program,
    /// Tell how a type or an operation came about instead: its place, what each pass and overlay made of it, its uses and
    /// its Rust. TYPE is its name in the schema or in Rust.
    #[arg(long, value_name = "TYPE", conflicts_with = "check")]
    explain: Option<String>,
    /// Print something else instead: `ir` is what is emitted from, as stable text, of all services or of `--target`.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["check", "explain"])]
    dump: Option<Dump>,
    /// Make a crate from any schema instead: a Direct v5 service description (its imports beside it), the whole v4 Live
    /// description, the spec of a Graph node (`enum_types.json` beside it), an OpenAPI 3 document.
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ["check", "target", "explain", "dump"])]
    schema: Option<PathBuf>,
    /// Folder of the crate that `--schema` makes.
    #[arg(long, value_name = "DIR", requires = "schema")]
    out: Option<PathBuf>,
    /// Name of the package that `--schema` makes; without it the name of the file.
    #[arg(long, value_name = "NAME", requires = "schema")]
    name: Option<String>,
}

/// What can be printed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Dump {
    /// The representation after all passes.
    Ir,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Problem {
    /// Its content is not what the schemas make now.
    Stale,
    /// It is not there.
    Missing,
    /// No target makes it.
    Orphan,
    /// Somebody changed it by hand.
    Edited,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Orphan => "orphan",
            Self::Edited => "edited by hand",
        })
    }
}

/// Runs the command.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    if let (Some(schema), Some(out)) = (&options.schema, &options.out) {
        return standalone::run(root, schema, out, options.name.as_deref());
    }
    let targets = selected(&options.target)?;
    let inputs = read_tree(&root.join("schemas"), "").context("cannot read the schemas")?;
    if let Some(name) = &options.explain {
        return look::explain(root, &inputs, &options.target, name);
    }
    if let Some(Dump::Ir) = options.dump {
        return look::dump(&inputs, &options.target);
    }
    let made = match generate(&targets, &inputs) {
        Ok(made) => made,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(false);
        }
    };
    let folders: BTreeSet<_> = targets.iter().map(|target| target.folder).collect();
    // Other targets write into the same folders.
    let orphans = options.target.is_empty();
    let mut well = settle(root, options.check, "generated files", &made, folders, orphans)?;
    if orphans && !options.code || options.target.iter().any(|name| name == exported::TARGET) {
        // After the code, which the program that prints these is built from.
        well &= match exported::generate(root, &options.program)? {
            Some(made) => {
                let (pages, schemas) = made.into_iter().partition(|(path, _)| path.starts_with(exported::PAGES));
                settle(root, options.check, "exported schemas", &schemas, [exported::FOLDER], true)?
                    & settle(root, options.check, "exported pages", &pages, [exported::PAGES], false)?
            }
            None => false,
        };
    }
    Ok(well)
}

/// Compares with what is in the folders, and reports or writes the difference.
fn settle<'f>(
    root: &Path,
    check: bool,
    what: &str,
    made: &Output,
    folders: impl IntoIterator<Item = &'f str>,
    orphans: bool,
) -> Result<bool> {
    let mut there = Output::new();
    for folder in folders {
        there.extend(read_tree(&root.join(folder), folder)?);
    }
    let mut problems = compare(made, &there);
    problems.retain(|_, problem| orphans || *problem != Problem::Orphan);
    if problems.is_empty() {
        println!("{what}: {} up to date", made.len());
        return Ok(true);
    }
    if check { Ok(report(&problems)) } else { write(root, made, &there, &problems) }
}

fn selected(names: &[String]) -> Result<Vec<Target>> {
    let all = target::all();
    let known: Vec<&str> = all.iter().map(|target| target.name).chain([exported::TARGET]).collect();
    for name in names {
        if !known.contains(&name.as_str()) {
            bail!("there is no target `{name}`; there are {}", known.join(", "));
        }
    }
    Ok(all.into_iter().filter(|target| names.is_empty() || names.iter().any(|name| name == target.name)).collect())
}

fn generate(targets: &[Target], inputs: &Inputs) -> Result<Output, Errors> {
    let mut made = Output::new();
    let mut errors = Errors::default();
    for target in targets {
        match (target.generate)(inputs) {
            Ok(files) => made.extend(files),
            Err(more) => errors.extend(more),
        }
    }
    errors.into_result(made)
}

/// Every file of `there` that is not as in `made`, and every file of `made` that is not there.
fn compare(made: &Output, there: &Output) -> BTreeMap<String, Problem> {
    let missing = made.keys().filter(|path| !there.contains_key(*path)).map(|path| (path.clone(), Problem::Missing));
    let other = there.iter().filter_map(|(path, content)| match made.get(path) {
        None => Some((path.clone(), Problem::Orphan)),
        Some(made) if made == content => None,
        Some(_) if is_edited(content) => Some((path.clone(), Problem::Edited)),
        Some(_) => Some((path.clone(), Problem::Stale)),
    });
    missing.chain(other).collect()
}

/// Whether the header of a generated file does not fit its body.
fn is_edited(content: &[u8]) -> bool {
    std::str::from_utf8(content).ok().and_then(is_intact) == Some(false)
}

fn report(problems: &BTreeMap<String, Problem>) -> bool {
    for (path, problem) in problems {
        eprintln!("{problem}: {path}");
    }
    eprintln!("run `cargo xtask codegen` to bring what differs ({}) up to date", problems.len());
    false
}

/// Writes what differs. An orphan goes only if it is a file of the generator, unchanged.
fn write(root: &Path, made: &Output, there: &Output, problems: &BTreeMap<String, Problem>) -> Result<bool> {
    let mut well = true;
    for (path, problem) in problems {
        let file = root.join(path);
        if *problem == Problem::Orphan {
            let text = there.get(path).and_then(|content| std::str::from_utf8(content).ok());
            if text.and_then(is_intact) == Some(true) {
                fs::remove_file(&file).with_context(|| format!("cannot remove {path}"))?;
                println!("removed {path}");
            } else {
                eprintln!(
                    "orphan: {path}: no target makes it, and it is not a file of the generator; remove it by hand"
                );
                well = false;
            }
            continue;
        }
        let Some(content) = made.get(path) else { continue };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make the folder of {path}"))?;
        }
        fs::write(&file, content).with_context(|| format!("cannot write {path}"))?;
        println!("wrote {path} ({problem})");
    }
    Ok(well)
}

#[cfg(test)]
mod tests;
