//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use polyptych::emulator::Setup;
use serde_json::{Map, Value};

use crate::client::Client;

/// Where to begin, and what the exit codes of all commands mean.
const AFTER: &str = "\
Examples, with six emulated libraries:
  polyptych serve --emulate &              a server on 127.0.0.1:50051
  polyptych check photo.jpg --to evotor    what is wrong, and what would help
  polyptych publish photo.jpg --all        to all libraries, fitted to each
  polyptych list facebook                  what is there now

Exit codes:
  0    all of it was done
  1    some items failed or are refused, or serving failed
  2    the command line is wrong
  3    a file cannot be used, nobody could be asked, or a call was refused
  130  interrupted by Ctrl-C";

/// Put images into many image libraries: Yandex Direct, Facebook Ads, Evotor Cloud
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = AFTER)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Client(Box<Client>),
    /// Show what it does, with six emulated libraries
    ///
    /// Starts the emulator and the façade in this process, publishes each picture through gRPC to all libraries, fitted to
    /// what each accepts, takes it back, and prints what happened. Exits with 0 only if every step of every library
    /// succeeded.
    Demo {
        /// JPEG, PNG, GIF, BMP, TIFF or WebP files; without any, three pictures that come with the program
        images: Vec<PathBuf>,
    },
    /// Serve the gRPC API
    ///
    /// Prints `listening on http://ADDRESS` once ready, https with TLS. Ctrl-C or SIGTERM ends it after the calls in flight;
    /// SIGHUP reads the configuration again. Settings come from the file, then from variables such as
    /// POLYPTYCH_SERVER__LISTEN, then from these options; later ones win.
    Serve(ServeOptions),
    /// Serve the four provider APIs, for tests
    ///
    /// On one port, with images kept in memory. Prints `listening on http://ADDRESS` once ready. The options say the state that
    /// it begins with, and begins again with after a reset; each takes the JSON that `POST /_emulator/setup` takes under the
    /// same name, or `@FILE`.
    Emulate {
        /// Address to listen on; port 0 takes a free one
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// The state that it begins with
        #[command(flatten)]
        setup: Box<SetupFlags>,
    },
    /// Ask the admin port of a server whether it is ready
    ///
    /// Exits with 0 if it is, and with 1 if not, or if nobody answers within three seconds. For containers, whose runtimes look at
    /// exit codes.
    Health {
        /// `admin.listen` of the server
        #[arg(
            value_name = "ADDRESS",
            env = "POLYPTYCH_ADMIN__LISTEN",
            hide_env_values = true,
            default_value = "127.0.0.1:9464"
        )]
        admin: SocketAddr,
    },
    /// Make an API key for a client
    ///
    /// Prints it once, with the hash that the configuration takes.
    Keygen,
    /// Print what a shell needs to complete commands
    ///
    /// Where they go differs: in bash, a file that is sourced; in zsh, a folder of fpath.
    #[command(after_help = "\
Examples:
  source <(polyptych completions bash)
  polyptych completions zsh > ~/.zfunc/_polyptych")]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL", value_enum)]
        shell: Shell,
    },
    /// Check or describe the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prepare or copy the database of the state
    #[command(subcommand)]
    Db(DbCommand),
    /// Print every error of the gRPC API with its meaning, as Markdown
    Errors,
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Configuration file (TOML) that names the libraries
    #[arg(long, value_name = "FILE", required_unless_present = "emulate")]
    pub(crate) config: Option<PathBuf>,
    /// Start the emulator, too, and serve six libraries connected to it
    #[arg(long, conflicts_with = "config")]
    pub(crate) emulate: bool,
    /// Address to listen on, 127.0.0.1:50051 by default; port 0 takes a free one. Other than loopback needs TLS and clients in
    /// the configuration
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Listen wherever it is, even where whoever reaches the address may read, change and overhear everything
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Any setting of the configuration, such as admin.listen=127.0.0.1:9464; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// What to do about the configuration file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tell everything that is wrong with a configuration
    ///
    /// With file, line and column, or the variable. Variables of the environment go over the file, as they do for `serve`.
    /// Nothing is sent, and tokens are not looked for. Exits with 1 if `serve` would refuse it.
    Check {
        /// Configuration file (TOML)
        #[arg(value_name = "FILE", default_value = "polyptych.toml")]
        file: PathBuf,
    },
    /// Print the JSON Schema of the configuration file, or of a manifest
    Schema {
        /// What it is the schema of
        #[arg(value_name = "WHAT", value_enum, default_value = "config")]
        of: Written,
    },
}

/// What users write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Written {
    /// The configuration file.
    Config,
    /// The manifest of a sync.
    Manifest,
}

