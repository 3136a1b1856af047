//! The connected libraries of a server, which stay connected while its configuration changes around them.

use std::collections::BTreeMap;
use std::sync::Arc;

use polyptych_transport::Standing;

use super::{OpenError, Shared, open};
use crate::config::LibraryConfig;
use crate::domain::ImageLibrary;
use crate::{Config, Together};

/// The connected libraries of a server, each with what it was configured as and how it fares.
pub(crate) struct Opened {
    shared: Arc<Shared>,
    libraries: BTreeMap<String, Connected>,
}

/// A connected library.
#[derive(Clone)]
struct Connected {
    config: LibraryConfig,
    library: Arc<dyn ImageLibrary>,
    standing: Arc<Standing>,
}

impl Opened {
    /// Connects what is configured.
    ///
    /// # Errors
    /// [`OpenError`] of the first library that does not make sense.
    pub(crate) fn open(config: &Config, with: &Together) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared { with: with.clone(), ..Shared::default() });
        Self { shared, libraries: BTreeMap::new() }.reopened(config)
    }

    /// What another configuration comes to. A library that is configured as before stays connected, with all that is known of its
    /// quotas, unless files were read for it that may have changed.
    ///
    /// # Errors
    /// [`OpenError`] of the first library that does not make sense.
    pub(crate) fn reopened(&self, config: &Config) -> Result<Self, OpenError> {
        let mut libraries = BTreeMap::new();
        for (id, library) in &config.libraries {
            let kept = self.libraries.get(id).filter(|kept| kept.config == *library && !reads_files(library));
            let opened = match kept {
                Some(kept) => kept.clone(),
                None => {
                    let standing = Arc::new(Standing::default());
                    let opened = open(id, library, &self.shared, &standing);
                    let opened = opened.map_err(|source| OpenError { library: id.clone(), source })?;
                    Connected { config: library.clone(), library: opened, standing }
                }
            };
            libraries.insert(id.clone(), opened);
        }
        Ok(Self { shared: Arc::clone(&self.shared), libraries })
    }

    /// The libraries.
    pub(crate) fn libraries(&self) -> Vec<Arc<dyn ImageLibrary>> {
        self.libraries.values().map(|connected| Arc::clone(&connected.library)).collect()
    }

    /// Each library's id, and how it fares.
    pub(crate) fn standings(&self) -> impl Iterator<Item = (&str, &Arc<Standing>)> {
        self.libraries.iter().map(|(id, connected)| (id.as_str(), &connected.standing))
    }
}

/// Whether files were read once when it was opened. A file of a token is read again when it changes.
fn reads_files(config: &LibraryConfig) -> bool {
    config.app_secret.is_some() || config.ca_file.is_some() || config.client_certificate.is_some()
}
