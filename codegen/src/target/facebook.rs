//! Facebook Graph: the edge `adimages` of an ad account, the node AdImage, and the ad accounts of a user.

use super::{Service, Target, input};
use crate::emit::{format, header, rest};
use crate::ir::Api;
use crate::pass::prepare;
use crate::pass::prune::Roots;
use crate::source::graph::{self, Spec};
use crate::{Errors, Inputs, Output};

const FOLDER: &str = "crates/wire-facebook/src/generated";

const ACCOUNT: &str = "facebook/AdAccount.json";
const IMAGE: &str = "facebook/AdImage.json";
const USER: &str = "facebook/User.json";
const ENUMS: &str = "facebook/enum_types.json";
const OVERLAY: &str = "facebook/overlay.toml";
const INPUTS: &[&str] = &[ACCOUNT, IMAGE, USER, ENUMS, OVERLAY];

/// The targets of this provider.
pub(super) const TARGETS: &[Target] = &[Target { name: "facebook", inputs: INPUTS, folder: FOLDER, generate }];

/// The services of this provider.
pub(super) const SERVICES: &[Service] = &[Service {
    name: "facebook",
    file: "crates/wire-facebook/src/generated/adimages.rs",
    parse,
    overlays: |_| Ok(Vec::new()),
    roots: Roots::of(&[]),
}];

fn parse(inputs: &Inputs) -> Result<Api, Errors> {
    let spec = Spec {
        nodes: vec![
            ("AdAccount", (ACCOUNT, input(inputs, ACCOUNT)?)),
            ("AdImage", (IMAGE, input(inputs, IMAGE)?)),
            ("User", (USER, input(inputs, USER)?)),
        ],
        enums: (ENUMS, input(inputs, ENUMS)?),
        overlay: Some((OVERLAY, input(inputs, OVERLAY)?)),
    };
    graph::parse("facebook", &spec)
}

fn generate(inputs: &Inputs) -> Result<Output, Errors> {
    let api = prepare(parse(inputs)?, &[], Roots::default())?;
    let tokens = rest::emit(&api, "Ad accounts and their images in the Graph API: types, JSON codecs, operations.")?;
    let text = header::seal(inputs, INPUTS, &format(tokens, ACCOUNT)?)?;
    Ok(Output::from([(format!("{FOLDER}/adimages.rs"), text.into_bytes())]))
}
