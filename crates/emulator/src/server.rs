//! The emulator behind a listening socket.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

/// An emulator that listens but does not answer yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    router: Router,
    address: SocketAddr,
}

impl Bound {
    pub(crate) async fn new(address: SocketAddr, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, router, address })
    }

    /// The address that is listened on; the true port when port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is ready, then finishes those already begun.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        axum::serve(self.listener, self.router).with_graceful_shutdown(shutdown).await
    }
}
