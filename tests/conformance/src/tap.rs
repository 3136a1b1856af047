//! A tap on the wire: an emulator behind a listener that remembers each request and answer as it passed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::BodyExt;
use polyptych_emulator::{Emulator, Settings};

/// One exchange as it passed.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Request method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Request headers.
    pub headers: HeaderMap,
    /// Request body.
    pub request: Bytes,
    /// Status of the answer.
    pub status: StatusCode,
    /// Body of the answer.
    pub response: Bytes,
}

impl Exchange {
    /// The request body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    pub fn request_text(&self) -> &str {
        std::str::from_utf8(&self.request).expect("a request in UTF-8")
    }

    /// The answer's body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    pub fn response_text(&self) -> &str {
        std::str::from_utf8(&self.response).expect("an answer in UTF-8")
    }
}

/// The running emulator with its tap.
pub struct Tap {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Tap {
    /// Starts an emulator on a free loopback port; it ends with the runtime.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(settings: Settings) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        // The tap keeps bodies as they pass; a compressed one would be no text.
        let settings = Settings { gzip: false, ..settings };
        let router = Emulator::new(settings).router().layer(from_fn_with_state(Arc::clone(&seen), remember));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, seen })
    }

    /// What passed so far, in order.
    ///
    /// # Panics
    /// If a request handler panicked.
    pub fn seen(&self) -> Vec<Exchange> {
        self.seen.lock().expect("no handler panicked").clone()
    }
}

async fn remember(State(seen): State<Arc<Mutex<Vec<Exchange>>>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let request = match body.collect().await {
        Ok(body) => body.to_bytes(),
        // The client broke off: there is no whole exchange to remember.
        Err(_) => return Response::default(),
    };
    let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
    let answer = next.run(Request::from_parts(parts, Body::from(request.clone()))).await;
    let (parts, body) = answer.into_parts();
    let response = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let status = parts.status;
    if let Ok(mut seen) = seen.lock() {
        seen.push(Exchange { method, uri, headers, request, status, response: response.clone() });
    }
    Response::from_parts(parts, Body::from(response))
}
