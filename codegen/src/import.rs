//! A published schema made into a stored one: pruned to the roots of its target, in our layout, with our annotations
//! kept, and its entry in `SOURCES.toml`. What it says about the roots is what the published one says.
//!
//! Reading the result again gives the representation that the published document gives; what the representation does
//! not hold (limits of `maxOccurs`, facets of texts, choices) is written in its terms.

mod graph;
mod sources;
mod wsdl;

use crate::ir::{Api, TypeKind};
use crate::pass::prune::{self, Roots};
use crate::target::{Service, services};
use crate::{Error, ErrorKind, Errors, Inputs, Output, standalone};

/// Where a schema comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Address at which the provider publishes it; `None` to keep what is known.
    pub address: Option<&'a str>,
    /// Version of the published document; `None` to keep what is known.
    pub version: Option<&'a str>,
    /// When it was current: `2026-04` or `2026-04-15`.
    pub date: &'a str,
}

/// What is beside the operations in a description of a target: where it is served.
struct Fixed {
    target: &'static str,
    address: &'static str,
}

const FIXED: &[Fixed] = &[
    Fixed { target: "yandex-direct-v5", address: "https://api.direct.yandex.com/v5/adimages" },
    Fixed { target: "yandex-direct-live4", address: "https://api.direct.yandex.ru/live/v4/soap/" },
];

/// The stored files that the schema `file` of `published` makes for the target, by their paths in `schemas/`, with
/// `SOURCES.toml`. `published` holds what it imports, as for [`standalone::read`].
///
/// # Errors
/// If the target takes no such schema, the schema cannot be read, or it lacks a root of the target.
pub fn import(
    target: &str,
    file: &str,
    published: &Inputs,
    stored: &Inputs,
    origin: &Origin<'_>,
) -> Result<Output, Errors> {
    let refuse = |detail: String| Error::in_file(ErrorKind::Unsupported, file, detail);
    let Some(service) = services().into_iter().find(|service| service.name == target) else {
        let known: Vec<&str> = services().iter().map(|service| service.name).collect();
        return Err(refuse(format!("there is no target `{target}`; there are {}", known.join(", "))).into());
    };
    let mut made = match (target, FIXED.iter().find(|fixed| fixed.target == target)) {
        (_, Some(fixed)) => description(&service, fixed, file, published, stored)?,
        ("facebook", None) => graph::import(file, published, stored)?,
        _ => {
            let detail = "the provider publishes no document of this target: edit the stored one, which is the source";
            return Err(refuse(detail.to_owned()).into());
        }
    };
    let list = sources::update(stored, &made, origin)?;
    made.insert(sources::FILE.to_owned(), list.into_bytes());
    Ok(made)
}

fn description(
    service: &Service,
    fixed: &Fixed,
    file: &str,
    published: &Inputs,
    stored: &Inputs,
) -> Result<Output, Errors> {
    let read = standalone::read(service.name, file, published)?;
    if read.format != "WSDL" {
        let detail = format!("the target takes a service description, not a {}", read.format);
        return Err(Error::in_file(ErrorKind::Unsupported, file, detail).into());
    }
    let mut api = prune::run(read.api, Roots { faults: true, ..service.roots })?;
    let ours = (service.parse)(stored)?;
    annotate(&mut api, &ours);
    // Each namespace stays in the file in which it is stored.
    let mut folders = std::collections::BTreeMap::new();
    for (name, def) in &ours.types {
        folders.entry(name.namespace.clone()).or_insert_with(|| def.origin.file.clone());
    }
    wsdl::write(&api, &folders, fixed.address)
}

/// Our documentation, where the published document has none.
fn annotate(api: &mut Api, ours: &Api) {
    let keep = |doc: &mut String, known: &str| {
        if doc.is_empty() {
            known.clone_into(doc);
        }
    };
    for (name, def) in &mut api.types {
        let Some(known) = ours.types.get(name) else { continue };
        keep(&mut def.doc, &known.doc);
        match (&mut def.kind, &known.kind) {
            (TypeKind::Struct { fields, .. }, TypeKind::Struct { fields: known, .. }) => {
                for field in fields {
                    if let Some(known) = known.iter().find(|known| known.wire == field.wire) {
                        keep(&mut field.doc, &known.doc);
                    }
                }
            }
            (TypeKind::Enum { values }, TypeKind::Enum { values: known }) => {
                for value in values {
                    if let Some(known) = known.iter().find(|known| known.wire == value.wire) {
                        keep(&mut value.doc, &known.doc);
                    }
                }
            }
            _ => {}
        }
    }
    for (name, operation) in &mut api.operations {
        if let Some(known) = ours.operations.get(name) {
            keep(&mut operation.doc, &known.doc);
        }
    }
}

#[cfg(test)]
mod tests;
