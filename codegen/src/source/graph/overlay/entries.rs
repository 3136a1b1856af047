//! The entries of an overlay, as `overlay.toml` writes them. A misspelt key is an error.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entries {
    #[serde(default)]
    pub(super) node: Vec<NodeEntry>,
    #[serde(default)]
    pub(super) operation: Vec<OperationEntry>,
    #[serde(default, rename = "type")]
    pub(super) types: Vec<TypeEntry>,
    #[serde(default, rename = "enum")]
    pub(super) enums: Vec<EnumEntry>,
    #[serde(default)]
    pub(super) add_type: Vec<NewType>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeEntry {
    pub(super) name: String,
    pub(super) path: String,
    /// What is wrong with the spec, so that the entry is needed.
    pub(super) reason: String,
    pub(super) doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    pub(super) node: String,
    pub(super) method: String,
    pub(super) endpoint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationEntry {
    #[serde(rename = "match")]
    pub(super) matches: Match,
    pub(super) name: String,
    pub(super) rust_name: String,
    /// What is wrong with the spec, so that the entry is needed.
    pub(super) reason: String,
    pub(super) doc: String,
    pub(super) returns: Option<String>,
    #[serde(default)]
    pub(super) retype: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) docs: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) add_params: Vec<NewField>,
    #[serde(default)]
    pub(super) upload: Vec<Upload>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) rust_name: String,
    pub(super) part: String,
    #[serde(default)]
    pub(super) each: bool,
    pub(super) doc: String,
    pub(super) part_doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeEntry {
    pub(super) name: String,
    /// What is wrong with the spec, so that the entry is needed.
    pub(super) reason: String,
    pub(super) doc: String,
    #[serde(default)]
    pub(super) inline: Vec<String>,
    #[serde(default)]
    pub(super) docs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnumEntry {
    pub(super) name: String,
    /// What is wrong with the spec, so that the entry is needed.
    pub(super) reason: String,
    pub(super) doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewType {
    pub(super) name: String,
    /// What is wrong with the spec, so that the entry is needed.
    pub(super) reason: String,
    pub(super) doc: String,
    pub(super) fields: Vec<NewField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewField {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) ty: String,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) inline: bool,
    pub(super) location: Option<NewLocation>,
    pub(super) doc: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum NewLocation {
    Query,
    QueryCommas,
    JsonBody,
}
