//! Evotor Cloud: stores, products and their images.

use super::{Service, Target, input};
use crate::emit::{format, header, rest};
use crate::pass::prepare;
use crate::pass::prune::Roots;
use crate::source::openapi;
use crate::{Errors, Inputs, Output};

const FOLDER: &str = "crates/wire-evotor/src/generated";

const DOCUMENT: &str = "evotor/openapi.json";

/// The targets of this provider.
pub(super) const TARGETS: &[Target] = &[Target { name: "evotor", inputs: &[DOCUMENT], folder: FOLDER, generate }];

/// The services of this provider.
pub(super) const SERVICES: &[Service] = &[Service {
    name: "evotor",
    file: "crates/wire-evotor/src/generated/images.rs",
    parse: |inputs| openapi::parse("evotor", DOCUMENT, input(inputs, DOCUMENT)?),
    overlays: |_| Ok(Vec::new()),
    roots: ROOTS,
}];

const ROOTS: Roots<'static> = Roots { types: &["Error"], ..Roots::of(&[]) };

fn generate(inputs: &Inputs) -> Result<Output, Errors> {
    let api = openapi::parse("evotor", DOCUMENT, input(inputs, DOCUMENT)?)?;
    let api = prepare(api, &[], ROOTS)?;
    let tokens =
        rest::emit(&api, "Stores, products and their images in Evotor Cloud: types, JSON codecs, operations.")?;
    let text = header::seal(inputs, &[DOCUMENT], &format(tokens, DOCUMENT)?)?;
    Ok(Output::from([(format!("{FOLDER}/images.rs"), text.into_bytes())]))
}
