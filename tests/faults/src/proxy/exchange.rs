//! One request and its answer, with the fault that the script has for it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::log::{Passed, Record};
use super::message::{Head, Reader};
use super::{Seen, Shared};
use crate::fault::{Action, Ending, Page, Until};

type Client = Reader<TcpStream>;

/// How long a silent connection is held for a client that does not give up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause before each byte that drips.
const DRIP: Duration = Duration::from_millis(20);

const HTML: &str = "<html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>\n";

/// The answer of the provider.
struct Answer {
    head: Head,
    body: Vec<u8>,
}

/// An exchange that the provider may yet get to see, as long as this lives.
struct Open<'a>(&'a watch::Sender<usize>);

impl<'a> Open<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Carries out one exchange; whether the connection can be used for another.
///
/// # Errors
/// If the client or the provider breaks it off by themselves.
pub(super) async fn run(shared: &Shared, client: &mut Client, head: &Head, connection: u64) -> io::Result<bool> {
    let (open, begun) = (Open::new(&shared.open), Instant::now());
    let length = head.length()?;
    let path = head.middle().to_owned();
    let method = head.line.split(' ').next().unwrap_or_default().to_owned();
    let line = format!("{method} {}", path.split('?').next().unwrap_or_default());
    let sequence = shared.log.open(connection, line);
    let opening = client.peek(bytes(length.min(Seen::OPENING))).await?.to_vec();
    let soap_action = head.header("soapaction").unwrap_or_default().to_owned();
    let fault = (shared.script)(&Seen { sequence, method, path, soap_action, opening });
    let note = |change: &dyn Fn(&mut Record)| shared.log.change(sequence, change);
    note(&|record| record.fault = fault.map(|fault| fault.name));

    let action = fault.map(|fault| fault.action);
    match action {
        Some(Action::Refuse) => return end(client, Ending::Reset).await,
        Some(Action::CutRequest(until, ending)) => {
            let part = cut_request(head, length, until);
            let upstream = if part.is_empty() { None } else { Some(pass_part(shared.upstream, client, part).await?) };
            if upstream.is_some() {
                note(&|record| record.passed = Passed::Part);
            }
            drop(open);
            let ended = end(client, ending).await;
            if let Some(upstream) = upstream {
                upstream.set_zero_linger()?;
            }
            return ended;
        }
        _ => {}
    }

    let mut body = client.take(bytes(length)).await?;
    note(&|record| record.body = Some((length, hash(&body))));
    if action == Some(Action::CorruptRequest) {
        body = corrupted(&body);
    }
    let answer = match action {
        Some(Action::Instead { passed: false, .. }) => None,
        _ => {
            note(&|record| record.passed = Passed::Whole);
            let answer = ask(shared.upstream, head, &body).await?;
            let status = answer.head.middle().parse().ok();
            note(&|record| record.status = status);
            Some(answer)
        }
    };
    note(&|record| record.took = begun.elapsed());
    drop(open);
    let (written, outcome) = match (action, answer) {
        (Some(Action::Instead { status, retry_after, page, .. }), _) => {
            let bytes = instead(status, retry_after, page);
            (bytes.len(), client.stream().write_all(&bytes).await.map(|()| true))
        }
        (_, Some(answer)) => reply(client, action, &answer).await,
        (_, None) => (0, Ok(false)),
    };
    note(&|record| record.answered = written as u64);
    outcome
}

/// Writes the provider's answer as far as the fault lets it; how much of it, and whether the connection goes on.
async fn reply(client: &mut Client, action: Option<Action>, answer: &Answer) -> (usize, io::Result<bool>) {
    let Answer { head, body } = answer;
    let length = body.len();
    let whole = framed(head, length, body);
    let half = body.get(..length / 2).unwrap_or_default();
    let (message, then) = match action {
        Some(Action::CutAnswer(until, ending)) => (cut(&whole, whole.len() - length, until), Some(ending)),
        Some(Action::HalveBody) => (framed(head, half.len(), half), None),
        Some(Action::Corrupt) => (framed(head, length, &corrupted(body)), None),
        Some(Action::CorruptGzip) if length > 0 => (packed(head, &corrupted(&gzip(body))), None),
        Some(Action::Duplicate) => ([whole.as_slice(), &whole].concat(), None),
        // An answer that has no body cannot announce one.
        Some(Action::Overstate) if length > 0 => (framed(head, length + 100, body), Some(Ending::Close)),
        Some(Action::Understate) if length > 0 => (framed(head, half.len(), body), None),
        Some(Action::Inflate) => (inflating(), None),
        Some(Action::Drip) => return drip(client, &whole).await,
        Some(Action::Endless) => return endless(client).await,
        _ => (whole, None),
    };
    if let Err(error) = client.stream().write_all(&message).await {
        return (0, Err(error));
    }
    let outcome = match then {
        Some(ending) => end(client, ending).await,
        None => Ok(true),
    };
    (message.len(), outcome)
}

