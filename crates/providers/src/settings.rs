//! What every provider is made from.

use polyptych_domain::{AlbumId, LibraryId};
use polyptych_transport::Transport;

/// The connection that a library is made of. The transport must already carry the credential in the way that the
/// provider asks for; each provider's module says which.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its configured id.
    pub id: LibraryId,
    /// The album that is meant where none is named.
    pub default_album: Option<AlbumId>,
    /// Executes its requests.
    pub transport: Transport,
}
