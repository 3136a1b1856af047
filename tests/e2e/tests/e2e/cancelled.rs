//! A call that its client gives up ends at the provider, too: the connection on which it was waiting is closed.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::stream;
use image::ImageFormat;
use polyptych::emulator::Running;
use polyptych::proto::v1;
use polyptych_e2e::stalled::Stalled;
use polyptych_e2e::{messages, picture, to};
use tokio::sync::watch;
use v1::image_service_client::ImageServiceClient;

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
        let Stalled { emulator, mut ended, channel, .. } = Stalled::start().await;
        let mut images = ImageServiceClient::new(channel);
        let request = v1::ListImagesRequest { parent: format!("libraries/{library}"), ..Default::default() };
        given_up(&emulator, &mut ended, images.list_images(request)).await;
        assert_eq!(emulator.journal().len(), 1, "{library}: it was not asked again");
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_closes_its_connection_to_the_provider() {
    for library in ["yandex-v5", "yandex-live4-soap", "facebook"] {
        let Stalled { emulator, mut ended, channel, .. } = Stalled::start().await;
        let mut images = ImageServiceClient::new(channel);
        let upload = stream::iter(messages(to(library, "a.jpg"), picture(600, 450, ImageFormat::Jpeg)));
        given_up(&emulator, &mut ended, images.upload_image(upload)).await;
        assert_eq!(emulator.journal().len(), 1, "{library}: it was neither looked for nor sent again");
    }
}
