//! What is in an album: many pictures in few calls, a list as a stream, a copy to another album, deletions.
//!
//! ```sh
//! cargo run -p polyptych --example albums --no-default-features --features facebook
//! ```

use std::error::Error;
use std::pin::pin;

use futures_util::TryStreamExt;
use polyptych::domain::{AlbumName, Budget, CopyCommand, ImportCommand, LibraryId, PictureUrl, UploadCommand};
use polyptych::{Client, emulated};
use polyptych_emulator::Emulator;

const PICTURES: [(&str, &[u8]); 2] = [
    ("landscape.jpg", include_bytes!("../pictures/landscape.jpg")),
    ("mark.png", include_bytes!("../pictures/mark.png")),
];

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::open(&emulated::config(&emulator.base_url()))?;
    let facebook = LibraryId::new("facebook")?;

    let commands = PICTURES.map(|(name, bytes)| UploadCommand::new(facebook.clone(), name, bytes.to_vec()));
    let report = client.upload_many(commands.into(), Budget::default()).await;
    report.outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;

    // The default album, page after page as they are asked for.
    let mut images = pin!(client.images(&facebook, None));
    let (mut names, mut address) = (Vec::new(), None);
    while let Some(image) = images.try_next().await? {
        println!("{}", image.name_in(&facebook));
        names.push(image.name_in(&facebook));
        address = image.url.or(address);
    }
    assert_eq!(names.len(), PICTURES.len());

    let other: AlbumName = "libraries/facebook/albums/1000000002".parse()?;
    let copies = client.copy(CopyCommand::new(names.clone(), other.clone())).await;
    assert!(copies.outcomes.iter().all(Result::is_ok));

    // A picture at an address. The emulator's own are on this machine, which its configuration allows.
    let address = address.ok_or("no image has an address")?;
    let third: AlbumName = "libraries/facebook/albums/1000000003".parse()?;
    let imported = client.import(ImportCommand::new(PictureUrl::new(address)?, third)).await?;
    println!("{} in {}", imported.image.id, imported.album);

    let deleted = client.delete_many(&names, Budget::default()).await;
    assert!(deleted.outcomes.iter().all(Result::is_ok));
    let left: Vec<_> = client.images(&facebook, None).try_collect().await?;
    assert!(left.is_empty());
    assert_eq!(client.images(&facebook, Some(&other.album)).try_collect::<Vec<_>>().await?.len(), PICTURES.len());
    Ok(())
}
