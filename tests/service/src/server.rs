//! The program as a server of its own process, its configuration, and what the kernel says of it.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use polyptych_crash::process::Process;
use tempfile::TempDir;
use tokio::process::Command;
use tonic::transport::{Channel, Endpoint};

/// The ad account of all images.
pub const ACCOUNT: &str = "1000000001";

const TOKEN: &str = "SERVICE_TOKEN";

/// The program, and a folder for what it writes.
#[derive(Debug)]
pub struct Place {
    program: PathBuf,
    folder: TempDir,
    served: AtomicU32,
}

impl Place {
    /// Takes the program as it is now, so that a build meanwhile does not change it.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn new(program: PathBuf) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("polyptych-service-").tempdir().context("cannot make a folder")?;
        let copy = folder.path().join("polyptych");
        fs::copy(&program, &copy).with_context(|| format!("cannot copy {}", program.display()))?;
        Ok(Self { program: copy, folder, served: AtomicU32::new(0) })
    }

    /// An emulator of all providers.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn emulate(&self) -> Result<Process> {
        let log = self.folder.path().join("emulator.log");
        Process::start(&self.program, &["emulate", "--listen", "127.0.0.1:0"], &[], &log).await
    }

    /// A new API key, and its hash for the configuration.
    ///
    /// # Errors
    /// If the program makes none.
    pub async fn key(&self) -> Result<(String, String)> {
        let made = Command::new(&self.program).arg("keygen").output().await.context("cannot make a key")?;
        let text = String::from_utf8(made.stdout).context("a key is text")?;
        let line = |prefix: &str| text.lines().find_map(|line| Some(line.strip_prefix(prefix)?.trim().to_owned()));
        line("key:").zip(line("hash:")).context("no key was made")
    }

    /// A server whose providers are all at `host:port`. Calls are not tried again.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn serve(&self, name: &str, provider: &str) -> Result<Process> {
        self.serve_with(name, provider, "").await
    }

    /// The same with more `settings`, as they are in a configuration.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn serve_with(&self, name: &str, provider: &str, settings: &str) -> Result<Process> {
        self.start(name, provider, "", settings).await
    }

    /// The same with its state in the database of this URL.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn serve_at(&self, name: &str, provider: &str, database: &str) -> Result<Process> {
        self.start(name, provider, &format!("url = {database:?}\n"), "").await
    }

    async fn start(&self, name: &str, provider: &str, state: &str, settings: &str) -> Result<Process> {
        // What another server knows is none of this one's, whatever their names.
        let name = format!("{name}-{}", self.served.fetch_add(1, Ordering::Relaxed));
        let (folder, log) = (self.folder.path(), self.folder.path().join(format!("{name}.log")));
        let mut text = format!("[state]\nfolder = {:?}\n{state}", folder.join(&name));
        for (id, provider_name, encoding, album) in [
            ("facebook", "facebook", "bytes", ACCOUNT),
            ("facebook-multipart", "facebook", "multipart", ACCOUNT),
            ("yandex-v5", "yandex-direct-v5", "json", "self"),
            ("yandex-v5-soap", "yandex-direct-v5", "soap", "self"),
            ("yandex-live4", "yandex-direct-live4", "json", "self"),
            ("yandex-live4-soap", "yandex-direct-live4", "soap", "self"),
            (
                "evotor",
                "evotor",
                "multipart",
                "20180413-2595-40E8-80CB-4646C05D81B6~5e46f8de-ec4f-4f87-85de-337b88fa2bdd",
            ),
        ] {
            text.push_str(&format!(
                "\n[libraries.{id}]\nprovider = \"{provider_name}\"\nencoding = \"{encoding}\"\n\
                 endpoint = \"http://{provider}\"\ntoken = {{ env = \"{TOKEN}\" }}\ndefault_album = \"{album}\"\n\
                 retry = {{ tries = 1 }}\n"
            ));
        }
        text.push_str(settings);
        let config = folder.join(format!("{name}.toml"));
        fs::write(&config, text).context("cannot write the configuration")?;
        let config = config.to_str().context("the folder's name is no text")?;
        let arguments = ["serve", "--config", config, "--listen", "127.0.0.1:0"];
        let temporary = ("TMPDIR", folder.display().to_string());
        Process::start(&self.program, &arguments, &[(TOKEN, "service-token".to_owned()), temporary], &log).await
    }
}

/// A connection of its own to a server. Its client keeps no deadlines by itself.
///
/// # Errors
/// If it cannot be reached.
pub async fn connect(server: &Process) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address())).context("no address")?;
    endpoint.connect().await.context("the server does not answer")
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// The most memory that was resident, in MiB.
    pub peak: f64,
    /// Open sockets.
    pub sockets: usize,
}

impl Taken {
    /// Reads it.
    ///
    /// # Errors
    /// If the kernel tells nothing of it.
    pub fn by(server: &Process) -> Result<Self> {
        let id = server.id().context("the server has ended")?;
        let peak = resident(id, "VmHWM:")?;
        let is_socket = |entry: &fs::DirEntry| {
            fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        };
        let open = fs::read_dir(format!("/proc/{id}/fd")).context("its files are not told")?;
        Ok(Self { peak, sockets: open.flatten().filter(is_socket).count() })
    }
}

/// Memory of a process in MiB, by its name in what the kernel says: `VmHWM:` for the most that was resident, `VmRSS:` for what
/// is.
///
/// # Errors
/// If the kernel tells nothing of it.
pub fn resident(id: u32, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).context("the kernel tells nothing of it")?;
    let kib = status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.with_context(|| format!("the kernel tells no {name}"))? / 1024.0)
}

/// The time that all threads of a process have been on a processor, those that have ended left out.
///
/// # Errors
/// If the kernel tells nothing of it, as one does that keeps no account.
pub fn busy(id: u32) -> Result<Duration> {
    let threads = fs::read_dir(format!("/proc/{id}/task")).context("its threads are not told")?;
    let nanos = threads.flatten().filter_map(|thread| {
        let told = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        told.split_whitespace().next()?.parse::<u64>().ok()
    });
    let busy = Duration::from_nanos(nanos.sum());
    ensure!(!busy.is_zero(), "the kernel does not tell how long it was on a processor");
    Ok(busy)
}
