//! A program that links all of Polyptych and talks to libraries from its own code, without gRPC.

use polyptych::Client;
use polyptych::domain::{LibraryId, PublishCommand, UploadCommand, UploadReceipt};

/// Uploads `bytes` to the default album of `library`, fitted to its rules.
///
/// # Errors
/// What the library or the checks before it say.
pub async fn upload(
    client: &Client,
    library: &str,
    name: &str,
    bytes: Vec<u8>,
) -> Result<UploadReceipt, Box<dyn std::error::Error>> {
    let command = UploadCommand::new(LibraryId::new(library)?, name, bytes);
    Ok(client.upload(command.with_fit(PublishCommand::FIT)).await?)
}
