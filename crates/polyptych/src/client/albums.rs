//! `polyptych albums`: where images of a library can go.

use anyhow::Result;
use clap::Args;
use polyptych::domain::LibraryId;
use polyptych::proto::v1;
use serde::Serialize;
use v1::library_service_client::LibraryServiceClient;

use super::connection::{Common, Connection};
use super::names::short;
use super::report::{Report, Row, Tally};
use super::stop::Stop;
use super::told;

/// Find albums: products, ad accounts, logins
///
/// Of Evotor products, of Facebook ad accounts, of Yandex logins: those that the library's token reaches, and for Yandex
/// those that are configured. An album that is not listed can be used
/// all the same. The providers find nothing by themselves, so that a search reads their whole lists.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  polyptych albums evotor 4607025392408    the product with this barcode
  polyptych albums facebook summer sale    ad accounts named with both words")]
pub(crate) struct Albums {
    /// Its id; `polyptych libraries` lists them
    #[arg(value_name = "LIBRARY", value_parser = |text: &str| LibraryId::new(text))]
    library: LibraryId,
    /// Words of the name or of the owner's; or one id, code or barcode
    #[arg(value_name = "WORD")]
    query: Vec<String>,
    /// Most albums [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// An album. What the provider does not tell is left out.
#[derive(Debug, Serialize)]
struct Listed {
    /// Resource name.
    album: String,
    /// The provider's id.
    uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// Whose it is: the store, the business.
    #[serde(skip_serializing_if = "String::is_empty")]
    owner: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    barcodes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
}

impl Albums {
    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        let mut libraries = LibraryServiceClient::new(connection.channel());
        let mut report = Report::new(self.common.format());
        let (mut left, mut page_token) = (self.limit.unwrap_or(usize::MAX), String::new());
        let listed = async {
            while left > 0 {
                let request = v1::ListAlbumsRequest {
                    parent: format!("libraries/{}", self.library),
                    page_size: i32::try_from(left.min(1_000))?,
                    page_token,
                    query: self.query.join(" "),
                };
                let page = tokio::select! {
                    page = libraries.list_albums(request) => page.map_err(told)?.into_inner(),
                    () = stop.gently() => break,
                };
                for album in page.albums.into_iter().take(left) {
                    left -= 1;
                    report.add(Listed::from(album))?;
                }
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            Ok(())
        };
        let listed = listed.await;
        report.close(listed, "albums", "failed")
    }
}

impl From<v1::Album> for Listed {
    fn from(album: v1::Album) -> Self {
        let v1::Album { name, uid, display_name, owner, codes, barcodes, active } = album;
        Self { album: name, uid, name: display_name, owner, codes, barcodes, active }
    }
}

impl Row for Listed {
    const HEAD: &'static [&'static str] = &["album", "name", "owner", "codes", "barcodes", "active"];

    fn cells(&self) -> Vec<String> {
        let active = match self.active {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        vec![
            short(&self.album),
            self.name.clone(),
            self.owner.clone(),
            self.codes.join("\n"),
            self.barcodes.join("\n"),
            active.to_owned(),
        ]
    }
}
