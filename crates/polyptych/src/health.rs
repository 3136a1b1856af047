//! `polyptych health`: asks the admin port of a server whether it is ready, for those who only look at exit codes, such as the
//! runtime of a container. It reads no configuration and sends no credential.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::output::print;

/// How long the answer may take in all.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest answer that is read; the server's has a few lines.
const MAX_BYTES: u64 = 16 << 10;

/// Prints what the server says of itself; whether it is ready.
///
/// # Errors
/// If nobody answers there, or somebody else.
pub(crate) async fn run(admin: SocketAddr) -> Result<bool> {
    let answer = tokio::time::timeout(PATIENCE, ask(admin)).await;
    let answer = answer.with_context(|| format!("{admin} has not answered for {} seconds", PATIENCE.as_secs()))?;
    let answer = answer.with_context(|| format!("{admin} cannot be asked"))?;
    let Some((ready, said)) = read(&answer) else { bail!("{admin} is no admin port of a server") };
    print(said.trim_end())?;
    Ok(ready)
}

async fn ask(admin: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(admin).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MAX_BYTES).read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Whether an answer says that the server is ready, and its text.
fn read(answer: &str) -> Option<(bool, &str)> {
    let (head, said) = answer.split_once("\r\n\r\n")?;
    match head.strip_prefix("HTTP/1.1 ")?.get(..3)? {
        "200" => Some((true, said)),
        "503" => Some((false, said)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_that_of_a_server_or_of_somebody_else() {
        assert_eq!(read("HTTP/1.1 200 OK\r\na: b\r\n\r\nready\n"), Some((true, "ready\n")));
        assert_eq!(read("HTTP/1.1 503 Service Unavailable\r\n\r\ndraining\n"), Some((false, "draining\n")));
        for other in
            ["", "HTTP/1.1 404 Not Found\r\n\r\n", "HTTP/1.1 200", "HTTP/1.1 \u{20ac}\r\n\r\n", "ready\r\n\r\n"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
