//! The folder of one server's spool files inside a folder that servers may share.
//!
//! Each server locks a folder of its own for as long as it runs. A folder whose lock is free belongs to a server that
//! has ended, and is removed by the next one that starts. A lock on the shared folder orders the starts.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const LOCK: &str = "lock";
const PREFIX: &str = "server-";

/// The name of a shared folder where other users may have one, too.
pub(crate) fn default_name() -> String {
    #[cfg(unix)]
    let name = format!("polyptych-spool-{}", rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    let name = "polyptych-spool".to_owned();
    name
}

/// A locked folder for spool files; dropping it removes it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    next: AtomicU64,
    /// Held open for its lock.
    _lock: File,
}

impl Folder {
    /// Makes a folder in `shared`, and removes those that servers have left there.
    pub(super) fn open(shared: &Path) -> io::Result<Self> {
        builder().recursive(true).create(shared)?;
        #[cfg(unix)]
        refuse_strangers(shared)?;
        let starts = open_lock(&shared.join(LOCK))?;
        starts.lock()?;
        sweep(shared)?;
        let path = fresh_folder(shared)?;
        let lock = open_lock(&path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, next: AtomicU64::new(0), _lock: lock })
    }

    /// A path that no file has had.
    pub(super) fn fresh_path(&self) -> PathBuf {
        self.path.join(format!("{}.upload", self.next.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, "the spool folder could not be removed; the next start sweeps it");
        }
    }
}

/// Who owns a folder can put other files in the place of ours; the administrator can anyway.
#[cfg(unix)]
fn refuse_strangers(shared: &Path) -> io::Result<()> {
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(shared)?);
    if owner == 0 || owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"))
}

fn builder() -> DirBuilder {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Makes a folder named after this process; a process may run several servers.
fn fresh_folder(shared: &Path) -> io::Result<PathBuf> {
    let mut number = 0_u32;
    loop {
        let path = shared.join(format!("{PREFIX}{}-{number}", std::process::id()));
        match builder().create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn sweep(shared: &Path) -> io::Result<()> {
    for entry in fs::read_dir(shared)? {
        let entry = entry?;
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !ours || !entry.file_type()?.is_dir() {
            continue;
        }
        let path = entry.path();
        // Its server may be removing it right now.
        let lock = match open_lock(&path.join(LOCK)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            lock => lock?,
        };
        match lock.try_lock() {
            Ok(()) => remove(&path)?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
