//! A program that links all of Polyptych and talks to libraries from its own code, without gRPC.

use std::sync::Arc;

use polyptych::domain::{Content, Fit, LibraryId, Rgb, Service, UploadCommand, UploadPolicy, UploadReceipt};

/// A service over the libraries of `config`.
///
/// # Errors
/// If a library cannot be opened.
pub fn open(config: &polyptych::Config) -> Result<Service, Box<dyn std::error::Error>> {
    let workers = Arc::new(polyptych::facade::WorkerPool::default());
    Ok(Service::new(polyptych::open_libraries(config)?, workers)?)
}

/// Uploads `bytes` to the default album of `library`, fitted to its rules.
///
/// # Errors
/// What the library or the checks before it say.
pub async fn upload(
    service: &Service,
    library: &str,
    name: &str,
    bytes: Vec<u8>,
) -> Result<UploadReceipt, Box<dyn std::error::Error>> {
    let command = UploadCommand {
        library: LibraryId::new(library)?,
        album: None,
        name: name.to_owned(),
        content: Content::from_bytes(bytes),
        fit: Fit::Contain { background: Rgb::WHITE },
        animation: Default::default(),
        class: None,
        replace: false,
        policy: UploadPolicy::default(),
    };
    Ok(service.upload(command).await?)
}
