//! Peers that are programs of their own and stay for the whole contest: each line that goes in asks for one repetition, each
//! line that comes back tells how many milliseconds it took. Starting them is not measured.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;

use crate::contest::Contender;

/// A peer at work; dropping it ends it.
pub(crate) struct Peer {
    name: &'static str,
    child: Child,
    asked: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
    first: String,
}

/// The interpreter of scripts.
pub(crate) fn interpreter() -> PathBuf {
    std::env::var_os("POLYPTYCH_TEST_PYTHON").map_or_else(|| "python3".into(), PathBuf::from)
}

/// A script of this crate.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

impl Peer {
    /// Starts a script; `None` where it or what it needs is not installed. Its first line is kept: what it is, version and all.
    pub(crate) fn start(name: &'static str, file: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(interpreter());
        command.arg(script(file)).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let asked = child.stdin.take()?;
        let mut told = BufReader::new(child.stdout.take()?).lines();
        // A peer that lacks something ends without a word.
        let Some(Ok(first)) = told.next() else {
            let _ = child.wait();
            return None;
        };
        Some(Self { name, child, asked, told, first })
    }

    /// What it was started as.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// What it says it is.
    pub(crate) fn version(&self) -> &str {
        &self.first
    }

    /// It as a contender.
    pub(crate) fn contender(&mut self) -> Contender<'_> {
        Box::new(move || {
            writeln!(self.asked, "once").with_context(|| format!("{} has gone", self.name))?;
            let line = self.told.next().with_context(|| format!("{} has gone", self.name))??;
            let millis: f64 = line.parse().with_context(|| format!("{} tells {line}", self.name))?;
            Ok(millis / 1e3)
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
