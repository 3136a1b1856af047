//! The limits of the façade, each with its default. They say nothing about libraries.

use std::path::PathBuf;
use std::time::Duration;

use crate::spool::folder;
use crate::status::Refusal;

/// The most that the domain takes in one page.
const MAX_PAGE_SIZE: u32 = 1000;

/// Limits of the façade.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Longest file of one upload in bytes. Default: 64 MiB.
    pub max_upload_bytes: u64,
    /// Longest chunk of an upload in bytes. Default: 1 MiB.
    pub max_chunk_bytes: usize,
    /// Bytes of one upload that stay in memory; a longer one goes to a spool file. Default: 256 KiB.
    pub memory_bytes: usize,
    /// Bytes of all uploads together that stay in memory; beyond it even a short one goes to a file. Default: 16 MiB.
    pub spool_memory_bytes: usize,
    /// Folder of the spool files, made if missing. Servers may share it: each keeps a locked folder of its own in it and
    /// removes, when it starts, what servers that ended without cleaning up have left. It must belong to the user of
    /// this process, or to the administrator. Default: `polyptych-spool-{user id}` in the system's folder for temporary
    /// files, which users may share.
    pub spool_dir: PathBuf,
    /// Most bytes of all spool files together. Default: 1 GiB.
    pub spool_bytes: u64,
    /// Most bytes of the spool files of one client's uploads, so that it leaves room for others. Default: 512 MiB.
    pub spool_bytes_per_client: u64,
    /// Items of a page where the request does not say. Default: 100.
    pub page_size: u32,
    /// Most items of a page; a request for more gets this many. At most 1,000, the default.
    pub max_page_size: u32,
    /// How long an upload, or another request, may send nothing before it is aborted. Default: 30 s.
    pub upload_idle: Duration,
    /// How long an upload, or another request, may take to arrive, however steadily. Default: 15 min.
    pub upload_total: Duration,
    /// Bytes per second that an upload, or another request, must bring on average, once [`Settings::upload_idle`] has passed; 0
    /// for no such limit. Only the time spent waiting for the caller counts. Default: 4 KiB.
    pub upload_rate: u64,
    /// How long a caller may take nothing of an answer before it is cut off. Default: 60 s.
    pub download_idle: Duration,
    /// Bytes per second that a caller must take of an answer on average, once [`Settings::download_idle`] has passed; 0 for no
    /// such limit. Only the time spent waiting for the caller counts. Default: 4 KiB.
    pub download_rate: u64,
    /// How long a call may wait for an operation to end. Default: 15 min.
    pub wait: Duration,
    /// Calls at once; one more is refused, to be tried again. Default: 1,024.
    pub calls_at_once: usize,
    /// Calls at once of one client. Default: 256.
    pub calls_at_once_per_client: usize,
    /// Calls at once per connection; one more waits at the client. Default: 128.
    pub streams_per_connection: u32,
    /// Connections at once; one more is accepted when another one has ended. Default: 1,000.
    pub connections_at_once: usize,
    /// Longest headers of a call in bytes. Default: 16 KiB.
    pub max_header_bytes: u32,
    /// How long a connection may be silent before it is asked whether it lives; absent means never. Default: 60 s.
    pub keepalive: Option<Duration>,
    /// How long the answer to that may take before the connection is closed. Default: 20 s.
    pub keepalive_timeout: Duration,
    /// How long a connection takes new calls, give or take a tenth; absent means for ever. Default: 30 min.
    pub connection_age: Option<Duration>,
    /// How long the calls of an aged connection may take to end. Default: 15 min.
    pub connection_grace: Duration,
    /// Origins whose pages may call by gRPC-Web, `*` for any; none means that neither gRPC-Web nor HTTP/1 is spoken. Default:
    /// none.
    pub web_origins: Vec<String>,
    /// How long calls in progress may take to end once the server shuts down. Default: 25 s.
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_upload_bytes: 64 << 20,
            max_chunk_bytes: 1 << 20,
            memory_bytes: 256 << 10,
            spool_memory_bytes: 16 << 20,
            spool_dir: std::env::temp_dir().join(folder::default_name()),
            spool_bytes: 1 << 30,
            spool_bytes_per_client: 512 << 20,
            page_size: 100,
            max_page_size: 1000,
            upload_idle: Duration::from_secs(30),
            upload_total: Duration::from_secs(15 * 60),
            upload_rate: 4 << 10,
            download_idle: Duration::from_secs(60),
            download_rate: 4 << 10,
            wait: Duration::from_secs(15 * 60),
            calls_at_once: 1024,
            calls_at_once_per_client: 256,
            streams_per_connection: 128,
            connections_at_once: 1000,
            max_header_bytes: 16 << 10,
            keepalive: Some(Duration::from_secs(60)),
            keepalive_timeout: Duration::from_secs(20),
            connection_age: Some(Duration::from_secs(30 * 60)),
            connection_grace: Duration::from_secs(15 * 60),
            web_origins: Vec::new(),
            drain: Duration::from_secs(25),
        }
    }
}

impl Settings {
    /// The size of the page to answer with, for the `page_size` of a request or what else `field` is called there.
    pub(crate) fn page_of(&self, field: &str, asked: i32) -> Result<u32, Refusal> {
        let asked = u32::try_from(asked)
            .map_err(|_| Refusal::argument(field, format!("{asked} is negative; 0 leaves the size to the server")))?;
        let size = if asked == 0 { self.page_size } else { asked };
        Ok(size.clamp(1, self.max_page_size.clamp(1, MAX_PAGE_SIZE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_long_as_asked_within_the_bounds() {
        let settings = Settings::default();
        let sizes: Vec<_> =
            [0, 1, 100, 1000, 1001, i32::MAX].map(|asked| settings.page_of("page_size", asked).unwrap()).into();
        assert_eq!(sizes, [100, 1, 100, 1000, 1000, 1000]);
        assert!(settings.page_of("page_size", -1).is_err());
    }

    #[test]
    fn no_setting_makes_a_page_empty_or_longer_than_the_domain_takes() {
        let settings = Settings { page_size: 0, max_page_size: 5000, ..Settings::default() };
        assert_eq!(
            (settings.page_of("page_size", 0).unwrap(), settings.page_of("page_size", 4000).unwrap()),
            (1, 1000)
        );
    }
}
