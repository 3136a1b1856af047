//! A provider that takes every connection and every byte and never answers. It sees when connections end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// The provider.
pub(crate) struct Stalled {
    address: String,
    open: Arc<AtomicUsize>,
    seen: Arc<AtomicUsize>,
}

impl Stalled {
    /// Starts one on a free port; it ends with the process.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (open, seen) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counted = (Arc::clone(&open), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (open, seen) = counted.clone();
                open.fetch_add(1, Ordering::SeqCst);
                seen.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut bytes = vec![0; 64 << 10];
                    while let Ok(1..) = socket.read(&mut bytes).await {}
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Ok(Self { address, open, seen })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Connections so far.
    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }

    /// How long it takes until no connection is open, at most ten seconds; the connections that are left.
    pub(crate) async fn quiet(&self) -> (Duration, usize) {
        let began = Instant::now();
        loop {
            let open = self.open.load(Ordering::SeqCst);
            if open == 0 || began.elapsed() > Duration::from_secs(10) {
                return (began.elapsed(), open);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
