//! `[state]`: where is kept what outlives a process, how much of it, and for how long.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::TokenConfig;

/// Where operations and what is known of albums are kept. Processes that share a database share their work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateConfig {
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, without a password: PostgreSQL's is taken from `PGPASSWORD` or
    /// its password file. Absent means the SQLite file `polyptych.db` in `folder`.
    pub url: Option<String>,
    /// Environment variable that holds the URL, in place of `url`.
    pub url_env: Option<String>,
    /// Folder of the pictures of operations and of the SQLite file, made if it is not there; absent means
    /// `polyptych-state` in the folder that the program was started in. Processes that share a database share this folder,
    /// too, unless `blobs` names a bucket.
    pub folder: Option<PathBuf>,
    /// Operations that this process works on at once, 0 to 64; 4 by default. With 0 it leaves them to others.
    #[schemars(range(min = 0, max = 64))]
    pub workers: Option<u32>,
    /// Where the bytes of pictures of operations are: `s3://BUCKET` or `s3://BUCKET/PREFIX`; absent means a folder in
    /// `folder`. Processes that share a database share this, too.
    pub blobs: Option<String>,
    /// How the bucket of `blobs` is reached.
    pub s3: Option<S3Config>,
    /// Bytes of pictures that the operations of one client may need at a time, 1 GiB by default. They are freed an hour
    /// after the operations have ended. What it has asked for in its latest 10,000 operations may take as many again, as long as
    /// they are kept.
    #[schemars(range(min = 1))]
    pub client_bytes: Option<u64>,
    /// Bytes that the SQLite file may have, at least 1 MiB; absent means as many as there are. PostgreSQL has limits of its own.
    #[schemars(range(min = 1048576))]
    pub database_bytes: Option<u64>,
    /// Days for which operations and their items are kept after they have ended, 1 to 3650; 30 by default.
    #[schemars(range(min = 1, max = 3650))]
    pub operation_days: Option<u32>,
    /// Days for which it is kept who changed what, 1 to 3650; 365 by default.
    #[schemars(range(min = 1, max = 3650))]
    pub audit_days: Option<u32>,
    /// Days for which it is kept what an upload was about to do whose outcome nobody has told, 1 to 3650; 90 by default.
    /// Until then whoever uploads the same picture there looks first.
    #[schemars(range(min = 1, max = 3650))]
    pub intent_days: Option<u32>,
    /// Hours for which a request id and its answer are kept, 24 to 8760; 24 by default, which is what callers may rely on.
    #[schemars(range(min = 24, max = 8760))]
    pub request_hours: Option<u32>,
}

/// How a bucket is reached. Keys are never written here, only where they are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    /// The server, https or, on this machine, http; absent means Amazon's of the region.
    pub endpoint: Option<String>,
    /// The region; absent means `us-east-1`, which most servers that are not Amazon's take.
    pub region: Option<String>,
    /// Where the access key is.
    pub access_key: TokenConfig,
    /// Where the secret key is.
    pub secret_key: TokenConfig,
    /// Where the session token is that goes with keys that last for some time only. Files are read again when they change.
    pub session_token: Option<TokenConfig>,
    /// Whether the bucket's name is in the path of addresses and not in the host; absent means yes where there is an
    /// `endpoint`.
    pub path_style: Option<bool>,
    /// Name of a host that may be called over plain http, which shows the pictures to everyone on the way. This machine
    /// may be without.
    pub plain_http: Option<String>,
    /// Certificate authority to trust beside the system's: a PEM file.
    pub ca_file: Option<PathBuf>,
}
