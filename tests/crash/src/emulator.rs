//! What the emulator knows: its control paths over plain HTTP, one connection per request.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An emulator somewhere on this machine.
#[derive(Debug, Clone)]
pub struct Control(String);

/// One content in one album, as the emulator names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `yandex`, `facebook` or `evotor`.
    pub library: String,
    /// Login, account number, or `{store}~{product}`.
    pub album: String,
    /// SHA-256 of what was sent, 64 hexadecimal digits.
    pub sha256: String,
}

/// An image that was asked to be deleted: album and id.
pub type Deleted = (String, String);

impl Control {
    /// Of the emulator at `host:port`.
    pub fn new(address: &str) -> Self {
        Self(address.to_owned())
    }

    /// Where its APIs are.
    pub fn base(&self) -> String {
        format!("http://{}", self.0)
    }

    /// `POST setup`: the images that were made, by album and id.
    ///
    /// # Errors
    /// If the emulator cannot be reached or refuses.
    pub async fn setup(&self, setup: &Value) -> Result<Vec<Deleted>> {
        let made = self.ask("POST", "setup", &setup.to_string()).await?;
        let images = made["images"].as_array().context("a setup without images")?;
        images.iter().map(|image| Ok((text(&image["album"])?, text(&image["image"])?))).collect()
    }

    /// How often each content was applied in each album: stored, or found to be there.
    ///
    /// # Errors
    /// If the emulator cannot be reached or answers something else.
    pub async fn applied(&self) -> Result<BTreeMap<Key, u64>> {
        let counts = self.ask("GET", "counts", "").await?;
        let rows = counts.as_array().context("counts are no list")?.iter().map(|row| {
            let key =
                Key { library: text(&row["library"])?, album: text(&row["album"])?, sha256: text(&row["sha256"])? };
            Ok((key, row["applied"].as_u64().context("a count is no number")?))
        });
        rows.collect()
    }

    /// How often each image was deleted.
    ///
    /// # Errors
    /// If the emulator cannot be reached or answers something else.
    pub async fn deleted(&self) -> Result<BTreeMap<Deleted, u64>> {
        let mut deleted = BTreeMap::new();
        for entry in self.journal().await? {
            for delete in entry["deletes"].as_array().into_iter().flatten() {
                if delete["outcome"] == "deleted" {
                    *deleted.entry((text(&delete["album"])?, text(&delete["image"])?)).or_default() += 1;
                }
            }
        }
        Ok(deleted)
    }

    /// Requests so far.
    ///
    /// # Errors
    /// If the emulator cannot be reached or answers something else.
    pub async fn requests(&self) -> Result<u64> {
        Ok(self.journal().await?.last().and_then(|entry| entry["sequence"].as_u64()).unwrap_or_default())
    }

    /// Whether every request has its end.
    ///
    /// # Errors
    /// If the emulator cannot be reached or answers something else.
    pub async fn quiet(&self) -> Result<bool> {
        Ok(self.journal().await?.iter().all(|entry| entry["state"] != "pending"))
    }

    /// The most calls at once of each advertiser.
    ///
    /// # Errors
    /// If the emulator cannot be reached or answers something else.
    pub async fn at_once(&self) -> Result<BTreeMap<String, u64>> {
        let calls = self.ask("GET", "calls", "").await?;
        let calls = calls.as_object().context("calls are no object")?;
        calls.iter().map(|(login, most)| Ok((login.clone(), most.as_u64().context("no number of calls")?))).collect()
    }

    async fn journal(&self) -> Result<Vec<Value>> {
        match self.ask("GET", "journal", "").await? {
            Value::Array(entries) => Ok(entries),
            _ => bail!("the journal is no list"),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let mut socket = TcpStream::connect(&self.0).await.context("the emulator cannot be reached")?;
        let head = format!(
            "{method} /_emulator/{path} HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await?;
        let answer = String::from_utf8(answer).context("the emulator's answer is no text")?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the emulator's answer broke off")?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{method} {path}: {head}: {body}");
        }
        serde_json::from_str(body).with_context(|| format!("{method} {path}: {head}"))
    }
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a member is no text")
}