/// What to do about the database. It is named as `sqlite:PATH`, as `postgres://USER@HOST/DATABASE` (whose password is taken
/// from PGPASSWORD), or as `env:NAME`, which is the environment variable that holds one of these.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Bring the schema of a database up to date
    ///
    /// `serve` does so by itself; this is for databases that are prepared before. Servers of the version before go on with the
    /// new schema. A SQLite file is made if it is not there.
    Migrate {
        /// sqlite:PATH, postgres://USER@HOST/DATABASE or env:NAME
        #[arg(value_name = "DATABASE")]
        database: String,
    },
    /// Copy a SQLite database into a new file while servers use it
    ///
    /// The copy is the database of one moment, in one file. Pictures of operations that have not ended lie beside the
    /// database and are not in it. Of a server's database pg_dump makes a copy.
    Backup {
        /// sqlite:PATH or env:NAME
        #[arg(value_name = "DATABASE")]
        database: String,
        /// The new file; one that is there is not overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// The state that an emulator begins with, part by part.
#[derive(Debug, Default, Args)]
pub(crate) struct SetupFlags {
    /// A whole setup document; the options below win over its parts
    #[arg(long, value_name = "JSON")]
    setup: Option<String>,
    /// Accounts that exist: {"yandex":[LOGIN],"facebook":[NUMBER], "evotor":[{"id":STORE,"products":[ID]}]}
    #[arg(long, value_name = "JSON")]
    accounts: Option<String>,
    /// Tokens that are accepted: [{"value":TOKEN,"albums":[NAME],"read_only":true,"expired":true}]
    #[arg(long, value_name = "JSON")]
    tokens: Option<String>,
    /// Time: {"set":"2026-01-01T00:00:00Z","standing":true}
    #[arg(long, value_name = "JSON")]
    clock: Option<String>,
    /// How long calls take: [{"api":"facebook","operation":"adimages.create","millis":200}]
    #[arg(long, value_name = "JSON")]
    latency: Option<String>,
    /// Limits and what is left: {"yandex":{"points_left":{LOGIN:0}},"evotor":{"rate_limit":10}}
    #[arg(long, value_name = "JSON")]
    quotas: Option<String>,
    /// Whether equal contents become one image: true or false
    #[arg(long, value_name = "JSON")]
    deduplicate: Option<String>,
    /// Write Live 4 SOAP replies exactly as the WSDL says, for toolkits that insist (zeep), not as recorded
    #[arg(long)]
    wsdl_style: bool,
    /// Let uploads by URL fetch from this host, too, over plain HTTP; HOST for any port, or HOST:PORT; repeatable
    #[arg(long, value_name = "HOST")]
    fetch_host: Vec<String>,
    /// Faults for the next calls: [{"operation":"AdImages.add", "times":2,"answer":{"error":{"code":52}}}]
    #[arg(long, value_name = "JSON")]
    faults: Option<String>,
    /// Images that are there: [{"library":"yandex","album":LOGIN,"count":100}]
    #[arg(long, value_name = "JSON")]
    images: Option<String>,
    /// Ads of Yandex Direct that images can be bound to: [{"login":LOGIN,"ads":[{"id":1,"campaign":7}]}]
    #[arg(long, value_name = "JSON")]
    ads: Option<String>,
}

impl SetupFlags {
    /// The setup that the options make together.
    ///
    /// # Errors
    /// For what is not JSON, a file that cannot be read, and keys that no setup has.
    pub(crate) fn read(&self) -> Result<Setup> {
        let mut setup = match &self.setup {
            Some(text) => match parse("setup", text)? {
                Value::Object(setup) => setup,
                _ => bail!("--setup must be a JSON object"),
            },
            None => Map::new(),
        };
        let parts = [
            ("accounts", &self.accounts),
            ("tokens", &self.tokens),
            ("clock", &self.clock),
            ("latency", &self.latency),
            ("quotas", &self.quotas),
            ("deduplicate", &self.deduplicate),
            ("faults", &self.faults),
            ("images", &self.images),
            ("ads", &self.ads),
        ];
        for (name, text) in parts {
            if let Some(text) = text {
                setup.insert(name.to_owned(), parse(name, text)?);
            }
        }
        if self.wsdl_style {
            setup.insert("live4_soap_style".to_owned(), Value::from("wsdl"));
        }
        if !self.fetch_host.is_empty() {
            setup.insert("fetch_hosts".to_owned(), Value::from(self.fetch_host.clone()));
        }
        Setup::from_json(Value::Object(setup).to_string().as_bytes()).context("the setup of the emulator")
    }
}

/// JSON, or JSON of a file behind `@`.
fn parse(name: &str, text: &str) -> Result<Value> {
    let option = || format!("--{}", name.replace('_', "-"));
    let read = match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{}: cannot read {file}", option()))?,
        None => text.to_owned(),
    };
    serde_json::from_str(&read).with_context(|| format!("{} is not JSON", option()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_make_one_setup_and_win_over_its_document() {
        let flags = SetupFlags {
            setup: Some(r#"{"deduplicate":true,"clock":{"standing":true}}"#.to_owned()),
            deduplicate: Some("false".to_owned()),
            wsdl_style: true,
            fetch_host: vec!["pictures.test".to_owned()],
            tokens: Some(r#"[{"value":"a","read_only":true}]"#.to_owned()),
            ..SetupFlags::default()
        };
        let setup = flags.read().unwrap();
        assert_eq!((setup.deduplicate, setup.tokens.unwrap().len()), (Some(false), 1));
        assert_eq!(setup.clock.unwrap().standing, Some(true));
        assert!(setup.live4_soap_style.is_some());
        assert_eq!(setup.fetch_hosts.unwrap(), ["pictures.test"]);
    }

    #[test]
    fn what_is_no_setup_is_refused_by_its_option_or_key() {
        let told = |flags: SetupFlags| format!("{:#}", flags.read().unwrap_err());
        let tokens = |text: &str| SetupFlags { tokens: Some(text.to_owned()), ..SetupFlags::default() };
        assert!(told(tokens("[{")).contains("--tokens is not JSON"));
        assert!(told(tokens(r#"[{"value":"a","scope":1}]"#)).contains("unknown field `scope`"));
        assert!(told(tokens("@/no/such/file")).contains("--tokens: cannot read"));
        let setup = SetupFlags { setup: Some(r#"{"clocks":1}"#.to_owned()), ..SetupFlags::default() };
        assert!(told(setup).contains("unknown field `clocks`"));
    }
}
