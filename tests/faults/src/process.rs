//! What this process takes of the machine, as the kernel and the runtime tell it.

use std::fs;

use tokio::runtime::Handle;

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Resident memory in KiB.
    pub resident: u64,
    /// The most that it ever was, in KiB.
    pub peak: u64,
    /// Open sockets.
    pub sockets: usize,
    /// Tasks of the runtime that have not ended.
    pub tasks: usize,
}

impl Footprint {
    /// Reads it now. Figures that the system does not tell are 0.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
        };
        let is_socket = |entry: &fs::DirEntry| {
            fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        };
        let open = fs::read_dir("/proc/self/fd").map(|list| list.flatten().filter(is_socket).count());
        Self {
            resident: figure("VmRSS:"),
            peak: figure("VmHWM:"),
            sockets: open.unwrap_or_default(),
            tasks: Handle::current().metrics().num_alive_tasks(),
        }
    }

    /// Waits until sockets and tasks are as few as in `before`, for a few seconds at most: connections end in the
    /// background. The last reading.
    pub async fn back_to(before: Self) -> Self {
        let mut now = Self::now();
        for _ in 0..300 {
            if now.sockets <= before.sockets && now.tasks <= before.tasks {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            now = Self::now();
        }
        now
    }
}
