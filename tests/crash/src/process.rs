//! Processes of the program: started, heard until they listen, killed by their own handle. A process that is dropped is
//! killed, too.

use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What a process prints once it is ready, before its address.
const READY: &str = "listening on http://";

/// How long a process may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that listens.
#[derive(Debug)]
pub struct Process {
    child: Child,
    address: String,
    listening: Instant,
}

impl Process {
    /// Starts the program and returns once it listens. What it says goes to the end of the file `log`.
    ///
    /// # Errors
    /// If it cannot be started, or ends or stays silent for a minute instead of listening.
    pub async fn start(program: &Path, arguments: &[&str], environment: &[(&str, String)], log: &Path) -> Result<Self> {
        let said = File::options().create(true).append(true).open(log).context("cannot write the log")?;
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(said)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("the program has no output")?).lines();
        let address = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix(READY) {
                    return Ok(address.to_owned());
                }
            }
            let log = std::fs::read_to_string(log).unwrap_or_default();
            bail!("{} {} ended before it listened: {log}", program.display(), arguments.join(" "))
        });
        let address = address.await.context("the program does not come to listen")??;
        let listening = Instant::now();
        // Nobody waits for this task: it ends with the process.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address, listening })
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// When it was heard to listen.
    pub fn listening(&self) -> Instant {
        self.listening
    }

    /// Its process id; `None` once it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it (SIGKILL on Unix) and waits until it is gone.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the program")
    }

    /// Waits for it to end by itself, at most for `limit`; `None` where it does not.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn ended(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        match tokio::time::timeout(limit, self.child.wait()).await {
            Ok(status) => Ok(Some(status.context("cannot wait for the program")?)),
            Err(_) => Ok(None),
        }
    }
}
