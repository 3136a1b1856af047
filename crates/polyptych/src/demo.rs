//! `polyptych demo`: the main job from end to end. A picture is published to all libraries at once; what became of it is
//! seen through the same gRPC API that clients use.

mod picture;
mod round;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use tonic::transport::Channel;

use crate::output::print;
use polyptych::domain::{
    Animation, Budget, Content, Error, LibraryId, PublishCommand, PublishTarget, Service, UploadPolicy, UploadReceipt,
};
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
        let published = publish(running.service(), &libraries, picture).await?;
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

/// One picture into the default album of each library: one outcome per library, in order.
async fn publish(
    service: &Service,
    libraries: &[v1::Library],
    picture: &picture::Picture,
) -> Result<Vec<Result<UploadReceipt, Error>>> {
    let target = |library: &v1::Library| {
        let library = LibraryId::new(library.name.trim_start_matches("libraries/"))?;
        Ok(PublishTarget { library, album: None, class: None })
    };
    let command = PublishCommand {
        name: picture.name.clone(),
        content: Content::from_bytes(picture.bytes.clone()),
        targets: libraries.iter().map(target).collect::<Result<_>>()?,
        fit: PublishCommand::FIT,
        animation: Animation::default(),
        replace: false,
        policy: UploadPolicy::default(),
        budget: Budget::default(),
    };
    Ok(service.publish(command).await.outcomes)
}
