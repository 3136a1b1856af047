//! Fetches pictures from addresses that callers name, without becoming their arm into the network that this machine stands
//! in: a host is resolved once, every address of it is checked, and the connection goes to the addresses that were checked.
//! Each redirect is an address like the first one.
//!
//! It sends no credential, cookie or referer, uses no proxy, asks for no compression, and reads no further and no longer than
//! it was told. It never keeps what it reads.

mod address;
mod error;
mod hosts;
mod resolver;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout, timeout_at};

pub use error::{FetchConfigError, FetchError, FetchErrorKind};
pub use hosts::HostRule;
pub use resolver::{Resolver, SystemResolver};

use self::address::Reach;
use self::hosts::Hosts;
use self::resolver::Pinned;
use crate::tls;
use crate::transport::USER_AGENT;

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 3;

/// Longest address in bytes, a redirect's included.
const MAX_URL_BYTES: usize = 2048;

/// What may be fetched, and how patiently.
#[derive(Clone)]
pub struct FetchConfig {
    /// Hosts that may be called; empty means any whose addresses are public.
    pub hosts: Vec<HostRule>,
    /// Hosts that may also have addresses of this machine and of private networks; never the link's own, where clouds keep
    /// their metadata. They need not be among `hosts`.
    pub private_hosts: Vec<HostRule>,
    /// Ports that are called where an entry names none. Default 80 and 443.
    pub ports: Vec<u16>,
    /// Time to connect, TLS included. Default 10 s.
    pub connect: Duration,
    /// The longest silence while a picture is coming. Default 30 s.
    pub idle: Duration,
    /// All of it, redirects included. Default 120 s.
    pub total: Duration,
    /// Certificate authorities (PEM) to trust beside the system's.
    pub root_certificates: Option<Vec<u8>>,
    /// Turns host names into addresses. Default: the system does.
    pub resolver: Arc<dyn Resolver>,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            private_hosts: Vec::new(),
            ports: vec![80, 443],
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(120),
            root_certificates: None,
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// A picture that has begun to come.
pub struct FetchedPicture {
    /// Its announced length in bytes; absent where none was announced.
    pub len: Option<u64>,
    /// Its bytes. An error ends them; an announced length is kept to, or there is an error.
    pub pieces: BoxStream<'static, Result<Bytes, FetchError>>,
}

impl fmt::Debug for FetchedPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedPicture").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Fetches pictures. Cheap to clone.
#[derive(Clone)]
pub struct Fetch(Arc<Inner>);

struct Inner {
    hosts: Hosts,
    connect: Duration,
    idle: Duration,
    total: Duration,
    resolver: Arc<dyn Resolver>,
    plain: ClientConfig,
    /// Why there is no TLS here, where there is none: a system without certificates can still fetch over http.
    secure: Result<ClientConfig, String>,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("hosts", &self.0.hosts).field("total", &self.0.total).finish_non_exhaustive()
    }
}

impl Fetch {
    /// Checks the settings; connects to nothing.
    ///
    /// # Errors
    /// For a limit of time that is zero, and certificates that cannot be read.
    pub fn new(config: FetchConfig) -> Result<Self, FetchConfigError> {
        let FetchConfig { hosts, private_hosts, ports, connect, idle, total, root_certificates, resolver } = config;
        for (name, limit) in [("connect", connect), ("idle", idle), ("total", total)] {
            if limit.is_zero() {
                return Err(FetchConfigError::Timeout(name));
            }
        }
        let secure = tls::settings(root_certificates.as_deref(), None).map_err(|error| error.to_string());
        let secure = match (secure, root_certificates) {
            // What was given does not work; that the system has none shows when it is needed.
            (Err(why), Some(_)) => return Err(FetchConfigError::RootCertificates(why)),
            (secure, _) => secure,
        };
        let plain = tls::unused().map_err(|error| FetchConfigError::Tls(error.to_string()))?;
        let hosts = Hosts::new(hosts, private_hosts, ports);
        Ok(Self(Arc::new(Inner { hosts, connect, idle, total, resolver, plain, secure })))
    }

    /// Fetches what is at `url`, at most `most_bytes` of it. Answers when the first bytes may come.
    ///
    /// # Errors
    /// [`FetchErrorKind::Refused`] before anything is sent to the address that is refused. Nothing is changed anywhere.
    pub async fn fetch(&self, url: &str, most_bytes: u64) -> Result<FetchedPicture, FetchError> {
        let end = Instant::now() + self.0.total;
        let within = timeout_at(end, self.0.follow(url)).await;
        let answer = within.unwrap_or_else(|_| Err(FetchError::too_slow()))?;
        picture(answer, most_bytes, self.0.idle, end)
    }
}

impl Inner {
    async fn follow(&self, url: &str) -> Result<reqwest::Response, FetchError> {
        let mut url = parsed(url)?;
        for hop in 0..=MOST_REDIRECTS {
            let answer = self.ask(&url).await.map_err(|error| error.behind(hop, &url))?;
            if !is_redirect(answer.status()) {
                return Ok(answer);
            }
            url = target(&url, answer.headers()).map_err(|error| error.behind(hop, &url))?;
        }
        Err(FetchError::refused(format!("it leads through more than {MOST_REDIRECTS} redirects")))
    }

