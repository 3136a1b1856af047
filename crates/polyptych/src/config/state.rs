//! `[state]`: where is kept what outlives a process.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

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
    /// `polyptych-state` in the folder that the program was started in. Processes that share a database share this folder, too.
    pub folder: Option<PathBuf>,
    /// Operations that this process works on at once, 0 to 64; 4 by default. With 0 it leaves them to others.
    #[schemars(range(min = 0, max = 64))]
    pub workers: Option<u32>,
}