fn hash(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

fn bytes(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// The part of a message with a head of `head` bytes that passes.
fn cut(message: &[u8], head: usize, until: Until) -> Vec<u8> {
    let body = message.len() - head;
    let end = match until {
        Until::Bytes(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
        Until::Body(_) if body == 0 => head / 2,
        Until::Body(percent) => head + body * usize::try_from(percent).unwrap_or(100) / 100,
    };
    message.get(..end.min(message.len())).unwrap_or_default().to_vec()
}

/// Head and length of body that pass; nothing if not even the head begins.
fn cut_request(head: &Head, length: u64, until: Until) -> Part {
    let head = head.bytes_with(&[]);
    match until {
        Until::Bytes(0) => Part { head: Vec::new(), body: 0 },
        Until::Bytes(end) if end < head.len() as u64 => Part { head: cut(&head, head.len(), until), body: 0 },
        // Never the last byte: the request would be whole.
        Until::Bytes(end) => Part { body: (end - head.len() as u64).min(length.saturating_sub(1)), head },
        Until::Body(_) if length == 0 => Part { head: cut(&head, head.len(), until), body: 0 },
        Until::Body(percent) => Part { head, body: length * percent / 100 },
    }
}

struct Part {
    head: Vec<u8>,
    body: u64,
}

impl Part {
    fn is_empty(&self) -> bool {
        self.head.is_empty()
    }
}

/// Passes a part of a request on. The provider is still waiting for the rest.
async fn pass_part(upstream: SocketAddr, client: &mut Client, part: Part) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(upstream).await?;
    stream.write_all(&part.head).await?;
    let body = client.take(bytes(part.body)).await?;
    stream.write_all(&body).await?;
    Ok(stream)
}

/// Passes a whole request on, on a connection of its own, and reads the whole answer.
async fn ask(upstream: SocketAddr, head: &Head, body: &[u8]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    // Faults are made of what the provider says, not of what a compressor makes of it.
    let changes = [("connection", Some("close".to_owned())), ("accept-encoding", None)];
    stream.write_all(&[&head.bytes_with(&changes), body].concat()).await?;
    let mut reader = Reader::new(stream);
    let head = reader.head().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = reader.take(bytes(head.length()?)).await?;
    Ok(Answer { head, body })
}

/// A message that announces `announced` bytes of body.
fn framed(head: &Head, announced: usize, body: &[u8]) -> Vec<u8> {
    let announced = head.header("content-length").map(|_| announced.to_string());
    let mut message = head.bytes_with(&[("connection", None), ("content-length", announced)]);
    message.extend_from_slice(body);
    message
}

/// A message whose body is gzipped.
fn packed(head: &Head, body: &[u8]) -> Vec<u8> {
    let (coding, length) = (Some("gzip".to_owned()), Some(body.len().to_string()));
    let changes = [("connection", None), ("content-encoding", coding), ("content-length", length)];
    [head.bytes_with(&changes).as_slice(), body].concat()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail; an empty body would fail the tests.
    encoder.write_all(body).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Eight bytes in the middle that are no UTF-8 and no character of XML.
fn corrupted(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let middle = body.len() / 2;
    body.iter_mut().skip(middle).take(8).for_each(|byte| *byte = 0xff);
    body
}

fn instead(status: u16, retry_after: Option<u32>, page: Page) -> Vec<u8> {
    let body = if page == Page::Html { HTML } else { "" };
    let hint = retry_after.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
    let (kind, length) = ("text/html; charset=utf-8", body.len());
    let head = format!("HTTP/1.1 {status} Injected\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{hint}\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

/// 64 MiB of spaces, which a deflater makes about a thousandth of.
fn inflating() -> Vec<u8> {
    static BODY: OnceLock<Vec<u8>> = OnceLock::new();
    let body = BODY.get_or_init(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let spaces = [b' '; 64 * 1024];
        // Writing into memory does not fail; an empty body would fail the tests.
        let written = (0..1024).try_for_each(|_| encoder.write_all(&spaces)).and_then(|()| encoder.finish());
        written.unwrap_or_default()
    });
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
    [format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body.as_slice()].concat()
}

async fn drip(client: &mut Client, message: &[u8]) -> (usize, io::Result<bool>) {
    for (written, byte) in message.iter().enumerate() {
        tokio::time::sleep(DRIP).await;
        if let Err(error) = client.stream().write_all(&[*byte]).await {
            return (written, Err(error));
        }
    }
    (message.len(), Ok(true))
}

async fn endless(client: &mut Client) -> (usize, io::Result<bool>) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
    let (mut message, mut written) = (head.as_bytes().to_vec(), 0);
    loop {
        // Ends when the client has had enough.
        if let Err(error) = client.stream().write_all(&message).await {
            return (written, Err(error));
        }
        written += message.len();
        message.clone_from(&chunk);
    }
}

/// Ends the connection; never to be used again.
async fn end(client: &mut Client, ending: Ending) -> io::Result<bool> {
    match ending {
        Ending::Reset => client.stream().set_zero_linger()?,
        Ending::Close => {
            client.stream().shutdown().await?;
            // What the client still sends must be read: the kernel resets a connection that is closed over it.
            let mut rest = [0; 4096];
            let drained = async {
                while client.stream().read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            let _given_up = tokio::time::timeout(PATIENCE, drained).await;
        }
        Ending::Silence => {
            let _given_up = tokio::time::timeout(PATIENCE, gone(client.stream())).await;
            client.stream().set_zero_linger()?;
        }
    }
    Ok(false)
}

/// Waits for the client's end without reading anything.
async fn gone(stream: &TcpStream) -> io::Result<()> {
    loop {
        let ready = stream.ready(Interest::READABLE | Interest::ERROR).await?;
        if ready.is_read_closed() || ready.is_error() {
            return Ok(());
        }
        // Bytes are waiting that nobody shall read; look again later.
        tokio::time::sleep(DRIP).await;
    }
}
