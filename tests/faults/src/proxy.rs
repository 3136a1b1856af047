//! A loopback proxy between a transport and an emulator that breaks exchanges as a script says. It knows where requests
//! and answers begin, and nothing of what they mean; it keeps a record of all it did.

mod exchange;
mod log;
mod message;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::fault::Fault;
pub use log::{Log, Passed, Record};

/// Segments and buffers are as small as on a slow line, so that a request of some hundred kilobytes does not vanish
/// into the kernel before the proxy has read any of it.
const SEGMENT: u32 = 1400;
const RECEIVE_BUFFER: u32 = 32 * 1024;

/// A request, as far as it has been read when its fate is decided.
#[derive(Debug)]
pub struct Seen {
    /// Its number at this proxy, from 1.
    pub sequence: u64,
    /// Its method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The value of `SOAPAction`, or empty.
    pub soap_action: String,
    /// The first bytes of the body, at most [`Seen::OPENING`].
    pub opening: Vec<u8>,
}

impl Seen {
    /// How many bytes of a body are looked at.
    pub const OPENING: u64 = 1024;

    /// Whether the opening holds `text`.
    pub fn opens_with(&self, text: &str) -> bool {
        self.opening.windows(text.len().max(1)).any(|part| part == text.as_bytes())
    }
}

/// Decides what becomes of each request.
pub type Script = Arc<dyn Fn(&Seen) -> Option<&'static Fault> + Send + Sync>;

/// A running proxy; it and its connections end when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    log: Log,
    connections: Arc<AtomicU64>,
    open: watch::Sender<usize>,
    /// Held so that the port is nobody's while it refuses.
    _closed: Option<TcpSocket>,
    task: Option<JoinHandle<()>>,
}

/// What the connections of a proxy share.
struct Shared {
    upstream: SocketAddr,
    script: Script,
    log: Log,
    /// How many exchanges the provider has not yet seen the end of.
    open: watch::Sender<usize>,
}

impl Proxy {
    /// Listens on a free loopback port and passes requests on to `upstream`, as far as `script` lets it.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(upstream: SocketAddr, script: Script) -> io::Result<Self> {
        let socket = socket()?;
        let address = socket.local_addr()?;
        let listener = socket.listen(1024)?;
        let (log, connections) = (Log::default(), Arc::new(AtomicU64::new(0)));
        let open = watch::Sender::new(0);
        let shared = Arc::new(Shared { upstream, script, log: log.clone(), open: open.clone() });
        let task = Some(tokio::spawn(accept(listener, shared, Arc::clone(&connections))));
        Ok(Self { address, log, connections, open, _closed: None, task })
    }

    /// Holds a loopback port on which nobody listens.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn refusing() -> io::Result<Self> {
        let socket = socket()?;
        let address = socket.local_addr()?;
        let (log, connections) = (Log::default(), Arc::new(AtomicU64::new(0)));
        Ok(Self { address, log, connections, open: watch::Sender::new(0), _closed: Some(socket), task: None })
    }

    /// Where it is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it did so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Waits until the provider has seen all it will see of the requests that have come, also of those whose client has
    /// left.
    pub async fn settled(&self) {
        // The sender is ours, so that waiting cannot fail.
        let mut open = self.open.subscribe();
        let _settled = open.wait_for(|count| *count == 0).await;
    }

    /// How many connections came so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

fn socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    SockRef::from(&socket).set_tcp_mss(SEGMENT)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok(socket)
}

/// Serves connections until it is aborted; they are aborted with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>, connections: Arc<AtomicU64>) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it is accepted concerns nobody.
                let Ok((stream, _)) = accepted else { continue };
                let number = connections.fetch_add(1, Ordering::SeqCst) + 1;
                running.spawn(serve(Arc::clone(&shared), stream, number));
            }
            Some(_) = running.join_next() => {}
        }
    }
}

/// One connection: request after request, until either side ends it.
async fn serve(shared: Arc<Shared>, stream: TcpStream, number: u64) {
    // Small answers must not wait for each other.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut client = message::Reader::new(stream);
    // What breaks a connection is either on purpose or the client's doing; both are in the records.
    while let Ok(Some(head)) = client.head().await {
        match exchange::run(&shared, &mut client, &head, number).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}
