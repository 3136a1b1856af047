//! `[server]` and `[admin]`: where the API is served and the server is watched, and how much of it at once. Plain data; what
//! it comes to is decided where the server is opened.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Where and how the API is served.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSection {
    /// Address and port to listen on; `127.0.0.1:50051` by default, and port 0 takes a free one.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// How long calls and operations in progress may take to end once the server is asked to, in whole seconds; 25 by default.
    #[schemars(range(min = 0, max = 3600))]
    pub drain_seconds: Option<u32>,
    /// Calls at once; 1,024 by default. One more is refused at once, to be tried again.
    #[schemars(range(min = 1, max = 1000000))]
    pub calls_at_once: Option<u32>,
    /// Calls at once of one client; 256 by default.
    #[schemars(range(min = 1, max = 1000000))]
    pub calls_at_once_per_client: Option<u32>,
    /// Calls at once of one connection; 128 by default. One more waits at the client.
    #[schemars(range(min = 1, max = 10000))]
    pub streams_per_connection: Option<u32>,
    /// Connections at once; 1,000 by default. One more waits until another one ends.
    #[schemars(range(min = 1, max = 1000000))]
    pub connections_at_once: Option<u32>,
    /// Longest headers of a call in bytes; 16 KiB by default.
    #[schemars(range(min = 1024, max = 1048576))]
    pub max_header_bytes: Option<u32>,
    /// Longest file of one upload in bytes; 64 MiB by default.
    #[schemars(range(min = 1, max = 1073741824))]
    pub max_upload_bytes: Option<u64>,
    /// Longest chunk of an upload in bytes; 1 MiB by default.
    #[schemars(range(min = 1024, max = 4194304))]
    pub max_chunk_bytes: Option<u32>,
    /// Folder of uploads in progress that are longer than 256 KiB, made if it is not there; absent means one of this user in
    /// the system's folder for temporary files.
    pub spool_folder: Option<PathBuf>,
    /// Most bytes of uploads in progress in that folder; 1 GiB by default.
    #[schemars(range(min = 1, max = 1099511627776_u64))]
    pub spool_bytes: Option<u64>,
    /// Most bytes there of the uploads of one client; half of all by default, or one of the longest uploads if that is more.
    #[schemars(range(min = 1, max = 1099511627776_u64))]
    pub spool_bytes_per_client: Option<u64>,
    /// Most bytes of uploads in progress in memory; 16 MiB by default. Beyond it even short ones go to that folder.
    #[schemars(range(min = 0, max = 1099511627776_u64))]
    pub spool_memory_bytes: Option<u64>,
    /// Bytes per second that an upload, or another request, must bring on average, not counting the time in which the server does
    /// not read; 4 KiB by default, and 0 is no such limit.
    #[schemars(range(min = 0, max = 1073741824))]
    pub upload_rate: Option<u64>,
    /// How long a caller may take nothing of an answer before it is cut off, in whole seconds; 60 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub download_idle_seconds: Option<u32>,
    /// Bytes per second that a caller must take of an answer on average, not counting the time in which there is nothing to take;
    /// 4 KiB by default, and 0 is no such limit.
    #[schemars(range(min = 0, max = 1073741824))]
    pub download_rate: Option<u64>,
    /// How long a connection may be silent before it is asked whether it lives, in whole seconds; 60 by default, and 0 never
    /// asks.
    #[schemars(range(min = 0, max = 86400))]
    pub keepalive_seconds: Option<u32>,
    /// How long the answer to that may take, in whole seconds; 20 by default.
    #[schemars(range(min = 1, max = 3600))]
    pub keepalive_timeout_seconds: Option<u32>,
    /// How long a connection takes new calls, give or take a tenth, in whole seconds, so that clients come to new servers;
    /// 1,800 by default, and 0 is for ever.
    #[schemars(range(min = 0, max = 86400))]
    pub connection_age_seconds: Option<u32>,
    /// How long the calls of an aged connection may take to end, in whole seconds; 900 by default.
    #[schemars(range(min = 1, max = 86400))]
    pub connection_grace_seconds: Option<u32>,
    /// Origins whose pages may call by gRPC-Web, such as `https://app.example`; `*` is any. Absent or empty means that gRPC-Web
    /// and HTTP/1 are not spoken.
    pub web_origins: Option<Vec<String>>,
}

/// Where the server is watched: metrics, whether it lives, whether it is ready. Plain HTTP without authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminSection {
    /// Address and port to listen on; absent means that it is not served. Port 0 takes a free one.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// Whether it may listen where other machines reach it; not by default.
    pub exposed: Option<bool>,
}
