//! What a running server takes over from a new configuration, and what it cannot. All of it is prepared before any of it is
//! changed, so that a configuration which makes no sense changes nothing.

use std::path::PathBuf;

use crate::Config;

/// A part of a server that can follow a new configuration.
pub trait Reload: Send + Sync {
    /// Makes ready what the configuration says. Nothing changes before what is returned is called, and that does not fail.
    ///
    /// # Errors
    /// If this part cannot be what the configuration says.
    fn prepare(&self, config: &Config) -> anyhow::Result<Box<dyn FnOnce() + Send>>;
}

/// The settings that only a restart takes over, by name; told where they differ.
pub(crate) fn fixed(was: &Config, is: &Config) -> Vec<&'static str> {
    macro_rules! fixed {
        ($($name:literal: $section:ident $(. $setting:ident)?,)*) => {
            [$(($name, was.$section $(.$setting)? != is.$section $(.$setting)?),)*]
        };
    }
    let settings = fixed! {
        "state": state,
        "traces": traces,
        "log.format": log.format,
        "admin": admin,
        "tls": tls,
        "server.listen": server.listen,
        "server.drain_seconds": server.drain_seconds,
        "server.streams_per_connection": server.streams_per_connection,
        "server.connections_at_once": server.connections_at_once,
        "server.max_header_bytes": server.max_header_bytes,
        "server.max_upload_bytes": server.max_upload_bytes,
        "server.spool_folder": server.spool_folder,
        "server.spool_bytes": server.spool_bytes,
        "server.spool_bytes_per_client": server.spool_bytes_per_client,
        "server.spool_memory_bytes": server.spool_memory_bytes,
        "server.keepalive_seconds": server.keepalive_seconds,
        "server.keepalive_timeout_seconds": server.keepalive_timeout_seconds,
        "server.connection_age_seconds": server.connection_age_seconds,
        "server.connection_grace_seconds": server.connection_grace_seconds,
        "server.web_origins": server.web_origins,
    };
    // Clients come and go while it runs, but whether callers are known at all is decided once.
    let clients = ("clients", was.clients.is_empty() != is.clients.is_empty());
    settings.into_iter().chain([clients]).filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// From where a server's configuration is read, and read again.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The file; absent where there is none.
    pub file: Option<PathBuf>,
    /// What goes over it.
    pub given: crate::config::Given,
}

impl Origin {
    /// Reads it, and refuses what a server would refuse.
    ///
    /// # Errors
    /// [`crate::config::ConfigError`] with the place of everything that is wrong.
    pub async fn read(&self) -> Result<Config, crate::config::ConfigError> {
        Config::load(self.file.as_deref(), &self.given).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_restart_takes_over_is_named_where_it_differs() {
        let was = Config::default();
        let mut is = was.clone();
        assert!(fixed(&was, &is).is_empty());
        is.server.listen = Some(crate::serving::LISTEN);
        is.server.calls_at_once = Some(1);
        is.state.workers = Some(1);
        is.log.level = Some("debug".to_owned());
        assert_eq!(fixed(&was, &is), ["state", "server.listen"]);
    }
}
