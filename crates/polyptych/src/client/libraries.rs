//! `polyptych libraries`: the configured libraries and what they can do.

use anyhow::Result;
use clap::Args;
use polyptych::domain::AlbumName;
use polyptych::proto::v1;
use serde::Serialize;
use v1::capabilities::Support;
use v1::library_service_client::LibraryServiceClient;

use super::connection::{Common, Connection};
use super::names::short;
use super::report::{Report, Row, Tally};
use super::told;

/// List the libraries, and with --json what they can do
#[derive(Debug, Args)]
pub(crate) struct Libraries {
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Serialize)]
struct Library {
    library: String,
    provider: String,
    encoding: String,
    default_album: String,
    /// What it can do: `native`, or `emulated` with other calls; what cannot be done is left out.
    can: std::collections::BTreeMap<&'static str, &'static str>,
    classes: Vec<String>,
}

impl Libraries {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<Tally> {
        let mut report = Report::new(self.common.format());
        for library in all(connection).await? {
            report.add(Library::from(library))?;
        }
        Ok(report.end("libraries", "failed")?)
    }
}

/// The libraries that the caller may use.
async fn all(connection: &Connection) -> Result<Vec<v1::Library>> {
    let mut service = LibraryServiceClient::new(connection.channel());
    let (mut libraries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListLibrariesRequest { page_size: 1_000, page_token };
        let page = service.list_libraries(request).await.map_err(told)?.into_inner();
        libraries.extend(page.libraries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(libraries);
        }
    }
}

/// The default albums of the libraries that have one.
///
/// # Errors
/// If the server cannot be asked, or names an album that is none.
pub(crate) async fn default_albums(connection: &Connection) -> Result<Vec<AlbumName>> {
    let named = all(connection).await?.into_iter().map(|library| library.default_album);
    named.filter(|album| !album.is_empty()).map(|album| Ok(album.parse()?)).collect()
}

impl From<v1::Library> for Library {
    fn from(library: v1::Library) -> Self {
        let v1::Library { name, provider, encoding, default_album, capabilities, rules } = library;
        let can = capabilities.unwrap_or_default();
        let can = [
            ("deduplicate", can.deduplicates()),
            ("replace", can.replace()),
            ("download", can.download()),
            ("copy", can.copy()),
            ("associations", can.associations()),
            ("associate", can.associate()),
            ("room", can.room()),
            ("import", can.import_uri()),
        ];
        let support = |support: Support| match support {
            Support::Native => Some("native"),
            Support::Emulated => Some("emulated"),
            Support::Absent | Support::Unspecified => None,
        };
        Self {
            library: short(&name),
            provider,
            encoding,
            default_album: short(&default_album),
            can: can.into_iter().filter_map(|(what, how)| Some((what, support(how)?))).collect(),
            classes: rules.unwrap_or_default().classes.into_iter().map(|class| class.display_name).collect(),
        }
    }
}

impl Row for Library {
    const HEAD: &'static [&'static str] = &["library", "provider", "encoding", "default album", "classes"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.library.clone(),
            self.provider.clone(),
            self.encoding.clone(),
            self.default_album.clone(),
            self.classes.join(", "),
        ]
    }
}
