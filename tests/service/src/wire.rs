//! A connection to a gRPC server that keeps no deadline by itself, so that it is seen whether the server does. tonic's own
//! channel gives up at the same moment as the server, and nobody could tell which of them was first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::{Context as _, Result};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response, Uri};

/// A connection as a transport of generated clients; clones share it.
#[derive(Debug, Clone)]
pub struct Wire(SendRequest<Body>);

impl Wire {
    /// Connects to a server at `host:port`.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn connect(address: &str) -> Result<Self> {
        let socket = TcpStream::connect(address).await.context("the server cannot be reached")?;
        socket.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(socket)).await?;
        // It ends when the last clone is dropped, or with the server.
        tokio::spawn(connection);
        Ok(Self(sender))
    }
}

/// What generated clients write into requests in the place of an address.
pub fn origin() -> Uri {
    Uri::from_static("http://facade.test")
}

impl tonic::codegen::Service<Request<Body>> for Wire {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
