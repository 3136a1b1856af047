//! An upload to each of the emulated libraries through the linked crate.

use polyptych::domain::ImageName;
use polyptych::emulated;
use polyptych::emulator::Emulator;
use umbrella::{open, upload};

#[tokio::test]
async fn a_picture_goes_into_every_emulated_library_and_out_again() {
    let emulator = Emulator::bind(([127, 0, 0, 1], 0).into(), emulated::settings()).await.unwrap();
    let address = format!("http://{}", emulator.local_addr());
    tokio::spawn(emulator.serve_until(std::future::pending()));

    let service = open(&emulated::config(&address)).unwrap();
    let picture = include_bytes!("../../../../crates/polyptych/pictures/landscape.jpg");
    let libraries: Vec<_> = service.libraries().map(|library| library.id().to_string()).collect();
    assert_eq!(libraries.len(), 6, "{libraries:?}");
    for library in libraries {
        let receipt = upload(&service, &library, "landscape.jpg", picture.to_vec()).await.unwrap();
        let name = ImageName { album: receipt.album, image: receipt.image.id };
        assert_eq!(service.get(&name).await.unwrap().id, name.image, "{library}");
        service.delete(&name).await.unwrap();
        assert!(service.get(&name).await.is_err(), "{library} still has {name}");
    }
}
