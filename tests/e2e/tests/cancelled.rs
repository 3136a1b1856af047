//! A call that its client gives up ends at the provider, too: the connection on which it was waiting is closed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use image::ImageFormat;
use polyptych::domain::{MemoryAudit, MemoryBlobs, MemoryOperations, MemoryRequests, Service};
use polyptych::emulated::config;
use polyptych::emulator::{Emulator, Latency, Running, Settings};
use polyptych::facade::{self, Facade, Work, WorkerPool};
use polyptych::proto::v1;
use polyptych_e2e::{messages, picture, to};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::transport::Channel;
use v1::image_service_client::ImageServiceClient;

/// Longer than any test may take.
const LATENCY: Latency = Latency { api: None, operation: None, millis: 600_000 };

/// Passes what comes on to the provider, which answers nothing; counts the connections that are ended on this side.
async fn relay(provider: SocketAddr) -> (String, watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (ended, watched) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (mut provider, ended) = (TcpStream::connect(provider).await.unwrap(), ended.clone());
            tokio::spawn(async move {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = client.read(&mut bytes).await {
                    provider.write_all(&bytes[..length]).await.unwrap();
                }
                ended.send_modify(|count| *count += 1);
            });
        }
    });
    (address, watched)
}

/// A façade whose provider takes ten minutes for every call, and the count of connections to it that are ended.
async fn stalled() -> (Running, watch::Receiver<usize>, ImageServiceClient<Channel>) {
    let emulator = Emulator::new(Settings::default()).serve().await.unwrap();
    emulator.set_latency(vec![LATENCY]);
    let (address, ended) = relay(emulator.local_addr()).await;
    let libraries = polyptych::open_libraries(&config(&address)).unwrap();
    let service = Arc::new(Service::new(libraries, Arc::new(WorkerPool::default())).unwrap());
    let work = Work {
        operations: Arc::new(MemoryOperations::default()),
        blobs: Arc::new(MemoryBlobs::default()),
        requests: Arc::new(MemoryRequests::default()),
        audit: Arc::new(MemoryAudit::default()),
    };
    let facade = Facade::new(service, work, facade::Settings::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(facade.serve(listener, std::future::pending()));
    let channel = Channel::from_shared(address).unwrap().connect().await.unwrap();
    (emulator, ended, ImageServiceClient::new(channel))
}

/// Gives `call` up once the emulator works on it; its connection must then end, though nothing came over it.
async fn given_up<T: std::fmt::Debug>(
    emulator: &Running,
    ended: &mut watch::Receiver<usize>,
    call: impl Future<Output = T>,
) {
    let working = async {
        while emulator.journal().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    {
        let mut call = pin!(call);
        tokio::select! {
            answer = &mut call => panic!("answered: {answer:?}"),
            () = working => {}
        }
        assert_eq!(*ended.borrow(), 0);
    }
    let ends = tokio::time::timeout(Duration::from_secs(60), ended.wait_for(|count| *count == 1)).await;
    assert!(ends.is_ok(), "the connection to the provider stays open");
}

#[tokio::test]
async fn a_read_that_is_given_up_closes_its_connection_to_the_provider() {
    for library in ["yandex-v5", "yandex-v5-soap", "yandex-live4", "facebook", "evotor"] {
        let (emulator, mut ended, mut images) = stalled().await;
        let request = v1::ListImagesRequest { parent: format!("libraries/{library}"), ..Default::default() };
        given_up(&emulator, &mut ended, images.list_images(request)).await;
        assert_eq!(emulator.journal().len(), 1, "{library}: it was not asked again");
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_closes_its_connection_to_the_provider() {
    for library in ["yandex-v5", "yandex-live4-soap", "facebook"] {
        let (emulator, mut ended, mut images) = stalled().await;
        let upload = stream::iter(messages(to(library, "a.jpg"), picture(600, 450, ImageFormat::Jpeg)));
        given_up(&emulator, &mut ended, images.upload_image(upload)).await;
        assert_eq!(emulator.journal().len(), 1, "{library}: it was neither looked for nor sent again");
    }
}
