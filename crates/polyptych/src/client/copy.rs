//! `polyptych copy`: images of any albums into another album, as one operation.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use v1::image_service_client::ImageServiceClient;

use super::connection::{Common, Connection};
use super::fitting::{Fitting, Placing};
use super::following::{Followed, follow};
use super::names::{Image, Target, short};
use super::placed::{Outcome, Placed};
use super::report::{Report, Tally};
use super::stop::Stop;
use super::told;

/// Copy images into another album, of the same or of another library
///
/// Facebook copies by itself within Facebook; else the picture is fetched, checked, fitted and uploaded.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// Images: LIBRARY/ALBUM/IMAGE
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<Image>,
    /// Album: LIBRARY/ALBUM, or LIBRARY for its default album
    #[arg(long, value_name = "TARGET")]
    to: Target,
    /// Class to be used, in the provider's words: FIXED_IMAGE [default: any]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    #[command(flatten)]
    placing: Placing,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Copy {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let names: Vec<String> = self.images.iter().map(Image::name).collect();
        let request = v1::CopyImagesRequest {
            names: names.clone(),
            parent: self.to.parent(),
            image_class: self.class.clone().unwrap_or_default(),
            fit: self.fitting.message(),
            replace: self.placing.replace,
            policy: self.placing.policy(),
            ..Default::default()
        };
        let format = self.common.format();
        let mut images = ImageServiceClient::new(connection.channel());
        let operation = images.copy_images(request).await.map_err(told)?.into_inner();
        let mut report = Report::new(format);
        if let Followed::Ended(response) =
            follow::<v1::CopyImagesResponse>(connection.channel(), operation, format, stop).await?
        {
            for (name, outcome) in names.iter().zip(response.outcomes) {
                let result = Outcome::from(outcome);
                report.add(Placed { source: short(name), target: self.to.to_string(), result })?;
            }
        }
        Ok(report.end("copied", "failed")?)
    }
}
