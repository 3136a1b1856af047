//! The other side of a connection, driven by hand: a test reads a request byte by byte and writes what it likes.

use std::sync::Arc;
use std::time::Duration;

use polyptych_transport::{Auth, Clock, Config, Fixed, Retry, Transport};
use polyptych_wire::{Body, Effect, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::time::Middle;

pub(crate) const TOKEN: &str = "canary-token-1f3a";

/// A port that nobody has connected to yet.
pub(crate) struct Peer(TcpListener);

impl Peer {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// At an address that was free a moment ago.
    pub(crate) async fn at(address: &str) -> Self {
        Self(TcpListener::bind(address).await.unwrap())
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Settings for this peer over plain HTTP with a bearer token; one try per call.
    pub(crate) fn config(&self) -> Config {
        self.config_with(Auth::Bearer)
    }

    pub(crate) fn config_with(&self, auth: Auth) -> Config {
        let base = format!("http://{}", self.address());
        Config::new(base, auth, Arc::new(Fixed::new(TOKEN))).with_retry(Retry::never())
    }

    /// The same with retries of the default kind, on `clock`.
    pub(crate) fn patient(&self, clock: &Arc<impl Clock + 'static>) -> Config {
        self.config().with_retry(Retry::default()).with_clock(clock.clone()).with_jitter(Arc::new(Middle))
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::new(self.config()).unwrap()
    }

    pub(crate) async fn accept(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }

    /// Accepts a connection, reads a request and answers with `reply`. A test that expects a request that never comes
    /// fails instead of waiting for it.
    pub(crate) async fn answer(&self, reply: impl AsRef<str>) -> Received {
        let mut stream = tokio::time::timeout(Duration::from_secs(30), self.accept()).await.expect("a connection");
        let received = read_request(&mut stream).await;
        stream.write_all(reply.as_ref().as_bytes()).await.unwrap();
        received
    }
}

/// Answers one connection after another, each with its reply, and gives what arrived.
pub(crate) async fn answer_all<const N: usize>(peer: &Peer, replies: [&str; N]) -> Vec<Received> {
    let mut received = Vec::new();
    for reply in replies {
        received.push(peer.answer(reply).await);
    }
    received
}

/// An answer after which the connection ends, with `headers` between status and length.
pub(crate) fn last_reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A request as it arrived.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Values of the header, in order.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Reads up to and with the blank line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a whole head"));
    }
    String::from_utf8(head).unwrap()
}

/// Reads a request whose length is announced.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Received {
    let mut received = Received { head: read_head(stream).await, body: Vec::new() };
    let length = received.header("content-length").first().map_or(0, |value| value.parse().unwrap());
    received.body.resize(length, 0);
    stream.read_exact(&mut received.body).await.expect("the announced length");
    received
}

/// An answer with its exact length.
pub(crate) fn reply(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A read without a body.
pub(crate) fn get(path: &str) -> Request {
    Request {
        operation: "Images.get",
        effect: Effect::Safe,
        method: http::Method::GET,
        path: path.to_owned(),
        headers: http::HeaderMap::new(),
        body: Body::empty(),
    }
}

/// A write that may be repeated.
pub(crate) fn put(body: impl Into<Body>) -> Request {
    Request { operation: "Images.put", effect: Effect::Idempotent, ..post(body) }
}

/// An upload.
pub(crate) fn post(body: impl Into<Body>) -> Request {
    Request {
        operation: "Images.add",
        effect: Effect::Write,
        method: http::Method::POST,
        path: "/images".to_owned(),
        headers: http::HeaderMap::new(),
        body: body.into(),
    }
}
