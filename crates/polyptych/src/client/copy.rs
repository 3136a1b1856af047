//! `polyptych copy`: images of any albums into another album, as one operation.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use v1::image_service_client::ImageServiceClient;

use super::connection::Connection;
use super::costs::Spent;
use super::names::{Image, short};
use super::placement::Placement;
use super::report::Tally;
use super::stop::Stop;
use super::told;

/// Copy images into another album
///
/// Of the same or of another library. Facebook copies by itself within Facebook; else the picture is fetched, checked, fitted and uploaded.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// Images: LIBRARY/ALBUM/IMAGE
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<Image>,
    #[command(flatten)]
    pub(crate) placement: Placement,
}

impl Copy {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let Placement { to, placing, fitting, .. } = &self.placement;
        let names: Vec<String> = self.images.iter().map(Image::name).collect();
        let sources = names.iter().map(|name| short(name)).collect();
        let request = v1::CopyImagesRequest {
            names,
            parent: to.parent(),
            image_class: self.placement.class(),
            fit: fitting.message(),
            replace: placing.replace,
            policy: placing.policy(),
            budget: self.placement.limits.left(&Spent::default()),
            ..Default::default()
        };
        let mut images = ImageServiceClient::new(connection.channel());
        let operation = images.copy_images(request).await.map_err(told)?.into_inner();
        self.placement.follow::<v1::CopyImagesResponse>(connection, operation, sources, "copied", stop).await
    }
}
