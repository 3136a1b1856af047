//! `polyptych demo`: the main job from end to end, through the same gRPC API that clients use. A picture is published to all
//! libraries by one operation; what became of it is seen in each library.

mod picture;
mod publication;
mod round;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use tonic::transport::Channel;

use crate::output::print;
use polyptych::emulated::Running;
use polyptych::proto::v1;
use v1::library_service_client::LibraryServiceClient;

/// Publishes each picture to each library and takes it back. Returns whether all of it held.
pub(crate) async fn run(images: Vec<PathBuf>) -> Result<bool> {
    let pictures = picture::load(images).await?;
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = Running::start(any, any, polyptych::emulated::settings()).await?;
    print(format_args!("emulator on http://{}, façade on http://{}", running.emulator(), running.facade()))?;
    let channel = Channel::from_shared(format!("http://{}", running.facade()))?
        .connect()
        .await
        .context("the façade that was just started does not accept a connection")?;
    let libraries = LibraryServiceClient::new(channel.clone())
        .list_libraries(v1::ListLibrariesRequest::default())
        .await?
        .into_inner()
        .libraries;
    let mut held = true;
    for picture in &pictures {
        let published = publication::of(channel.clone(), &libraries, picture).await?;
        let rounds = futures_util::future::join_all(
            libraries
                .iter()
                .zip(published)
                .map(|(library, published)| round::play(channel.clone(), library.clone(), published)),
        )
        .await;
        print(format_args!("\n{}\n{}", picture, table::of(&rounds)))?;
        held &= rounds.iter().all(round::Round::held);
    }
    drop(channel);
    running.stop().await?;
    let verdict = if held { "all of it held" } else { "not all of it held" };
    print(format_args!("\npublished, listed, read and deleted in {} libraries: {verdict}", libraries.len()))?;
    Ok(held)
}
