//! A server that gives scripted answers, one per connection, and keeps what it was asked; a clock that never waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;

use polyptych_domain::{AlbumId, Content, Format, ImageId, LibraryId, PageRequest, Upload};
use polyptych_providers::Settings;
use polyptych_transport::{
    Auth, Clock, Config, CredentialError, CredentialSource, Fixed, Retry, SecretString, Timeouts,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TOKEN: &str = "canary-token-5d21";

/// An answer to give.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Announce more than is sent.
    pub(crate) cut: bool,
    /// Read the request, and close the connection without a word.
    pub(crate) lost: bool,
    /// Read the request, leave the connection open without a word, and let the client's time run out.
    pub(crate) silent: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), cut: false, lost: false, silent: false }
    }

    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn lost() -> Self {
        Self { lost: true, ..Self::ok("") }
    }

    pub(crate) fn silent() -> Self {
        Self { silent: true, ..Self::ok("") }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    /// `{base}` in the body stands for the server's address.
    fn bytes(&self, base: &str) -> Vec<u8> {
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) => text.replace("{base}", base).into_bytes(),
            Err(_) => self.body.clone(),
        };
        let length = if self.status == 204 { None } else { Some(body.len() + usize::from(self.cut)) };
        let mut head = format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", self.status);
        head.extend(length.map(|length| format!("Content-Length: {length}\r\n")));
        head.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
        [format!("{head}\r\n").as_bytes(), &body].concat()
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A clock that never waits: a sleep lets its time pass at once.
#[derive(Debug, Clone)]
pub(crate) struct Hasty {
    start: Instant,
    passed: Arc<Mutex<Duration>>,
}

impl Hasty {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), passed: Arc::default() }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        *self.passed.lock().unwrap() += time;
    }

    /// How much has passed.
    pub(crate) fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }
}

#[async_trait]
impl Clock for Hasty {
    fn now(&self) -> Instant {
        self.start + *self.passed.lock().unwrap()
    }

    /// 2026-11-21T12:00:00Z and what has passed since.
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400) + *self.passed.lock().unwrap()
    }

    async fn sleep(&self, time: Duration) {
        self.pass(time);
    }
}

/// A credential that has been replaced whenever it is looked at again.
#[derive(Debug, Default)]
struct Renewed(AtomicUsize);

#[async_trait]
impl CredentialSource for Renewed {
    async fn credential(&self) -> Result<SecretString, CredentialError> {
        Ok(format!("{TOKEN}{}", self.0.load(Ordering::SeqCst)).into())
    }

    async fn refreshed(&self) -> Result<SecretString, CredentialError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.credential().await
    }
}

/// The server; it ends after its last answer.
pub(crate) struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) async fn new(replies: impl IntoIterator<Item = Reply, IntoIter: Send + 'static>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (replies, kept, base) = (replies.into_iter(), asked.clone(), address.clone());
        tokio::spawn(async move {
            let mut open = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                kept.lock().unwrap().push(request);
                if reply.silent {
                    open.push(stream);
                    // The clock of the timeouts leaps: nobody waits for them.
                    tokio::time::pause();
                    tokio::time::advance(2 * Timeouts::default().total).await;
                    tokio::time::resume();
                } else if !reply.lost {
                    stream.write_all(&reply.bytes(&base)).await.unwrap();
                }
            }
        });
        Self { address, asked }
    }

    /// Gives the same answer to everything.
    pub(crate) async fn repeating(reply: Reply) -> Self {
        Self::new(std::iter::repeat(reply)).await
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked, once.
    pub(crate) fn only(&self) -> Asked {
        let mut asked = self.asked();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    }

    /// How often something was asked whose first line begins so, and how often something else.
    pub(crate) fn count(&self, start: &str) -> (usize, usize) {
        let asked = self.asked();
        let such = asked.iter().filter(|asked| asked.line.starts_with(start)).count();
        (such, asked.len() - such)
    }

    /// A connection to this server that makes one try per call.
    pub(crate) fn connection(&self, auth: Auth) -> Config {
        Config::new(&self.address, auth, Arc::new(Fixed::new(TOKEN)))
            .with_retry(Retry::never())
            .with_clock(Arc::new(Hasty::new()))
    }

    /// Settings of a library whose credential is another one each time it is refused: [`TOKEN`] and 0, then 1. It
    /// repeats calls as it does by default, without waiting.
    pub(crate) fn renewing(&self, auth: Auth) -> Settings {
        let connection = Config::new(&self.address, auth, Arc::new(Renewed::default()));
        settings(connection.with_clock(Arc::new(Hasty::new())))
    }

    /// Settings of a library at this server; one try per call.
    pub(crate) fn settings(&self, auth: Auth) -> Settings {
        settings(self.connection(auth))
    }

    /// Settings of a library that repeats calls as it does by default, without waiting.
    pub(crate) fn patient(&self, auth: Auth) -> Settings {
        settings(self.connection(auth).with_retry(Retry::default()))
    }
}

pub(crate) fn settings(connection: Config) -> Settings {
    Settings { id: LibraryId::new("library").unwrap(), default_album: None, connection }
}

async fn read(stream: &mut TcpStream) -> Asked {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut asked = Asked { line, headers, body: Vec::new() };
    let length = asked.header("content-length").map_or(0, |value| value.parse().unwrap());
    asked.body.resize(length, 0);
    stream.read_exact(&mut asked.body).await.unwrap();
    asked
}

/// The bytes that uploads carry here; no provider looks at them.
pub(crate) const IMAGE: &[u8] = b"\x89PNG bytes of an image";

pub(crate) fn upload(name: &str) -> Upload {
    Upload {
        name: name.to_owned(),
        format: Format::Png,
        class: None,
        content: Content::from_bytes(IMAGE),
        replace: false,
    }
}

pub(crate) fn album(id: &str) -> AlbumId {
    AlbumId::new(id).unwrap()
}

pub(crate) fn image(id: &str) -> ImageId {
    ImageId::new(id).unwrap()
}

pub(crate) fn page(size: u32, after: Option<&str>) -> PageRequest {
    PageRequest { size, after: after.map(str::to_owned) }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}
