//! Where servers work: an emulator, an origin of pictures, a database and a configuration file that names them. All of it
//! outlives the servers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use polyptych_s3::{Keys, S3};
use serde_json::json;
use tempfile::TempDir;

use crate::emulator::Control;
use crate::origin::Origin;
use crate::process::Process;

/// A library of the configuration.
#[derive(Debug)]
pub struct Library {
    /// Its id.
    pub id: &'static str,
    provider: &'static str,
    encoding: &'static str,
    /// Its default album as callers name it.
    pub album: &'static str,
    /// The library and the album as the emulator names them.
    pub there: (&'static str, &'static str),
}

/// The store of all products.
pub const STORE: &str = "20180413-2595-40E8-80CB-4646C05D81B6";

/// The ad account of all seeded images of Facebook.
pub const ACCOUNT: &str = "1000000001";

/// All forms of all providers. Each token is another advertiser's.
pub const LIBRARIES: [Library; 6] = [
    Library {
        id: "yandex-v5",
        provider: "yandex-direct-v5",
        encoding: "json",
        album: "self",
        there: ("yandex", "crash-v5"),
    },
    Library {
        id: "yandex-v5-soap",
        provider: "yandex-direct-v5",
        encoding: "soap",
        album: "self",
        there: ("yandex", "crash-v5-soap"),
    },
    Library {
        id: "yandex-live4",
        provider: "yandex-direct-live4",
        encoding: "json",
        album: "self",
        there: ("yandex", "crash-live4"),
    },
    Library {
        id: "yandex-live4-soap",
        provider: "yandex-direct-live4",
        encoding: "soap",
        album: "self",
        there: ("yandex", "crash-live4-soap"),
    },
    Library { id: "facebook", provider: "facebook", encoding: "bytes", album: ACCOUNT, there: ("facebook", ACCOUNT) },
    Library { id: "evotor", provider: "evotor", encoding: "multipart", album: "", there: ("evotor", "") },
];

/// The environment variable that holds the database's URL.
const URL: &str = "CRASH_STATE_URL";

/// The environment variables that hold the keys of the bucket.
const ACCESS_KEY: &str = "CRASH_ACCESS_KEY";
const SECRET_KEY: &str = "CRASH_SECRET_KEY";

/// The environment variable that holds a library's token.
fn token_variable(id: &str) -> String {
    format!("CRASH_TOKEN_{}", id.replace('-', "_").to_uppercase())
}

/// What servers share.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// The URL of their database; absent means an SQLite file of their own.
    pub database: Option<String>,
    /// The server that has the bucket for pictures; absent means a folder.
    pub bucket: Option<Arc<S3>>,
}

/// Everything that outlives a server.
#[derive(Debug)]
pub struct World {
    program: PathBuf,
    folder: TempDir,
    state: Shared,
    /// The emulator's control.
    pub control: Control,
    /// Where pictures are imported from.
    pub origin: Origin,
    // Ends with the world.
    _emulator: Process,
}

impl World {
    /// Makes one around what servers share. Each call of the emulator takes `latency` milliseconds, so that there is time to be
    /// killed in.
    ///
    /// # Errors
    /// If the emulator does not start or refuses its setup.
    pub async fn start(program: &Path, mut state: Shared, latency: u64) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("polyptych-crash-").tempdir().context("cannot make a folder")?;
        state.database.get_or_insert_with(|| format!("sqlite:{}", folder.path().join("state.db").display()));
        let log = folder.path().join("emulator.log");
        let emulator = Process::start(program, &["emulate", "--listen", "127.0.0.1:0"], &[], &log).await?;
        let (control, origin) = (Control::new(emulator.address()), Origin::start().await?);
        let tokens: Vec<_> = LIBRARIES
            .iter()
            .map(|library| match library.there {
                ("yandex", login) => json!({ "value": token(library.id), "login": login }),
                _ => json!({ "value": token(library.id) }),
            })
            .collect();
        let plenty = 1_000_000_000;
        let quotas = json!({
            "yandex": {
                "daily_points": plenty, "image_quota": 1_000_000,
                "live4_daily_calls": plenty, "live4_daily_points": plenty,
            },
            "facebook": { "hourly_calls": plenty, "account_score": plenty, "app_hourly_calls": plenty },
            "evotor": { "rate_limit": plenty },
        });
        let latency = json!([{ "millis": latency }]);
        let setup = json!({
            "tokens": tokens, "quotas": quotas, "latency": latency, "fetch_hosts": [origin.address()],
        });
        control.setup(&setup).await?;
        let world = Self { program: program.to_owned(), folder, state, control, origin, _emulator: emulator };
        std::fs::write(world.config(), world.configuration()).context("cannot write the configuration")?;
        Ok(world)
    }

    /// Starts a server, one of any number, which dies at the failpoint that is named.
    ///
    /// # Errors
    /// If it does not come to listen.
    pub async fn serve(&self, failpoint: Option<&str>) -> Result<Process> {
        let config = self.config();
        let config = config.to_str().context("the folder's name is no text")?;
        let mut environment: Vec<_> = self.state.database.iter().map(|url| (URL, url.clone())).collect();
        if let Some(bucket) = &self.state.bucket {
            let Keys { access_key, secret_key } = bucket.owner().clone();
            environment.extend([(ACCESS_KEY, access_key), (SECRET_KEY, secret_key)]);
        }
        let variables = LIBRARIES.map(|library| (token_variable(library.id), token(library.id)));
        environment.extend(variables.iter().map(|(name, token)| (name.as_str(), token.clone())));
        if let Some(failpoint) = failpoint {
            environment.push((polyptych_failpoint::VARIABLE, failpoint.to_owned()));
        }
        let arguments = ["serve", "--config", config, "--listen", "127.0.0.1:0"];
        Process::start(&self.program, &arguments, &environment, &self.log()).await
    }

    /// What the servers said.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("servers.log")
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("polyptych.toml")
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().join("state");
        let mut text = format!("[state]\nurl_env = \"{URL}\"\nfolder = {folder:?}\n");
        if let Some(bucket) = &self.state.bucket {
            let (name, endpoint) = (bucket.bucket(), bucket.endpoint());
            text.push_str(&format!(
                "blobs = \"s3://{name}/pid-{}\"\n\n[state.s3]\nendpoint = \"{endpoint}\"\n\
                 access_key = {{ env = \"{ACCESS_KEY}\" }}\nsecret_key = {{ env = \"{SECRET_KEY}\" }}\n",
                std::process::id()
            ));
        }
        text.push_str(&format!("\n[fetch]\nprivate_hosts = [\"{}\"]\n", self.origin.address()));
        let endpoint = self.control.base();
        for library in &LIBRARIES {
            let Library { id, provider, encoding, album, .. } = library;
            let variable = token_variable(id);
            text.push_str(&format!(
                "\n[libraries.{id}]\nprovider = \"{provider}\"\nencoding = \"{encoding}\"\nendpoint = \"{endpoint}\"\n\
                 token = {{ env = \"{variable}\" }}\n"
            ));
            if !album.is_empty() {
                text.push_str(&format!("default_album = \"{album}\"\n"));
            }
        }
        text
    }
}

fn token(id: &str) -> String {
    format!("crash-{id}")
}
