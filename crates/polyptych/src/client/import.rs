//! `polyptych import`: pictures from their addresses into an album, as one operation.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use v1::image_service_client::ImageServiceClient;

use super::connection::{Common, Connection};
use super::fitting::{Fitting, Placing};
use super::following::{Followed, follow};
use super::names::Target;
use super::placed::{Outcome, Placed};
use super::report::{Report, Tally};
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

impl Import {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let source = |uri: &String| v1::ImportSource {
            uri: uri.clone(),
            parent: self.to.parent(),
            image_class: self.class.clone().unwrap_or_default(),
            ..Default::default()
        };
        let request = v1::ImportImagesRequest {
            sources: self.urls.iter().map(source).collect(),
            fit: self.fitting.message(),
            replace: self.placing.replace,
            policy: self.placing.policy(),
            ..Default::default()
        };
        let format = self.common.format();
        let mut images = ImageServiceClient::new(connection.channel());
        let operation = images.import_images(request).await.map_err(told)?.into_inner();
        let mut report = Report::new(format);
        if let Followed::Ended(response) =
            follow::<v1::ImportImagesResponse>(connection.channel(), operation, format, stop).await?
        {
            for (url, outcome) in self.urls.iter().zip(response.outcomes) {
                let result = Outcome::from(outcome);
                report.add(Placed { source: url.clone(), target: self.to.to_string(), result })?;
            }
        }
        Ok(report.end("imported", "failed")?)
    }
}
