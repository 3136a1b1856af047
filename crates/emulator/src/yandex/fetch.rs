//! Fetching the picture of an upload by URL: from the emulator's own picture URLs, without the network, and over plain
//! HTTP from the hosts it was given. Nothing else is ever contacted; size, time and redirections are bounded.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, HOST, LOCATION};
use http::uri::{Authority, PathAndQuery};
use http::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::classes::{LARGEST, Wanted};
use super::tasks::{Claim, Fetched, settle};
use super::texts::{self, Text};
use super::upload::{Refusal, prepare};
use crate::body::{self, Unread};
use crate::exchange::segments;
use crate::lock::hold;
use crate::media;
use crate::state::State;

/// How many redirections are followed.
const MOST_REDIRECTIONS: usize = 3;

/// An address that a picture can be fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    secure: bool,
    authority: Authority,
    path: PathAndQuery,
}

impl Address {
    /// Reads an absolute URL of the scheme `http` or `https`, without a user; `None` for anything else.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let parts = url.parse::<Uri>().ok()?.into_parts();
        let scheme = parts.scheme?;
        let authority = parts.authority.filter(|authority| !authority.as_str().contains('@'))?;
        let secure = match scheme.as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        (!authority.host().is_empty()).then_some(Self { secure, authority, path })
    }

    fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The host without the brackets of an IPv6 address.
    fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether this is the emulator that handed out URLs under `base`. All names of the loopback are one.
    fn is_own(&self, base: &str) -> bool {
        let loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
        Self::parse(base).is_some_and(|own| {
            let same_host =
                own.host().eq_ignore_ascii_case(self.host()) || (loopback(own.host()) && loopback(self.host()));
            same_host && own.port() == self.port()
        })
    }

    /// Whether the settings name this host.
    fn is_given(&self, hosts: &[String]) -> bool {
        hosts.iter().any(|given| match given.parse::<Authority>() {
            Ok(given) => {
                given.host().eq_ignore_ascii_case(self.authority.host())
                    && given.port_u16().is_none_or(|port| port == self.port())
            }
            Err(_) => false,
        })
    }
}

/// Fetches the picture of a task in the background and brings it to the task.
pub(crate) fn start(state: Arc<State>, login: String, (id, claim): (i64, Claim), base: String, address: Address) {
    tokio::spawn(async move {
        // The semaphore is never closed.
        let Ok(_place) = state.fetchers.acquire().await else { return };
        let fetched = fetch_and_judge(&state, &login, &base, address).await;
        let mut library = hold(&state.library);
        if let Some(unwanted) = library.tasks.bring(id, &claim, fetched) {
            library.release(&unwanted.content);
        }
        drop(library);
        settle(&state);
    });
}

async fn fetch_and_judge(state: &Arc<State>, login: &str, base: &str, address: Address) -> Fetched {
    let ticket = state.journal.open(state.now(), "yandex-live4-fetch", "GET", address.path.path());
    ticket.describe("AdImage.Upload", Some(login));
    let (code, time) = (state.live().yandex.upload_fetch_code, state.live().yandex.fetch_timeout);
    let refusal = match tokio::time::timeout(time, fetch(state, base, address)).await {
        Err(_) => Refusal::new(code, texts::FETCH_TIMEOUT),
        Ok(Err(Unfetched::TooLarge)) => Refusal::new(5010, texts::FILE_SIZE),
        Ok(Err(Unfetched::Because(text))) => Refusal::new(code, text),
        Ok(Ok(bytes)) => {
            let examined = state.examine(Bytes::copy_from_slice(&bytes)).await;
            let upload = ticket.sent(login, &examined.sha, examined.bytes.len());
            match prepare(&state.live(), &mut hold(&state.library), &examined, Wanted::NotFixed) {
                Ok(prepared) => return Fetched::Picture { prepared, ticket, upload },
                Err(refusal) => {
                    ticket.settle(upload, format!("refused:{}", refusal.code));
                    refusal
                }
            }
        }
    };
    ticket.failed(refusal.code);
    ticket.close(StatusCode::OK.as_u16());
    Fetched::Nothing(refusal)
}

/// Why there is no picture.
enum Unfetched {
    TooLarge,
    Because(Text),
}

const NOT_FETCHED: Unfetched = Unfetched::Because(texts::NOT_FETCHED);

