//! The floor of a call: a server of bare tonic that answers every `GetLibrary` with the same message, takes uploads and lets
//! them go, and takes the spans that the façade under load sends.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use polyptych_proto::v1;
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use v1::library_service_server::{LibraryService, LibraryServiceServer};

use crate::load::collector::Collector;
use crate::load::sink::Sink;

/// What it answers.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// A file with the message; absent means an empty one.
    answer: Option<PathBuf>,
}

/// Serves on a free port of loopback until the process is ended.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let library = match &options.answer {
        Some(file) => {
            let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            v1::Library::decode(bytes.as_slice()).context("no such message")?
        }
        None => v1::Library::default(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Server::builder()
        .add_service(LibraryServiceServer::new(Echo(library)))
        .add_service(Collector)
        .add_service(Sink)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
        .context("the server failed")
}

struct Echo(v1::Library);

#[tonic::async_trait]
impl LibraryService for Echo {
    async fn list_libraries(
        &self,
        _: Request<v1::ListLibrariesRequest>,
    ) -> Result<Response<v1::ListLibrariesResponse>, Status> {
        Err(Status::unimplemented("one method is measured"))
    }

    async fn get_library(&self, _: Request<v1::GetLibraryRequest>) -> Result<Response<v1::Library>, Status> {
        Ok(Response::new(self.0.clone()))
    }

    async fn list_albums(&self, _: Request<v1::ListAlbumsRequest>) -> Result<Response<v1::ListAlbumsResponse>, Status> {
        Err(Status::unimplemented("one method is measured"))
    }

    async fn get_quota(&self, _: Request<v1::GetQuotaRequest>) -> Result<Response<v1::Quota>, Status> {
        Err(Status::unimplemented("one method is measured"))
    }
}
