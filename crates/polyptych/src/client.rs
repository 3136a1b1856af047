//! The commands that use libraries. Each is a call of the gRPC API, to a façade elsewhere or in this process, and prints what
//! became of each item.

mod admission;
mod albums;
mod associations;
mod audit;
mod check;
mod connection;
mod copy;
mod costs;
mod delete;
mod failure;
mod files;
mod fitting;
mod following;
mod get;
mod import;
mod libraries;
mod list;
mod names;
mod operations;
mod placed;
mod placement;
mod progress;
mod publish;
mod quota;
mod report;
mod stop;
mod sync;
mod time;
mod tls;
mod upload;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use tonic::Status;

use self::connection::Common;
use self::failure::Failure;
use self::report::Tally;
use self::stop::Stop;

/// What can be done with libraries.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    Libraries(libraries::Libraries),
    Albums(albums::Albums),
    Check(check::Check),
    Upload(upload::Upload),
    Publish(publish::Publish),
    List(list::List),
    Get(get::Get),
    Import(import::Import),
    Copy(copy::Copy),
    Delete(delete::Delete),
    Sync(sync::Sync),
    Associations(associations::Associations),
    Quota(quota::Quota),
    Operations(operations::Operations),
    Audit(audit::Audit),
}

/// The items were not all done, or are not all in order.
const SOME_FAILED: u8 = 1;
/// Nothing could be asked, or the call as a whole was refused.
pub(crate) const REFUSED: u8 = 3;
/// The user interrupted the command before all was done.
const INTERRUPTED: u8 = 130;

/// Runs a command; what its exit code says is in `polyptych --help`.
///
/// # Errors
/// If nothing could be asked, or the call as a whole was refused.
pub(crate) async fn run(command: Client) -> Result<ExitCode> {
    let stop = Stop::listen();
    let tally = tokio::select! {
        tally = work(&command, &stop) => tally?,
        () = stop.at_once() => Tally::default(),
    };
    Ok(match (stop.asked(), tally.failed + tally.left) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(SOME_FAILED),
    })
}

async fn work(command: &Client, stop: &Stop) -> Result<Tally> {
    let connecting = async { command.common().connect().await.map(Some) };
    let Some(connection) = stop.or(connecting).await? else { return Ok(Tally::default()) };
    let done = match command {
        Client::Libraries(libraries) => stop.or(libraries.run(&connection)).await,
        Client::Albums(albums) => albums.run(&connection, stop).await,
        Client::Check(check) => check.run(&connection, stop).await,
        Client::Upload(upload) => upload.run(&connection, stop).await,
        Client::Publish(publish) => publish.run(&connection, stop).await,
        Client::List(list) => list.run(&connection, stop).await,
        Client::Get(get) => get.run(&connection, stop).await,
        Client::Import(import) => import.run(&connection, stop).await,
        Client::Copy(copy) => copy.run(&connection, stop).await,
        Client::Delete(delete) => delete.run(&connection, stop).await,
        Client::Sync(sync) => sync.run(&connection, stop).await,
        Client::Associations(associations) => associations.run(&connection, stop).await,
        Client::Quota(quota) => stop.or(quota.run(&connection)).await,
        Client::Operations(operations) => operations.run(&connection, stop).await,
        Client::Audit(audit) => stop.or(audit.run(&connection)).await,
    };
    let closed = connection.close().await;
    let tally = done?;
    closed?;
    Ok(tally)
}

impl Client {
    fn common(&self) -> &Common {
        match self {
            Self::Libraries(libraries) => &libraries.common,
            Self::Albums(albums) => &albums.common,
            Self::Check(check) => &check.common,
            Self::Upload(upload) => &upload.common,
            Self::Publish(publish) => &publish.common,
            Self::List(list) => &list.common,
            Self::Get(get) => &get.common,
            Self::Import(import) => &import.placement.common,
            Self::Copy(copy) => &copy.placement.common,
            Self::Delete(delete) => &delete.common,
            Self::Sync(sync) => sync.common(),
            Self::Associations(associations) => associations.common(),
            Self::Quota(quota) => &quota.common,
            Self::Operations(operations) => operations.common(),
            Self::Audit(audit) => &audit.common,
        }
    }
}

/// A refusal of a whole call, as an error of the command.
fn told(status: Status) -> anyhow::Error {
    let failure = Failure::from(&status);
    match failure.help() {
        Some(help) => anyhow::anyhow!("{failure}\nhelp: {help}"),
        None => anyhow::anyhow!("{failure}"),
    }
}
