//! The façade as it is run in earnest: an API key, a log in JSON, figures, and one trace of a hundred sent to a collector.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use polyptych_crash::process::Process;
use polyptych_proto::v1;
use polyptych_service::server::{Place, connect};
use prost::Message;
use tonic::Request;
use v1::library_service_client::LibraryServiceClient;

/// The library that calls ask for.
pub(crate) const LIBRARY: &str = "libraries/yandex-v5";

/// The program, a key for it, and what it needs beside it.
pub(crate) struct World {
    place: Place,
    folder: PathBuf,
    key: String,
    hash: String,
    emulator: Process,
    /// Traces are sent there.
    collector: Process,
}

/// What a server tells of each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tells {
    /// A line of the log.
    pub(crate) log: bool,
    /// A trace of a hundred.
    pub(crate) traces: bool,
}

impl Tells {
    /// As it is run in earnest.
    pub(crate) const ALL: Self = Self { log: true, traces: true };
}

impl World {
    /// Starts what the façade needs. `folder` takes what is written.
    pub(crate) async fn start(program: &Path, folder: &Path) -> Result<Self> {
        let place = Place::new(program.to_owned())?;
        let (key, hash) = place.key().await?;
        let collector = own(&["echo"], &folder.join("collector.log")).await?;
        let emulator = place.emulate().await?;
        Ok(Self { place, folder: folder.to_owned(), key, hash, emulator, collector })
    }

    /// The API key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What all providers are.
    pub(crate) fn emulator(&self) -> &Process {
        &self.emulator
    }

    /// A server.
    pub(crate) async fn serve(&self, tells: Tells) -> Result<Process> {
        let mut settings = format!(
            "\n[server]\ncalls_at_once = 4096\ncalls_at_once_per_client = 4096\n\n\
             [admin]\nlisten = \"127.0.0.1:0\"\n\n\
             [log]\nformat = \"json\"\nlevel = \"{}\"\n\n\
             [clients.load]\nkeys = [\"{}\"]\nlibraries = [\"*\"]\nrights = [\"read\", \"write\"]\n",
            if tells.log { "info" } else { "warn" },
            self.hash,
        );
        if tells.traces {
            let collector = self.collector.address();
            settings.push_str(&format!("\n[traces]\nendpoint = \"http://{collector}\"\nratio = 0.01\n"));
        }
        self.place.serve_with("load", self.emulator.address(), &settings).await
    }

    /// What a façade answers, as bytes.
    pub(crate) async fn library(&self, facade: &Process) -> Result<Vec<u8>> {
        let mut client = LibraryServiceClient::new(connect(facade).await?);
        let request = self.signed(v1::GetLibraryRequest { name: LIBRARY.to_owned() })?;
        Ok(client.get_library(request).await.context("the facade does not answer")?.into_inner().encode_to_vec())
    }

    /// A server of bare tonic that answers these bytes.
    pub(crate) async fn echo(&self, answer: &Path) -> Result<Process> {
        let answer = answer.to_str().context("the folder's name is no text")?;
        own(&["echo", answer], &self.folder.join("echo.log")).await
    }

    /// A request with the API key.
    pub(crate) fn signed<T>(&self, message: T) -> Result<Request<T>> {
        let mut request = Request::new(message);
        let credential = format!("Bearer {}", self.key).parse().context("a key is a header")?;
        request.metadata_mut().insert("authorization", credential);
        Ok(request)
    }
}

/// This program in another of its roles.
pub(crate) async fn own(arguments: &[&str], log: &Path) -> Result<Process> {
    Process::start(&std::env::current_exe().context("where am I?")?, arguments, &[], log).await
}
