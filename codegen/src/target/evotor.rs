//! Evotor Cloud: the images of products.

use super::{Target, input};
use crate::emit::{format, header, rest};
use crate::pass::prepare;
use crate::pass::prune::Roots;
use crate::source::openapi;
use crate::{Errors, Inputs, Output};

const FOLDER: &str = "crates/wire-evotor/src/generated";

const DOCUMENT: &str = "evotor/openapi.json";

/// The targets of this provider.
pub(super) const TARGETS: &[Target] = &[Target { name: "evotor", inputs: &[DOCUMENT], folder: FOLDER, generate }];

fn generate(inputs: &Inputs) -> Result<Output, Errors> {
    let api = openapi::parse("evotor", DOCUMENT, input(inputs, DOCUMENT)?)?;
    let api = prepare(api, &[], Roots { operations: &[], types: &["Error"] })?;
    let tokens = rest::emit(&api, "Images of products in Evotor Cloud: types, JSON codecs, operations.")?;
    let text = header::seal(inputs, &[DOCUMENT], &format(tokens, DOCUMENT)?)?;
    Ok(Output::from([(format!("{FOLDER}/images.rs"), text.into_bytes())]))
}
