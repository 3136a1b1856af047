//! What every provider is made from.

use std::sync::Arc;

use polyptych_domain::{AlbumId, LibraryId, Provider};
use polyptych_transport::{Config, ConfigError, Reading, Transport};

/// The connection that a library is made of. Its settings must carry the credential in the way that the provider asks
/// for; each provider's module says which.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its configured id.
    pub id: LibraryId,
    /// The album that is meant where none is named.
    pub default_album: Option<AlbumId>,
    /// How to reach it. The provider adds its own reading of answers, so that each library is retried and paced by what
    /// its provider says.
    pub connection: Config,
}

/// The transport of a library, which reads answers as the provider's.
pub(crate) fn connect(
    connection: Config,
    provider: Provider,
    id: &LibraryId,
    reading: impl Reading + 'static,
) -> Result<Transport, ConfigError> {
    Transport::new(connection.with_names(provider.as_str(), id.as_str()).with_reading(Arc::new(reading)))
}
