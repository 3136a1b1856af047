//! A server of a test's own that speaks S3 and checks signatures: moto, from the Python package index, which `python3` or the
//! interpreter that `POLYPTYCH_TEST_PYTHON` names has to know. It is on loopback, keeps everything in memory, and ends with
//! the test, also where the test's process is killed. This crate knows nothing of Polyptych.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Succeeds where the server is there, and is one that takes signatures of escaped queries for what they are.
const PROBE: &str =
    "import boto3, moto, moto.server; assert [int(n) for n in moto.__version__.split('.')[:3]] >= [5, 2, 5]";

/// What the interpreter runs.
const SERVER: &str = include_str!("../server.py");

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropped, it ends.
#[derive(Debug)]
pub struct S3 {
    told: Told,
    process: Child,
}

/// What the server says of itself.
#[derive(Debug, Deserialize)]
struct Told {
    endpoint: String,
    bucket: String,
    owner: Keys,
    stranger: Keys,
}

/// A user's keys.
#[derive(Debug, Clone, Deserialize)]
pub struct Keys {
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
}

impl S3 {
    /// A server, or `None` where none is installed; then it says that `what` is skipped.
    ///
    /// # Errors
    /// If a server is there and does not start, or if none is there and `POLYPTYCH_REQUIRE` names `s3`.
    pub fn find(what: &str) -> Result<Option<Self>> {
        let python = std::env::var("POLYPTYCH_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let installed = Command::new(&python).args(["-c", PROBE]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if installed.is_ok_and(|status| status.success()) {
            return Ok(Some(Self::start(&python)?));
        }
        let required = std::env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        if required.split(',').any(|name| name == "s3") {
            bail!("a server that speaks S3 is required and not installed");
        }
        eprintln!("skipped: {what}: moto 5.2.5 or newer is not installed (python3 -m pip install 'moto[s3,server]')");
        Ok(None)
    }

    fn start(python: &str) -> Result<Self> {
        let mut process = Command::new(python)
            .args(["-c", SERVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot start a server that speaks S3")?;
        let output = process.stdout.take().context("the server has no output")?;
        match first_line(output) {
            Ok(told) => Ok(Self { told, process }),
            Err(error) => {
                process.kill().context("cannot end the server")?;
                process.wait().context("cannot wait for the server")?;
                Err(error)
            }
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.told.endpoint
    }

    /// The bucket that it has.
    pub fn bucket(&self) -> &str {
        &self.told.bucket
    }

    /// Who may do everything with the bucket.
    pub fn owner(&self) -> &Keys {
        &self.told.owner
    }

    /// Who may do nothing with it.
    pub fn stranger(&self) -> &Keys {
        &self.told.stranger
    }
}

/// Where the server says that it listens.
fn first_line(output: ChildStdout) -> Result<Told> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        // Nobody hears it who has given up.
        let _ = sender.send(read.map(|_| line));
    });
    let line = receiver.recv_timeout(PATIENCE).context("the server does not come to listen")?;
    serde_json::from_str(&line.context("cannot hear the server")?).context("the server does not say where it is")
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            eprintln!("the server cannot be waited for: {error}");
        }
    }
}
