//! Where servers work: an emulator, an origin of pictures, a database and a configuration file that names them. All of it
//! outlives the servers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
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

/// The environment variable that holds a library's token.
fn token_variable(id: &str) -> String {
    format!("CRASH_TOKEN_{}", id.replace('-', "_").to_uppercase())
}

/// Everything that outlives a server.
#[derive(Debug)]
pub struct World {
    program: PathBuf,
    folder: TempDir,
    url: String,
    /// The emulator's control.
    pub control: Control,
    /// Where pictures are imported from.
    pub origin: Origin,
    // Ends with the world.
    _emulator: Process,
}

impl World {
    /// Makes one around the database at `url`; without one, around an SQLite file of its own. Each call of the emulator takes
    /// `latency` milliseconds, so that there is time to be killed in.
    ///
    /// # Errors
    /// If the emulator does not start or refuses its setup.
    pub async fn start(program: &Path, url: Option<String>, latency: u64) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("polyptych-crash-").tempdir().context("cannot make a folder")?;
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("state.db").display()));
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
        let world = Self { program: program.to_owned(), folder, url, control, origin, _emulator: emulator };
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
        let mut environment = vec![(URL, self.url.clone())];
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
        let mut text = format!(
            "[state]\nurl_env = \"{URL}\"\nfolder = {:?}\n\n[fetch]\nprivate_hosts = [\"{}\"]\n",
            self.folder.path().join("state"),
            self.origin.address()
        );
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
