//! `polyptych quota`: what is left of points, calls and room.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use serde::Serialize;
use v1::gauge::{Source, Unit};
use v1::library_service_client::LibraryServiceClient;

use super::connection::{Common, Connection};
use super::names::Target;
use super::report::{Report, Row, Tally};
use super::{time, told};

/// Tell what is left of points, calls and room
///
/// Of the account that an album belongs to. Asked for where the provider has a call for it, else as its last answers told, so that there may be nothing yet.
#[derive(Debug, Args)]
pub(crate) struct Quota {
    /// Album: LIBRARY/ALBUM, or LIBRARY for its default album
    #[arg(value_name = "TARGET", required = true)]
    albums: Vec<Target>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A figure; what the provider does not tell is left out.
#[derive(Debug, Serialize)]
struct Figure {
    album: String,
    /// In the provider's words.
    figure: String,
    /// `points`, `calls`, `images`, `percent`, `seconds`.
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    reset_time: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    read_time: String,
    /// `asked`, or `last_answer`.
    source: &'static str,
}

impl Quota {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<Tally> {
        let mut libraries = LibraryServiceClient::new(connection.channel());
        let mut report = Report::new(self.common.format());
        let read = async {
            for album in &self.albums {
                let request = v1::GetQuotaRequest { name: format!("{}/quota", album.parent()) };
                let quota = libraries.get_quota(request).await.map_err(told)?.into_inner();
                for gauge in quota.gauges {
                    report.add(Figure::new(album.to_string(), gauge))?;
                }
            }
            Ok(())
        };
        let read = read.await;
        report.close(read, "figures", "failed")
    }
}

impl Figure {
    fn new(album: String, gauge: v1::Gauge) -> Self {
        let unit = match gauge.unit() {
            Unit::Points => "points",
            Unit::Calls => "calls",
            Unit::Images => "images",
            Unit::Percent => "percent",
            Unit::Seconds => "seconds",
            Unit::Unspecified => "",
        };
        let source = match gauge.source() {
            Source::Asked => "asked",
            Source::LastAnswer => "last_answer",
            Source::Unspecified => "",
        };
        let v1::Gauge { display_name, used, left, limit, reset_time, read_time, .. } = gauge;
        let (reset_time, read_time) = (time::told(reset_time), time::told(read_time));
        Self { album, figure: display_name, unit, used, left, limit, reset_time, read_time, source }
    }
}

impl Row for Figure {
    const HEAD: &'static [&'static str] = &["album", "figure", "unit", "used", "left", "limit", "resets", "read"];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        vec![
            self.album.clone(),
            self.figure.clone(),
            self.unit.to_owned(),
            number(self.used),
            number(self.left),
            number(self.limit),
            time::brief(&self.reset_time),
            time::brief(&self.read_time),
        ]
    }
}
