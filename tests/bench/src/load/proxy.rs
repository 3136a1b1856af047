//! nginx as a proxy of gRPC before the bare server: what a well-known server costs that does nothing but hand calls on.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;

/// A proxy at work; dropping it ends it.
pub(crate) struct Proxy {
    child: Child,
    address: String,
}

impl Proxy {
    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself. Its workers end with it.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Starts it before `backend`; `None` where it is not installed, and, which is told, where it does not run.
pub(crate) async fn start(backend: &str, folder: &Path) -> Result<Option<Proxy>> {
    // It cannot be asked which port it took, so that a free one is found and let go right before.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let config = folder.join("nginx.conf");
    let text = format!(
        "daemon off; worker_processes auto; pid {pid:?}; error_log {log:?};\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n access_log off; keepalive_requests 1000000000; client_body_temp_path {temp:?};\n\
         upstream bare {{ server {backend}; keepalive 256; keepalive_requests 1000000000; }}\n\
         server {{ listen {address} http2; http2_max_concurrent_streams 256;\n\
         location / {{ grpc_pass grpc://bare; }} }}\n}}\n",
        pid = folder.join("nginx.pid"),
        log = folder.join("nginx.log"),
        temp = folder.join("nginx-temp"),
    );
    fs::write(&config, text).context("cannot write the configuration of nginx")?;
    let started = Command::new("nginx").arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(child) = started else { return Ok(None) };
    let mut proxy = Proxy { child, address };
    for _ in 0..100 {
        if TcpStream::connect(&proxy.address).await.is_ok() {
            return Ok(Some(proxy));
        }
        if let Some(status) = proxy.child.try_wait()? {
            let log = fs::read_to_string(folder.join("nginx.log")).unwrap_or_default();
            eprintln!("nginx is installed and does not run here ({status}): {}", log.trim());
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("nginx does not come to listen")
}
