//! Validation of SOAP bodies against a WSDL's own schema by xmllint, which we did not write.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use roxmltree::{Document, Node};
use tempfile::TempDir;

use crate::reference;

/// The schema of a WSDL, unpacked for xmllint.
pub struct Schema {
    folder: TempDir,
}

impl Schema {
    /// Unpacks the schema of `wsdl`, whose import of `general.xsd` is found at `general`. `None` without xmllint.
    ///
    /// # Errors
    /// If the documents cannot be read or hold no schema.
    ///
    /// # Panics
    /// If `xmllint` is required and missing.
    pub fn of_wsdl(wsdl: &Path, general: &Path) -> Result<Option<Self>> {
        if Command::new("xmllint").arg("--version").output().is_err() {
            reference::skipped("xmllint", "xmllint is not on the PATH");
            return Ok(None);
        }
        let text = std::fs::read_to_string(wsdl).with_context(|| wsdl.display().to_string())?;
        let document = Document::parse(&text)?;
        let schema =
            document.descendants().find(|node| node.has_tag_name("schema")).context("no schema in the WSDL")?;
        let import = schema.children().find(|node| node.has_tag_name("import")).context("no import in the schema")?;
        let location = import.attribute("schemaLocation").context("no schemaLocation in the import")?;
        let declared = namespaces(&document.root_element());
        let body = text[schema.range()].replacen(location, "general.xsd", 1).replacen(
            "schema ",
            &format!("schema {declared} "),
            1,
        );
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("service.xsd"), body)?;
        std::fs::copy(general, folder.path().join("general.xsd"))?;
        Ok(Some(Self { folder }))
    }

    /// Validates the first child of the SOAP body in `envelope`.
    ///
    /// # Errors
    /// What xmllint says, with the message that it refused.
    pub fn validate(&self, envelope: &str) -> Result<()> {
        let document = Document::parse(envelope)?;
        let body = document.descendants().find(|node| node.tag_name().name() == "Body").context("no Body")?;
        let message = body.children().find(Node::is_element).context("an empty Body")?;
        // The message may use prefixes that the envelope declares.
        let declared = namespaces(&message);
        let text = &envelope[message.range()];
        let (name, rest) = text.split_at(text.find([' ', '>', '/']).context("no start tag")?);
        let own: Vec<_> =
            declared.split(' ').filter(|one| !one.is_empty() && !rest_of_tag(rest).contains(name_of(one))).collect();
        let file = self.folder.path().join("message.xml");
        std::fs::write(&file, format!("{name} {}{rest}", own.join(" ")))?;
        let schema = self.folder.path().join("service.xsd");
        let output =
            Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).args([&schema, &file]).output()?;
        if !output.status.success() {
            bail!("{}\n{envelope}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

fn rest_of_tag(rest: &str) -> &str {
    rest.split('>').next().unwrap_or_default()
}

fn name_of(declaration: &str) -> &str {
    declaration.split_inclusive('=').next().unwrap_or_default()
}

/// Every namespace in scope at `node` as attributes.
fn namespaces(node: &Node<'_, '_>) -> String {
    let declared = node.namespaces().filter(|namespace| namespace.name() != Some("xml"));
    let attributes = declared.map(|namespace| match namespace.name() {
        Some(prefix) => format!("xmlns:{prefix}=\"{}\"", namespace.uri()),
        None => format!("xmlns=\"{}\"", namespace.uri()),
    });
    attributes.collect::<Vec<_>>().join(" ")
}
