//! What the figures were measured on, as far as the system tells.

use std::fmt;
use std::fs;

use serde::Serialize;

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    /// The name of its processor.
    processor: String,
    /// Threads that run at once.
    threads: usize,
    /// Memory in GiB.
    memory: u64,
    /// Kernel and its version.
    system: String,
}

impl Machine {
    /// Asks the system; what it does not tell is `unknown`.
    pub(crate) fn look() -> Self {
        let unknown = || "unknown".to_owned();
        let first = |file: &str, key: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kib = first("/proc/meminfo", "MemTotal").and_then(|memory| memory.split(' ').next()?.parse().ok());
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            processor: first("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory: kib.map_or(0, |kib: u64| kib.div_ceil(1 << 20)),
            system: release.map_or_else(unknown, |release| format!("{} {}", std::env::consts::OS, release.trim())),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, threads, memory, system } = self;
        write!(f, "{processor}, {threads} threads, {memory} GiB, {system}")
    }
}
