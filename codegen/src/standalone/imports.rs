//! What a service description or a schema imports, so that whoever holds the files can find them.

use roxmltree::Document;

use crate::ir::Origin;
use crate::{Error, ErrorKind};

/// An import with a place to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// As the document writes it: a path from the folder of the document, or an address.
    pub location: String,
    /// Where it is written.
    pub origin: Origin,
}

impl Import {
    /// The paths to try, from the folder of the document: the location itself unless it is an address, then the file
    /// of its name beside the document.
    pub fn candidates(&self) -> Vec<String> {
        let path = self.location.split(['?', '#']).next().unwrap_or_default();
        let beside = path.rsplit_once('/').map_or(path, |(_, name)| name).to_owned();
        let mut candidates = Vec::new();
        if !self.location.contains("://") && !self.location.starts_with('/') && path != beside {
            candidates.push(path.to_owned());
        }
        if !beside.is_empty() {
            candidates.push(beside);
        }
        candidates
    }
}

/// Every import and include of an XML document that names a place. Nothing for another document.
///
/// # Errors
/// If it starts as XML and is none.
pub fn imports(file: &str, content: &[u8]) -> Result<Vec<Import>, Error> {
    let Some(text) = std::str::from_utf8(content)
        .ok()
        .filter(|text| text.trim_start_matches('\u{feff}').trim_start().starts_with('<'))
    else {
        return Ok(Vec::new());
    };
    let document =
        Document::parse(text).map_err(|error| Error::in_file(ErrorKind::Syntax, file, format!("not XML: {error}")))?;
    let nodes = document.descendants().filter(|node| matches!(node.tag_name().name(), "import" | "include"));
    let found = nodes.filter_map(|node| {
        let location = node.attribute("schemaLocation").or_else(|| node.attribute("location"))?;
        let line = document.text_pos_at(node.range().start).row;
        let origin = Origin { file: file.to_owned(), place: line.to_string() };
        Some(Import { location: location.to_owned(), origin })
    });
    Ok(found.collect())
}
