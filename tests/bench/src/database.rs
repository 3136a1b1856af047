//! Round trips to PostgreSQL: a proxy between the server and its database counts the messages that ask for an answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use polyptych_postgres::Postgres;
use polyptych_service::memory::send;
use polyptych_service::picture::Picture;
use polyptych_service::server::Place;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::row::{Row, Spread};

const GROUP: &str = "database";

/// The side of a small picture in pixels.
const SIDE: u32 = 48;

/// Uploads before it is counted, so that statements are prepared, and uploads that are counted.
const BEFORE: usize = 16;
const COUNTED: usize = 200;

/// The rows; none without PostgreSQL, which is told.
pub(crate) async fn run(program: &Path) -> Result<Vec<Row>> {
    let Some(database) = tokio::task::block_in_place(|| Postgres::find("round trips to a database"))? else {
        return Ok(Vec::new());
    };
    let Some(proxy) = Proxy::start(&tokio::task::block_in_place(|| database.database())?).await? else {
        eprintln!("skipped: round trips to a database: PostgreSQL is not one that was started for it");
        return Ok(Vec::new());
    };
    let place = Place::new(program.to_owned())?;
    let emulator = place.emulate().await?;
    let server = place.serve_at("database", emulator.address(), &proxy.url).await?;
    let picture = Picture::new(SIDE)?;
    let counted = async |numbers: std::ops::Range<usize>| -> Result<f64> {
        let (before, uploads) = (proxy.round_trips(), numbers.len());
        send(&server, &picture, "facebook", numbers, 1).await?;
        Ok((proxy.round_trips() - before) as f64 / uploads as f64)
    };
    counted(0..BEFORE).await?;
    let numbers = BEFORE..BEFORE + COUNTED;
    let (new, known) = (counted(numbers.clone()).await?, counted(numbers).await?);
    Ok(vec![
        Row::new(GROUP, "round trips to PostgreSQL of a new upload", Spread::exact(new), ""),
        Row::new(GROUP, "round trips to PostgreSQL of an upload that is there already", Spread::exact(known), ""),
    ])
}

/// A proxy that ends with the process.
struct Proxy {
    url: String,
    count: Arc<AtomicU64>,
}

impl Proxy {
    /// Before a server that is reached by a socket in a folder; `None` for any other.
    async fn start(url: &str) -> Result<Option<Self>> {
        let Some((rest, query)) = url.split_once('?') else { return Ok(None) };
        let (_, name) = rest.rsplit_once('/').context("a URL without a database")?;
        let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        let Some((folder, port)) = value("host").zip(value("port")) else { return Ok(None) };
        let socket = PathBuf::from(folder).join(format!(".s.PGSQL.{port}"));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("postgres://postgres@{}/{name}?sslmode=disable", listener.local_addr()?);
        let count = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A connection ends when one of its sides does; what is counted until then stays.
                tokio::spawn(attend(client, socket.clone(), Arc::clone(&counter)));
            }
        });
        Ok(Some(Self { url, count }))
    }

    fn round_trips(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }
}

/// Hands a connection on in both directions.
async fn attend(client: TcpStream, socket: PathBuf, count: Arc<AtomicU64>) -> Result<()> {
    client.set_nodelay(true)?;
    let server = UnixStream::connect(socket).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let (mut counter, mut bytes) = (Counter::default(), vec![0; 64 << 10]);
    loop {
        let read = from_client.read(&mut bytes).await?;
        let read = bytes.get(..read).unwrap_or_default();
        if read.is_empty() {
            to_server.shutdown().await?;
            break;
        }
        count.fetch_add(counter.take(read)?, Ordering::SeqCst);
        to_server.write_all(read).await?;
    }
    answers.await??;
    Ok(())
}

/// Finds the messages in what a client sends: the first has no kind, all others have one before their length.
#[derive(Debug, Default)]
struct Counter {
    begun: bool,
    /// The head of a message that is not whole yet.
    head: Vec<u8>,
    /// Bytes of the present message that are still to come.
    left: usize,
}

impl Counter {
    /// How many of these messages are waited for: `Sync` ends a group of the extended protocol, `Query` is one by itself.
    fn take(&mut self, mut bytes: &[u8]) -> Result<u64> {
        let mut waited = 0;
        loop {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((first, rest)) = bytes.split_first() else { return Ok(waited) };
            self.head.push(*first);
            bytes = rest;
            let kinds = usize::from(self.begun);
            let Some(length) = self.head.get(kinds..).and_then(|length| <[u8; 4]>::try_from(length).ok()) else {
                continue;
            };
            if self.begun && matches!(self.head.first(), Some(b'S' | b'Q')) {
                waited += 1;
            }
            let length = u32::from_be_bytes(length) as usize;
            let Some(left) = length.checked_sub(4) else { bail!("a message of {length} bytes") };
            self.left = left;
            self.head.clear();
            self.begun = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start-up, `Parse`, `Bind`, `Sync`, a `Query` that holds an `S`, `Terminate`.
    const SAID: &[u8] = b"\0\0\0\x08\0\x03\0\0P\0\0\0\x06xyB\0\0\0\x05zS\0\0\0\x04Q\0\0\0\x08S\0\0\0X\0\0\0\x04";

    #[test]
    fn what_is_waited_for_is_counted_however_it_is_cut() {
        for piece in 1..=SAID.len() {
            let mut counter = Counter::default();
            let waited: u64 = SAID.chunks(piece).map(|bytes| counter.take(bytes).expect("messages")).sum();
            assert_eq!(waited, 2, "pieces of {piece}");
        }
    }

    #[test]
    fn a_message_shorter_than_its_own_length_is_refused() {
        assert!(Counter::default().take(b"\0\0\0\x03").is_err());
    }
}
