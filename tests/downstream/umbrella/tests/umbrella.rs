//! An upload to each of the emulated libraries through the linked crate.

use polyptych::{Client, emulated};
use polyptych_emulator::Emulator;
use umbrella::upload;

#[tokio::test]
async fn a_picture_goes_into_every_emulated_library_and_out_again() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::open(&emulated::config(&emulator.base_url())).unwrap();
    let picture = include_bytes!("../../../../crates/polyptych/pictures/landscape.jpg");
    let libraries: Vec<_> = client.libraries().map(|library| library.id().to_string()).collect();
    assert_eq!(libraries.len(), 6, "{libraries:?}");
    for library in libraries {
        let name = upload(&client, &library, "landscape.jpg", picture.to_vec()).await.unwrap().name();
        assert_eq!(client.get(&name).await.unwrap().id, name.image, "{library}");
        client.delete(&name).await.unwrap();
        assert!(client.get(&name).await.is_err(), "{library} still has {name}");
    }
}
