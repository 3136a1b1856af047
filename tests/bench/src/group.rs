//! A program and all that it starts: how long they take, and the most memory that all of them hold at a time.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use polyptych_service::server::resident;

/// How often is looked.
const EVERY: Duration = Duration::from_millis(50);

/// What they took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Seconds to the end of the program.
    pub(crate) seconds: f64,
    /// MiB; pages that several of them share are counted for each.
    pub(crate) peak: f64,
}

impl Taken {
    /// Runs a program to its end, as the leader of a group of processes.
    ///
    /// # Errors
    /// If it cannot be run, or fails.
    pub(crate) fn by(command: &mut Command) -> Result<Self> {
        let began = Instant::now();
        let said = tempfile::NamedTempFile::new().context("cannot make a file")?;
        let errors = said.reopen().context("cannot open a file")?;
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).process_group(0).spawn();
        let mut child = spawned.with_context(|| format!("cannot run {command:?}"))?;
        let mut peak = 0.0_f64;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            peak = peak.max(held(child.id()));
            std::thread::sleep(EVERY);
        };
        let seconds = began.elapsed().as_secs_f64();
        ensure!(status.success(), "{command:?}: {}", fs::read_to_string(said.path()).unwrap_or_default());
        Ok(Self { seconds, peak })
    }
}

/// What the processes of a group hold now, in MiB. One that ends meanwhile holds nothing.
fn held(group: u32) -> f64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| group_of(*id) == Some(group)).filter_map(|id| resident(id, "VmRSS:").ok()).sum()
}

fn group_of(id: u32) -> Option<u32> {
    let told = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent, group.
    told.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_holds_what_its_processes_hold() {
        let own = group_of(std::process::id()).expect("a group");
        assert!(held(own) >= resident(std::process::id(), "VmRSS:").expect("memory") / 2.0);
        // No process has it: numbers of processes are positive and far smaller.
        assert_eq!(held(u32::MAX), 0.0);
    }

    #[test]
    fn what_a_program_that_fails_says_is_told() {
        let error = Taken::by(Command::new("sh").args(["-c", "echo gone >&2; exit 3"])).expect_err("a failure");
        assert!(error.to_string().ends_with("gone\n"), "{error}");
    }
}
