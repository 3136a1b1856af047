//! One picture into one library: looked at first, sent once, found again.
//!
//! ```sh
//! cargo run -p polyptych --example upload --no-default-features --features facebook
//! ```

use std::error::Error;

use polyptych::domain::{CheckCommand, LibraryId, PublishCommand, UploadCommand};
use polyptych::{Client, emulated};
use polyptych_emulator::Emulator;

const PICTURE: &[u8] = include_bytes!("../pictures/landscape.jpg");

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    // Libraries of your own: Client::open(&Config::read("polyptych.toml").await?)?
    let emulator = Emulator::start().await?;
    let client = Client::open(&emulated::config(&emulator.base_url()))?;
    let facebook = LibraryId::new("facebook")?;

    // What an upload would find wrong with the picture. Nothing is sent.
    let report = client.check(CheckCommand::new(facebook.clone(), "landscape.jpg", PICTURE.to_vec())).await?;
    println!("rules that it breaks as it is: {}", report.violations.len());

    let command = UploadCommand::new(facebook, "landscape.jpg", PICTURE.to_vec()).with_fit(PublishCommand::FIT);
    let receipt = client.upload(command.clone()).await?;
    println!("{} was sent as {} bytes of {}", receipt.name(), receipt.sent.bytes, receipt.sent.format);

    // The album is known to hold it now.
    let again = client.upload(command).await?;
    assert!(again.reused && again.image.id == receipt.image.id);
    assert_eq!(client.get(&receipt.name()).await?.id, receipt.image.id);
    Ok(())
}
