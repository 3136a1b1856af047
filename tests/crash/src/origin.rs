//! Where pictures are imported from: a server that answers `/{number}.png` with the picture of the number. It outlives the
//! servers that are killed.

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::picture::picture;

/// The longest head of a request that is read.
const HEAD: u64 = 16 << 10;

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Origin {
    address: String,
    task: JoinHandle<()>,
}

impl Origin {
    /// Starts one on a free loopback port.
    ///
    /// # Errors
    /// If no port can be listened on.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port to listen on")?;
        let address = listener.local_addr()?.to_string();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A caller that was killed meanwhile ends its own exchange only.
                tokio::spawn(async move { answer(socket).await.ok() });
            }
        });
        Ok(Self { address, task })
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where the picture of a number is.
    pub fn uri(&self, number: u64) -> String {
        format!("http://{}/{number}.png", self.address)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(socket: TcpStream) -> Result<()> {
    let (read, mut write) = socket.into_split();
    let (mut read, mut head) = (read.take(HEAD), Vec::new());
    while !head.ends_with(b"\r\n\r\n") {
        if read.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let number = head.split_once(" /").and_then(|(_, rest)| rest.split_once(".png")?.0.parse().ok());
    let (status, body) = match number {
        Some(number) => ("200 OK", tokio::task::spawn_blocking(move || picture(number)).await??),
        None => ("404 Not Found", Default::default()),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: image/png\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    write.write_all(answer.as_bytes()).await?;
    write.write_all(&body).await?;
    Ok(write.shutdown().await?)
}
