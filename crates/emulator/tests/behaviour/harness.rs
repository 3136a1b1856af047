//! What the tests share: a client of the router, pictures, the reference folder, and comparisons of shape.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych_emulator::{Emulator, Settings};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A client of one emulator.
pub(crate) struct Client(pub(crate) Router);

impl Client {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Emulator::new(settings).router())
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", "emulator.test");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.0.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn journal(&self) -> Vec<Value> {
        self.get("/_emulator/journal").await.json().as_array().unwrap().clone()
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

/// An emulator behind a loopback socket; it ends with the test.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(crate) async fn start(settings: Settings) -> Self {
        let bound = Emulator::bind(([127, 0, 0, 1], 0).into(), settings).await.unwrap();
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(bound.serve_until(async move {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends a whole request that asks for the connection's end, and reads to it.
    pub(crate) async fn exchange(&self, request: &str) -> String {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub(crate) async fn journal(&self) -> Vec<Value> {
        let answer = self.exchange("GET /_emulator/journal HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(body).unwrap()
    }

    /// Asks the server to end; the returned task ends with it.
    pub(crate) fn stop(mut self) -> JoinHandle<std::io::Result<()>> {
        let _ = self.stop.take().unwrap().send(());
        self.task
    }
}

/// A picture of one colour; another `shade` is another content.
pub(crate) fn picture(format: ImageFormat, width: u32, height: u32, shade: u8) -> Vec<u8> {
    let pixels = RgbImage::from_pixel(width, height, Rgb([shade, 90, 160]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub(crate) fn png(width: u32, height: u32, shade: u8) -> Vec<u8> {
    picture(ImageFormat::Png, width, height, shade)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// A part of a form: field, file name, content type, content.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [u8]);

/// A multipart body of these parts, and its `Content-Type`.
pub(crate) fn form(parts: &[Part<'_>]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, kind, content) in parts {
        body.extend_from_slice(format!("--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes());
        if let Some(file) = file {
            body.extend_from_slice(format!("; filename=\"{file}\"").as_bytes());
        }
        if let Some(kind) = kind {
            body.extend_from_slice(format!("\r\nContent-Type: {kind}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--BOUNDARY--\r\n");
    ("multipart/form-data; boundary=BOUNDARY".to_owned(), body)
}

/// Whether a skip of `what` is a failure.
pub(crate) fn required(what: &str) -> bool {
    std::env::var("POLYPTYCH_REQUIRE").is_ok_and(|list| list.split(',').any(|item| item.trim() == what))
}

/// A file of the reference data; `None`, with a word printed, when the folder is not there.
pub(crate) fn reference(path: &str) -> Option<String> {
    let Ok(folder) = std::env::var("POLYPTYCH_REFERENCE_DIR") else {
        assert!(!required("reference"), "POLYPTYCH_REFERENCE_DIR is required");
        eprintln!("skipped: POLYPTYCH_REFERENCE_DIR is not set");
        return None;
    };
    Some(std::fs::read_to_string(PathBuf::from(folder).join(path)).unwrap())
}

/// A JSON file of the reference data.
pub(crate) fn reference_json(path: &str) -> Option<Value> {
    reference(path).map(|text| serde_json::from_str(&text).unwrap())
}

/// The headers of a recorded request that matter to an emulator, with a token in place of the redacted one.
pub(crate) const RECORDED_HEADERS: [(&str, &str); 9] = [
    ("Accept", "*/*"),
    ("Content-Type", "application/json"),
    ("authorization", "Bearer token"),
    ("client-login", "example-login"),
    ("processingMode", "auto"),
    ("returnMoneyInMicros", "false"),
    ("skipColumnHeader", "false"),
    ("skipReportHeader", "true"),
    ("skipReportSummary", "true"),
];

/// Keys and types of a value, without its contents; the items of a list count once per distinct shape.
pub(crate) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(items) => {
            let shapes: BTreeSet<String> = items.iter().map(shape).collect();
            format!("[{}]", shapes.into_iter().collect::<Vec<_>>().join("|"))
        }
        Value::Object(object) => {
            let members: BTreeSet<String> =
                object.iter().map(|(key, value)| format!("{key}:{}", shape(value))).collect();
            format!("{{{}}}", members.into_iter().collect::<Vec<_>>().join(","))
        }
    }
}

/// The tags of a document, without its declaration and texts.
pub(crate) fn skeleton(xml: &str) -> String {
    let tags = xml.split('<').skip(1).filter_map(|piece| piece.split_once('>')).map(|(tag, _)| tag);
    tags.filter(|tag| !tag.starts_with('?')).map(|tag| format!("<{tag}>")).collect()
}

/// The text between two marks.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start} is not in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end} is not in {text}")).0
}
