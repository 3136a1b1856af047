//! A program that uploads to Facebook Ads and links no other provider.

use std::error::Error;

use polyptych::domain::{LibraryId, PublishCommand, UploadCommand, UploadReceipt};
use polyptych::{Client, Config};

/// Uploads `bytes` to the default album of `library`, fitted to its rules.
///
/// # Errors
/// What the library or the checks before it say.
pub async fn upload(
    config: &Config,
    library: &str,
    name: &str,
    bytes: Vec<u8>,
) -> Result<UploadReceipt, Box<dyn Error>> {
    let client = Client::open(config)?;
    let command = UploadCommand::new(LibraryId::new(library)?, name, bytes);
    Ok(client.upload(command.with_fit(PublishCommand::FIT)).await?)
}
