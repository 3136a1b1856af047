//! `polyptych list`: the images of an album.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use serde::Serialize;
use v1::image_service_client::ImageServiceClient;

use super::connection::{Common, Connection};
use super::names::{Target, short};
use super::report::{Report, Row, Tally};
use super::stop::Stop;
use super::told;
use crate::output::print;

/// List the images of an album
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Album: LIBRARY/ALBUM, or LIBRARY for its default album
    #[arg(value_name = "TARGET")]
    album: Target,
    /// Most images [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print names alone, one per line, as `delete -` takes them
    #[arg(long, conflicts_with = "json")]
    names: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// An image. What the provider does not tell is left out.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    /// Resource name.
    image: String,
    /// The provider's hash or id.
    uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    class: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    uri: String,
}

impl List {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let request = v1::StreamImagesRequest { parent: self.album.parent(), ..Default::default() };
        let mut images = ImageServiceClient::new(connection.channel());
        let mut batches = images.stream_images(request).await.map_err(told)?.into_inner();
        let mut report = Report::new(self.common.format());
        let mut left = self.limit.unwrap_or(usize::MAX);
        let listed = async {
            while left > 0 {
                let batch = tokio::select! {
                    batch = batches.message() => batch.map_err(told)?,
                    () = stop.gently() => None,
                };
                let Some(batch) = batch else { break };
                for image in batch.images.into_iter().take(left) {
                    left -= 1;
                    match self.names {
                        true => print(short(&image.name))?,
                        false => report.add(Listed::from(image))?,
                    }
                }
            }
            Ok(())
        };
        let listed = listed.await;
        if self.names { listed.map(|()| Tally::default()) } else { report.close(listed, "images", "failed") }
    }
}

impl From<v1::Image> for Listed {
    fn from(image: v1::Image) -> Self {
        let v1::Image { name, uid, display_name, image_class, size, size_bytes, uri, in_use, .. } = image;
        Self {
            image: name,
            uid,
            name: display_name,
            class: image_class,
            width: size.map(|size| size.width),
            height: size.map(|size| size.height),
            bytes: (size_bytes > 0).then_some(size_bytes),
            in_use,
            uri,
        }
    }
}

impl Row for Listed {
    const HEAD: &'static [&'static str] = &["image", "name", "pixels", "class", "in use"];

    fn cells(&self) -> Vec<String> {
        let pixels = self.width.zip(self.height).map(|(width, height)| format!("{width}x{height}")).unwrap_or_default();
        let in_use = match self.in_use {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        vec![short(&self.image), self.name.clone(), pixels, self.class.clone(), in_use.to_owned()]
    }
}