    /// One request to one host, whose addresses are resolved and checked here.
    async fn ask(&self, url: &Url) -> Result<reqwest::Response, FetchError> {
        let addresses = self.checked(url).await?;
        let tls = match url.scheme() {
            "https" => self
                .secure
                .as_ref()
                .map_err(|why| FetchError::unavailable(format!("https is of no use here: {why}")))?,
            _ => &self.plain,
        };
        let failed = |error: reqwest::Error| {
            let said = if error.is_connect() { "the host cannot be connected to" } else { "the connection failed" };
            FetchError::unavailable(said).with_source(error.without_url())
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .connect_timeout(self.connect)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Pinned(addresses)))
            .build()
            .map_err(failed)?;
        let mut request = reqwest::Request::new(http::Method::GET, url.clone());
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("image/*, */*;q=0.1"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let patience = self.connect.saturating_add(self.idle);
        timeout(patience, client.execute(request)).await.map_err(|_| FetchError::too_slow())?.map_err(failed)
    }

    /// The addresses that this URL may be fetched from: all of its host, or none.
    async fn checked(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let host = url.host_str().ok_or_else(|| FetchError::refused("it names no host"))?;
        let port = url.port_or_known_default().unwrap_or_default();
        let grant = self.hosts.grant(host, port)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let addresses = match literal {
            Ok(address) => vec![address],
            Err(_) => match timeout(self.connect, self.resolver.resolve(host)).await {
                Err(_) => return Err(FetchError::unavailable("the host's name was not resolved in time")),
                Ok(Err(error)) => {
                    return Err(FetchError::unavailable("the host's name is not resolved").with_source(error));
                }
                Ok(Ok(addresses)) => addresses,
            },
        };
        if addresses.is_empty() {
            return Err(FetchError::unavailable("the host has no address"));
        }
        match addresses.iter().map(|address| Reach::of(*address)).max().unwrap_or(Reach::Never) {
            Reach::Public => {}
            Reach::Private if grant.private => {}
            Reach::Private => {
                let message = "its host has an address of this machine or of a private network; if it is meant, name the host in \
                               `private_hosts` of [fetch]";
                return Err(FetchError::refused(message));
            }
            Reach::Never => {
                return Err(FetchError::refused("its host has an address that no picture is fetched from"));
            }
        }
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
    }
}

/// An address of the form that is fetched from.
fn parsed(url: &str) -> Result<Url, FetchError> {
    let odd = |char: char| char.is_control() || char.is_whitespace() || char == '\\';
    if url.len() > MAX_URL_BYTES || url.chars().any(odd) {
        return Err(FetchError::refused("it is too long, or holds a space, a control character or a backslash"));
    }
    acceptable(Url::parse(url).map_err(|error| FetchError::refused(format!("it is not an address: {error}")))?)
}

fn acceptable(mut url: Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::refused("only http and https are fetched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::refused("it holds a user; no credential is sent"));
    }
    url.set_fragment(None);
    Ok(url)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads.
fn target(from: &Url, headers: &http::HeaderMap) -> Result<Url, FetchError> {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let location = location.ok_or_else(|| FetchError::unavailable("the host redirects without an address"))?;
    let odd = |char: char| char.is_control() || char.is_whitespace() || char == '\\';
    if location.len() > MAX_URL_BYTES || location.chars().any(odd) {
        return Err(FetchError::refused("the host redirects to what is no address"));
    }
    let url = from.join(location).map_err(|_| FetchError::refused("the host redirects to what is no address"))?;
    if from.scheme() == "https" && url.scheme() == "http" {
        return Err(FetchError::refused("the host redirects from https to http"));
    }
    acceptable(url)
}

/// The picture of an answer.
fn picture(
    answer: reqwest::Response,
    most_bytes: u64,
    idle: Duration,
    end: Instant,
) -> Result<FetchedPicture, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::unavailable(format!("the host answers with status {}", answer.status().as_u16())));
    }
    let coding = answer.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(FetchError::unavailable("the host sends it compressed, which was not asked for"));
    }
    let len = answer.content_length();
    if len.is_some_and(|len| len > most_bytes) {
        return Err(FetchError::too_large(most_bytes));
    }
    let pieces = stream::try_unfold((answer, 0_u64), move |(mut answer, read)| async move {
        let next = timeout_at(end, timeout(idle, answer.chunk())).await.ok().and_then(Result::ok);
        let failed = |error: reqwest::Error| {
            FetchError::unavailable("the connection failed on the way").with_source(error.without_url())
        };
        let Some(piece) = next.ok_or_else(FetchError::too_slow)?.map_err(failed)? else { return Ok(None) };
        let read = read.saturating_add(piece.len() as u64);
        if read > most_bytes {
            return Err(FetchError::too_large(most_bytes));
        }
        Ok(Some((piece, (answer, read))))
    });
    Ok(FetchedPicture { len, pieces: pieces.boxed() })
}
