//! `polyptych import`: pictures from their addresses into an album, as one operation.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use v1::image_service_client::ImageServiceClient;

use super::connection::Connection;
use super::costs::Spent;
use super::placement::Placement;
use super::report::Tally;
use super::stop::Stop;
use super::told;

/// Upload pictures from their addresses
///
/// v4 Live of Yandex Direct fetches pictures by itself, unless a fit is wanted; for all others the server does, from public
/// addresses only.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Addresses: https:// or http://
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    #[command(flatten)]
    pub(crate) placement: Placement,
}

impl Import {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let Placement { to, placing, fitting, .. } = &self.placement;
        let source = |uri: &String| v1::ImportSource {
            uri: uri.clone(),
            parent: to.parent(),
            image_class: self.placement.class(),
            ..Default::default()
        };
        let request = v1::ImportImagesRequest {
            sources: self.urls.iter().map(source).collect(),
            fit: fitting.message(),
            replace: placing.replace,
            policy: placing.policy(),
            budget: self.placement.limits.left(&Spent::default()),
            ..Default::default()
        };
        let mut images = ImageServiceClient::new(connection.channel());
        let operation = images.import_images(request).await.map_err(told)?.into_inner();
        let sources = self.urls.clone();
        self.placement.follow::<v1::ImportImagesResponse>(connection, operation, sources, "imported", stop).await
    }
}
