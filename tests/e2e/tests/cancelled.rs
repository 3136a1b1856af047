//! A call that its client gives up ends at the provider, too: the connection on which it was waiting is closed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use image::ImageFormat;
use polyptych::domain::Service;
use polyptych::emulated::config;
use polyptych::emulator::{Emulator, Latency, Running, Settings};
use polyptych::facade::{self, Facade, WorkerPool};
use polyptych::proto::v1;
use polyptych_e2e::{messages, picture, to};
use tokio::net::TcpListener;
use tonic::transport::Channel;
use v1::image_service_client::ImageServiceClient;

/// Longer than any test may take.
const LATENCY: Latency = Latency { api: None, operation: None, millis: 600_000 };

/// A façade in front of an emulator that takes ten minutes for every call.
async fn stalled() -> (Running, ImageServiceClient<Channel>) {
    let emulator = Emulator::new(Settings::default()).serve().await.unwrap();
    emulator.set_latency(vec![LATENCY]);
    let libraries = polyptych::open_libraries(&config(&emulator.base_url())).unwrap();
    let service = Arc::new(Service::new(libraries, Arc::new(WorkerPool::default())).unwrap());
    let facade = Facade::new(service, facade::Settings::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(facade.serve(listener, std::future::pending()));
    let channel = Channel::from_shared(address).unwrap().connect().await.unwrap();
    (emulator, ImageServiceClient::new(channel))
}

/// Waits until the newest request at the emulator is in `state`.
async fn until(emulator: &Running, state: &str) {
    let seen = async {
        while emulator.journal().last().is_none_or(|entry| entry.state != state) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), seen).await.unwrap_or_else(|_| panic!("never {state}"));
}

/// Gives `call` up once the emulator works on it, which then must lose the connection before it can answer.
async fn given_up<T: std::fmt::Debug>(emulator: &Running, call: impl Future<Output = T>) {
    {
        let mut call = pin!(call);
        tokio::select! {
            answer = &mut call => panic!("answered: {answer:?}"),
            () = until(emulator, "pending") => {}
        }
    }
    until(emulator, "broken").await;
}

#[tokio::test]
async fn a_read_that_is_given_up_closes_its_connection_to_the_provider() {
    for library in ["yandex-v5", "yandex-v5-soap", "yandex-live4", "facebook", "evotor"] {
        let (emulator, mut images) = stalled().await;
        let request = v1::ListImagesRequest { parent: format!("libraries/{library}"), ..Default::default() };
        given_up(&emulator, images.list_images(request)).await;
        assert_eq!(emulator.journal().len(), 1, "{library}: it was not asked again");
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_closes_its_connection_to_the_provider() {
    for library in ["yandex-v5", "yandex-live4-soap", "facebook"] {
        let (emulator, mut images) = stalled().await;
        let upload = stream::iter(messages(to(library, "a.jpg"), picture(600, 450, ImageFormat::Jpeg)));
        given_up(&emulator, images.upload_image(upload)).await;
        assert_eq!(emulator.journal().len(), 1, "{library}: it was neither looked for nor sent again");
    }
}