async fn fetch(state: &Arc<State>, base: &str, mut address: Address) -> Result<Bytes, Unfetched> {
    for _ in 0..=MOST_REDIRECTIONS {
        let response = if address.is_own(base) {
            own_picture(state, &address.path).await?
        } else if !address.is_given(&state.live().yandex.fetch_hosts) {
            return Err(Unfetched::Because(texts::HOST_NOT_GIVEN));
        } else if address.secure {
            return Err(Unfetched::Because(texts::NOT_PLAIN_HTTP));
        } else {
            strange_picture(&address).await?
        };
        match response {
            Answer::Picture(bytes) => return Ok(bytes),
            Answer::Elsewhere(target) => address = redirected(&address, &target).ok_or(NOT_FETCHED)?,
        }
    }
    Err(NOT_FETCHED)
}

enum Answer {
    Picture(Bytes),
    /// The text of `Location`.
    Elsewhere(String),
}

fn redirected(from: &Address, target: &str) -> Option<Address> {
    if target.starts_with('/') && !target.starts_with("//") {
        return Some(Address { path: target.parse().ok()?, ..from.clone() });
    }
    Address::parse(target)
}

/// A picture of the emulator itself, at any of its picture URLs.
async fn own_picture(state: &Arc<State>, path: &PathAndQuery) -> Result<Answer, Unfetched> {
    let request = Request::get(path.as_str()).body(()).map_err(|_| NOT_FETCHED)?;
    let parts = segments(path.path());
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let ["images", rest @ ..] = parts.as_slice() else { return Err(NOT_FETCHED) };
    let response = media::answer(state, &request.into_parts().0, rest).await;
    picture(response.status(), response.into_body()).await
}

async fn strange_picture(address: &Address) -> Result<Answer, Unfetched> {
    let stream = TcpStream::connect((address.host(), address.port())).await.map_err(|_| NOT_FETCHED)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| NOT_FETCHED)?;
    // Dropped with this call, however it ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get(address.path.as_str())
        .header(HOST, address.authority.as_str())
        .header(CONNECTION, "close")
        .body(Body::empty())
        .map_err(|_| NOT_FETCHED)?;
    let response = sender.send_request(request).await.map_err(|_| NOT_FETCHED)?;
    if response.status().is_redirection() {
        let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok()).ok_or(NOT_FETCHED)?;
        return Ok(Answer::Elsewhere(target.to_owned()));
    }
    picture(response.status(), Body::new(response.into_body())).await
}

async fn picture(status: StatusCode, body: Body) -> Result<Answer, Unfetched> {
    if status != StatusCode::OK {
        return Err(NOT_FETCHED);
    }
    // The whole fetch has its time.
    match body::read(body, LARGEST, Duration::MAX).await {
        Ok(bytes) => Ok(Answer::Picture(bytes)),
        Err(Unread::TooLarge) => Err(Unfetched::TooLarge),
        Err(Unread::Broken | Unread::Stalled) => Err(NOT_FETCHED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_read() {
        for bad in ["", "a", "/a", "ftp://h/a", "http:///a", "http://u@h/a", "http://h h/", "file:///etc/passwd"] {
            assert_eq!(Address::parse(bad), None, "{bad}");
        }
        assert!(Address::parse("http://h").is_some_and(|address| address.path == "/" && address.port() == 80));
    }

    #[test]
    fn hosts_are_compared_without_case_and_with_the_port_that_was_given() {
        let address = Address::parse("http://Host.test:81/a").unwrap();
        let given = |hosts: &[&str]| address.is_given(&hosts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(given(&["host.test"]) && given(&["other", "HOST.test:81"]));
        assert!(!given(&["host.test:80"]) && !given(&["test"]) && !given(&[]) && !given(&["not a host"]));
        assert!(Address::parse("http://localhost:81/a").unwrap().is_own("http://127.0.0.1:81"));
        assert!(!Address::parse("http://localhost/a").unwrap().is_own("http://127.0.0.1:81"));
    }

    #[test]
    fn redirections_lead_to_a_path_or_to_an_address() {
        let from = Address::parse("http://h:81/a").unwrap();
        assert_eq!(redirected(&from, "/b?c"), Address::parse("http://h:81/b?c"));
        assert_eq!(redirected(&from, "http://i/b"), Address::parse("http://i/b"));
        assert_eq!((redirected(&from, "//i/b"), redirected(&from, "b")), (None, None));
    }
}
