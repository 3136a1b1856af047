//! The program `polyptych`.

mod cli;
mod client;
mod configuration;
mod database;
mod demo;
mod health;
mod keygen;
mod output;
mod serve;
mod telemetry;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use polyptych::config::Given;
use tokio::runtime::Runtime;

use crate::cli::{Cli, Command, ConfigCommand, DbCommand};

/// How long the program waits at its end for what holds up a thread: standard input that is read and does not come.
const LAST: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(error.into()), 1),
    };
    let code = runtime.block_on(run(cli));
    runtime.shutdown_timeout(LAST);
    code
}

async fn run(cli: Cli) -> ExitCode {
    if !matches!(cli.command, Command::Serve(_)) {
        telemetry::plain();
    }
    let ended = match cli.command {
        Command::Client(command) => return end(client::run(*command).await, client::REFUSED),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "polyptych", &mut script);
            output::print(String::from_utf8_lossy(&script).trim_end()).map(|()| true).map_err(Into::into)
        }
        Command::Demo { images } => demo::run(images).await,
        Command::Serve(options) => serve::serve(options).await,
        Command::Emulate { listen, setup } => serve::emulator(listen, &setup).await,
        Command::Health { admin } => health::run(admin).await,
        Command::Keygen => keygen::run(),
        Command::Config(ConfigCommand::Check { file }) => {
            configuration::check(&file, &Given::from_environment(std::env::vars_os())).await
        }
        Command::Config(ConfigCommand::Schema { of }) => configuration::schema(of),
        Command::Errors => configuration::errors(),
        Command::Db(DbCommand::Migrate { database }) => database::migrate(&database).await,
        Command::Db(DbCommand::Backup { database, file }) => database::backup(&database, &file).await,
    };
    end(ended.map(|held| if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }), 1)
}

/// The exit code; that of an error, which is told, is `failed`.
fn end(ended: anyhow::Result<ExitCode>, failed: u8) -> ExitCode {
    ended.unwrap_or_else(|error| {
        output::tell(format_args!("error: {}", output::told(&error)));
        ExitCode::from(failed)
    })
}
