//! The program `polyptych`.

mod cli;
mod configuration;
mod database;
mod demo;
mod keygen;
mod output;
mod serve;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, ConfigCommand, DbCommand};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match cli.command {
        Command::Demo { images } => demo::run(images).await,
        Command::Serve { config: Some(config), listen, insecure, .. } => {
            serve::configured(&config, listen, insecure).await
        }
        Command::Serve { config: None, listen, insecure, .. } => serve::emulating(listen, insecure).await,
        Command::Emulate { listen, setup } => serve::emulator(listen, &setup).await,
        Command::Keygen => keygen::run(),
        Command::Config(ConfigCommand::Check { file }) => configuration::check(&file).await,
        Command::Config(ConfigCommand::Schema { of }) => configuration::schema(of),
        Command::Errors => configuration::errors(),
        Command::Db(DbCommand::Migrate { database }) => database::migrate(&database).await,
        Command::Db(DbCommand::Backup { database, file }) => database::backup(&database, &file).await,
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Where nobody can read it, the exit code has to do.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
