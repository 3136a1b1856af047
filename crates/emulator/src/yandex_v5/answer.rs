//! The results of AdImages in their wire vocabulary, before they are written as JSON or XML.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::request::FIELDS;
use crate::library::YandexImage;
use crate::media::{Preview, original_url, preview_url};

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

/// A page of images.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Where the next page begins, if there is one.
    pub(crate) limited_by: Option<usize>,
    /// Each with whether an ad shows it.
    pub(crate) images: Vec<(Arc<YandexImage>, bool)>,
    /// Which of [`FIELDS`] were asked for.
    pub(crate) fields: [bool; 7],
    /// Where handed-out URLs begin.
    pub(crate) base: String,
}

impl Page {
    /// The images as they are shown.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.images.iter().map(|(image, bound)| Row { page: self, image, bound: *bound })
    }
}

/// An image of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    page: &'a Page,
    image: &'a YandexImage,
    bound: bool,
}

impl<'a> Row<'a> {
    /// The members that were asked for by name, in schema order.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> {
        let asked = FIELDS.into_iter().zip(self.page.fields).filter(|(_, asked)| *asked);
        asked.map(move |(field, _)| (field, self.value(field)))
    }

    fn value(self, field: &str) -> Cow<'a, str> {
        let Self { page, image, bound } = self;
        let name = &image.content.name;
        match field {
            "AdImageHash" => image.hash.as_str().into(),
            "Name" => image.name.as_str().into(),
            "Associated" => if bound { "YES" } else { "NO" }.into(),
            "Type" => image.class.into(),
            "Subtype" => image.subtype.as_str().into(),
            "OriginalUrl" => original_url(&page.base, "direct", name).into(),
            _ => preview_url(&page.base, "direct", name, Preview::Small).into(),
        }
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members())
    }
}

impl Serialize for Page {
    /// An empty list is left out on the wire (recorded).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        if let Some(limited_by) = self.limited_by {
            members.serialize_entry("LimitedBy", &limited_by)?;
        }
        if !self.images.is_empty() {
            members.serialize_entry("AdImages", &Rows(self))?;
        }
        members.end()
    }
}

struct Rows<'a>(&'a Page);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows())
    }
}

/// The result of a call.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    /// Of `add`.
    #[serde(rename_all = "PascalCase")]
    Add { add_results: Vec<ActionResult> },
    /// Of `get`.
    Get(Page),
    /// Of `delete`.
    #[serde(rename_all = "PascalCase")]
    Delete { delete_results: Vec<ActionResult> },
}
