//! Facebook Graph: the edge `adimages` of an ad account and the node AdImage.

use super::{Target, input};
use crate::emit::{format, header, rest};
use crate::pass::prepare;
use crate::pass::prune::Roots;
use crate::source::graph::{self, Spec};
use crate::{Errors, Inputs, Output};

const FOLDER: &str = "crates/wire-facebook/src/generated";

const ACCOUNT: &str = "facebook/AdAccount.json";
const IMAGE: &str = "facebook/AdImage.json";
const ENUMS: &str = "facebook/enum_types.json";
const OVERLAY: &str = "facebook/overlay.toml";
const INPUTS: &[&str] = &[ACCOUNT, IMAGE, ENUMS, OVERLAY];

/// The targets of this provider.
pub(super) const TARGETS: &[Target] = &[Target { name: "facebook", inputs: INPUTS, folder: FOLDER, generate }];

fn generate(inputs: &Inputs) -> Result<Output, Errors> {
    let spec = Spec {
        nodes: vec![("AdAccount", (ACCOUNT, input(inputs, ACCOUNT)?)), ("AdImage", (IMAGE, input(inputs, IMAGE)?))],
        enums: (ENUMS, input(inputs, ENUMS)?),
        overlay: Some((OVERLAY, input(inputs, OVERLAY)?)),
    };
    let api = prepare(graph::parse("facebook", &spec)?, &[], Roots::default())?;
    let tokens = rest::emit(&api, "Images of ad accounts in the Graph API: types, JSON codecs, operations.")?;
    let text = header::seal(inputs, INPUTS, &format(tokens, ACCOUNT)?)?;
    Ok(Output::from([(format!("{FOLDER}/adimages.rs"), text.into_bytes())]))
}
