//! The program, and pictures for it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The program, whatever the environment of the tests says.
pub(crate) fn polyptych() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polyptych"));
    command.env_remove("RUST_LOG").env_remove("POLYPTYCH_ENDPOINT");
    command
}

/// A server that has said where it listens; killed when dropped.
pub(crate) struct Serving {
    /// Its process.
    pub(crate) child: Child,
    /// `http://` and where.
    pub(crate) address: String,
}

impl Serving {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(polyptych().args(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, address }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
