//! `polyptych libraries`: the configured libraries and what they can do.

use anyhow::Result;
use clap::Args;
use polyptych::proto::v1;
use serde::Serialize;
use v1::capabilities::Support;
use v1::library_service_client::LibraryServiceClient;

use super::connection::{Common, Connection};
use super::names::short;
use super::report::{Report, Row, Tally};
use super::told;

/// List the libraries; with --json, what they can do, too
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
        let mut libraries = LibraryServiceClient::new(connection.channel());
        let mut report = Report::new(self.common.format());
        let mut page_token = String::new();
        loop {
            let request = v1::ListLibrariesRequest { page_size: 1_000, page_token };
            let page = libraries.list_libraries(request).await.map_err(told)?.into_inner();
            for library in page.libraries {
                report.add(Library::from(library))?;
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(report.end("libraries", "failed")?);
            }
        }
    }
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
