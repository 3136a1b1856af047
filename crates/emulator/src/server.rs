//! The emulator behind a listening socket.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::connection::{Switch, Switched};
use crate::{Emulator, Settings};

/// An emulator that listens but does not answer yet.
#[derive(Debug)]
pub struct Bound {
    listener: Switched,
    emulator: Emulator,
    address: SocketAddr,
}

impl Bound {
    pub(crate) async fn new(address: SocketAddr, emulator: Emulator) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener: Switched(listener), emulator, address })
    }

    /// The emulator, for control and the journal; what is done to it is seen by the server.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
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
        let service = self.emulator.router().into_make_service_with_connect_info::<Switch>();
        axum::serve(self.listener, service).with_graceful_shutdown(shutdown).await
    }
}

/// An emulator that answers on a loopback port of its own for as long as this value lives.
///
/// It is an [`Emulator`] too: control and the journal are at hand without HTTP.
#[derive(Debug)]
pub struct Running {
    emulator: Emulator,
    address: SocketAddr,
    /// Dropped with this value, it ends the server.
    _stop: oneshot::Sender<()>,
}

impl Running {
    pub(crate) async fn start(emulator: Emulator) -> io::Result<Self> {
        let bound = Bound::new(([127, 0, 0, 1], 0).into(), emulator.clone()).await?;
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(bound.serve_until(async {
            // Nothing is ever sent: the end of the sender is the sign.
            let _ = stopped.await;
        }));
        Ok(Self { emulator, address, _stop: stop })
    }

    /// Where it answers, such as `http://127.0.0.1:40123`, without a final slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that is listened on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Deref for Running {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

impl Emulator {
    /// A new emulator with the default settings, answering on a free loopback port, on a task of the current tokio
    /// runtime. It ends when the value is dropped, after the calls in flight.
    ///
    /// # Errors
    /// When no port can be listened on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start() -> io::Result<Running> {
        Self::new(Settings::default()).serve().await
    }

    /// This emulator, answering on a free loopback port; as [`Emulator::start`].
    ///
    /// # Errors
    /// When no port can be listened on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn serve(&self) -> io::Result<Running> {
        Running::start(self.clone()).await
    }

    /// Listens on `address` without answering yet; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<Bound> {
        Bound::new(address, self.clone()).await
    }
}
