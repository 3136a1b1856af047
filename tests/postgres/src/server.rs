//! One server: its folder and its process. A shell stands between, which stops the server when our end of its input is
//! closed, however we end.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::programs::{Programs, run};

/// Starts the server, waits for the end of input, and stops it without waiting for its clients.
const KEEPER: &str = r#""$@" & server=$!; read -r _; kill -INT "$server"; wait "$server""#;
/// What a test's server need not do, and how it is reached: data is never written through to the disk.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=32MB",
    "log_min_messages=error",
];
/// Names the socket in the server's own folder; no port is taken.
const PORT: &str = "5432";
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of our own. Dropped, it is stopped and its folder removed.
pub struct Server {
    programs: Programs,
    folder: TempDir,
    user: Option<(u32, u32)>,
    keeper: Mutex<Option<Child>>,
}

impl Server {
    /// Makes a server and starts it.
    pub(crate) fn start(programs: Programs) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().context("cannot make a folder")?;
        let user = unprivileged(folder.path())?;
        let server = Self { programs, folder, user, keeper: Mutex::new(None) };
        let data = server.data();
        let options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D", &data];
        run(server.owned(server.programs.command("initdb")).args(options))?;
        server.resume()?;
        Ok(server)
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}&port={PORT}", self.folder.path().display())
    }

    /// Stops it; its databases stay. Clients are cut off.
    pub fn stop(&self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(keeper.stdin.take());
            if let Err(error) = keeper.wait() {
                eprintln!("the server cannot be waited for: {error}");
            }
        }
    }

    /// Starts it again after [`stop`](Self::stop), and returns once it takes clients.
    ///
    /// # Errors
    /// If it does not start within a minute.
    pub fn resume(&self) -> Result<()> {
        let program = self.programs.path("postgres").context("there is no server program")?;
        let mut command = self.owned(Command::new("/bin/sh"));
        command.args(["-c", KEEPER, "sh"]).arg(program).args(["-D", &self.data()]);
        command.args(["-p", PORT]).arg("-k").arg(self.folder.path());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let log = self.folder.path().join("log");
        let log = File::options().create(true).append(true).open(&log).context("cannot write the server's log")?;
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn().context("cannot start a server")?;
        let started = Instant::now();
        let mut ready = self.programs.command("pg_isready");
        ready.args(["-q", "-p", PORT]).arg("-h").arg(self.folder.path());
        while !ready.status().context("cannot ask the server")?.success() {
            if started.elapsed() > PATIENCE {
                drop(keeper.stdin.take());
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("the server does not start: {log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
        Ok(())
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// A program run by whom the server accepts.
    fn owned(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The server refuses to be run by root: then a user without rights owns it.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(folder).context("cannot look at the folder")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").context("cannot read the list of users")?;
    let ids = |name: &str| {
        let mut fields =
            users.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?.skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (user, group) = ids("postgres").or_else(|| ids("nobody")).context("there is no user to run a server")?;
    std::os::unix::fs::chown(folder, Some(user), Some(group)).context("cannot give the folder away")?;
    Ok(Some((user, group)))
}
