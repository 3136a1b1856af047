//! A façade whose provider takes requests and does not answer, and who sees how connections to it end.

use std::net::SocketAddr;
use std::sync::Arc;

use polyptych::Config;
use polyptych::WorkerPool;
use polyptych::domain::{MemoryAudit, MemoryBlobs, MemoryOperations, MemoryRequests, Service};
use polyptych::emulated::config;
use polyptych::emulator::{Emulator, Latency, Running, Settings};
use polyptych::facade::{self, Facade, Work};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::transport::Channel;

/// Longer than any test may take.
const LATENCY: Latency = Latency { api: None, operation: None, millis: 600_000 };

/// A façade whose provider takes ten minutes for every call.
pub struct Stalled {
    /// The provider.
    pub emulator: Running,
    /// How many connections to the provider have been ended on this side.
    pub ended: watch::Receiver<usize>,
    /// A connection to the façade.
    pub channel: Channel,
    /// Where the façade listens: `host:port`.
    pub address: String,
}

impl Stalled {
    /// Starts one on free loopback ports.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start() -> Self {
        let emulator = Emulator::new(Settings::default()).serve().await.expect("the emulator starts");
        emulator.set_latency(vec![LATENCY]);
        let (address, ended) = relay(emulator.local_addr()).await;
        let (channel, address) = facade(&config(&address)).await;
        Self { emulator, ended, channel, address }
    }
}

/// A connection to a façade of these libraries, which keeps nothing, and its `host:port`.
///
/// # Panics
/// If it does not start.
pub async fn facade(config: &Config) -> (Channel, String) {
    let libraries = polyptych::open_libraries(config).expect("libraries that make sense");
    let service = Arc::new(Service::new(libraries, Arc::new(WorkerPool::default())).expect("names that differ"));
    let work = Work {
        operations: Arc::new(MemoryOperations::default()),
        blobs: Arc::new(MemoryBlobs::default()),
        requests: Arc::new(MemoryRequests::default()),
        audit: Arc::new(MemoryAudit::default()),
    };
    let facade = Facade::new(service, work, facade::Settings::default()).expect("a façade");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(facade.serve(listener, std::future::pending()));
    let channel = Channel::from_shared(format!("http://{address}")).expect("a URI").connect().await;
    (channel.expect("a connection"), address)
}

/// Passes what comes on to the provider, which answers nothing; counts the connections that are ended on this side.
async fn relay(provider: SocketAddr) -> (String, watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (ended, watched) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (mut provider, ended) = (TcpStream::connect(provider).await.expect("the provider"), ended.clone());
            tokio::spawn(async move {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = client.read(&mut bytes).await {
                    provider.write_all(&bytes[..length]).await.expect("the provider takes all");
                }
                ended.send_modify(|count| *count += 1);
            });
        }
    });
    (address, watched)
}
