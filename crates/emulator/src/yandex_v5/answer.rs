//! The results of AdImages in their wire vocabulary, before they are written as JSON or XML.

use serde::Serialize;

/// An error of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ItemError {
    pub(crate) code: i64,
    pub(crate) message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<String>,
}

/// What became of one item: errors and no hash, or a hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ActionResult {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ItemError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ad_image_hash: Option<String>,
}

/// An image; only what was asked for is present. Members are in schema order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ad_image_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) associated: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) original_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) preview_url: Option<String>,
}

impl Row {
    /// The present members by name, in schema order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [
            self.ad_image_hash.as_deref(),
            self.name.as_deref(),
            self.associated,
            self.r#type,
            self.subtype.as_deref(),
            self.original_url.as_deref(),
            self.preview_url.as_deref(),
        ];
        super::request::FIELDS.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The result of a call. Empty lists are left out on the wire (recorded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    /// Of `add`.
    #[serde(rename_all = "PascalCase")]
    Add { add_results: Vec<ActionResult> },
    /// Of `get`.
    #[serde(rename_all = "PascalCase")]
    Get {
        #[serde(skip_serializing_if = "Option::is_none")]
        limited_by: Option<usize>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ad_images: Vec<Row>,
    },
    /// Of `delete`.
    #[serde(rename_all = "PascalCase")]
    Delete { delete_results: Vec<ActionResult> },
}
