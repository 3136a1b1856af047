//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// One image in many image libraries: Yandex Direct, Facebook Ads and Evotor Cloud behind one gRPC API.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Publish pictures to all six emulated libraries, list, read and delete them again
    ///
    /// Starts the emulator and the façade in this process, sends each picture through gRPC to each library, fitted to
    /// what the library accepts, and prints what happened. Exits with 0 only if every step of every library succeeded.
    Demo {
        /// JPEG, PNG, GIF, BMP, TIFF or WebP files; without any, three pictures that come with the program
        images: Vec<PathBuf>,
    },
    /// Serve the gRPC API
    ///
    /// Prints `listening on http://ADDRESS` once ready. Ctrl-C or SIGTERM ends it after the calls in flight.
    Serve {
        /// Configuration file (TOML) that names the libraries
        #[arg(long, value_name = "FILE", required_unless_present = "emulate")]
        config: Option<PathBuf>,
        /// Start the emulator, too, and serve six libraries connected to it
        #[arg(long, conflicts_with = "config")]
        emulate: bool,
        /// Address to listen on; port 0 takes a free one. Other than loopback is refused: there is no authentication yet
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
        listen: SocketAddr,
    },
    /// Serve the four provider APIs on one port, keeping images in memory
    ///
    /// Prints `listening on http://ADDRESS` once ready.
    Emulate {
        /// Address to listen on; port 0 takes a free one
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Write Live 4 SOAP replies exactly as the WSDL says, for toolkits that insist (zeep), not as recorded
        #[arg(long)]
        wsdl_style: bool,
        /// Let uploads by URL fetch from this host, too, over plain HTTP; HOST for any port, or HOST:PORT; repeatable
        #[arg(long, value_name = "HOST")]
        fetch_host: Vec<String>,
    },
    /// Check or describe the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// What to do about the configuration file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tell everything that is wrong with a configuration file, with file, line and column
    ///
    /// Nothing is sent, and tokens are not looked for. Exits with 1 if `serve` would refuse the file.
    Check {
        /// Configuration file (TOML)
        #[arg(value_name = "FILE", default_value = "polyptych.toml")]
        file: PathBuf,
    },
    /// Print the JSON Schema of the configuration file
    Schema,
}
