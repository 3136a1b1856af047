//! The calls of AdImages: their shape tables, and reading a checked value into a call.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::fault::Fault;
use crate::base64;
use crate::settings::{BadBase64, YandexSettings};
use crate::shape::{Kind, Member, check, long, optional, required, take_list, take_object, take_text, take_texts};
use crate::yandex::classes::Wanted;

/// The names of the fields that `get` can return, in schema order.
pub(crate) const FIELDS: [&str; 7] =
    ["AdImageHash", "Name", "Associated", "Type", "Subtype", "OriginalUrl", "PreviewUrl"];

static ADD_ITEM: [Member; 3] = [
    required("ImageData", Kind::Text),
    optional("Type", Kind::Word(&["REGULAR", "WIDE", "FIXED_IMAGE", "AUTO"])),
    required("Name", Kind::Text),
];
static ADD: [Member; 1] = [required("AdImages", Kind::List(&Kind::Struct(&ADD_ITEM)))];
static PAGE: [Member; 2] = [optional("Limit", Kind::Long), optional("Offset", Kind::Long)];
static SELECTION: [Member; 2] =
    [optional("AdImageHashes", Kind::List(&Kind::Text)), optional("Associated", Kind::Word(&["YES", "NO"]))];
static GET: [Member; 3] = [
    optional("Page", Kind::Struct(&PAGE)),
    optional("SelectionCriteria", Kind::Struct(&SELECTION)),
    required("FieldNames", Kind::List(&Kind::Word(&FIELDS))),
];
static HASHES: [Member; 1] = [required("AdImageHashes", Kind::List(&Kind::Text))];
static DELETE: [Member; 1] = [required("SelectionCriteria", Kind::Struct(&HASHES))];

/// The most items of one `add`.
const MOST_ADDED: usize = 100;
/// The most hashes of one `get` or `delete`, and the most images of one answer.
const MOST_HASHES: usize = 10_000;

/// The operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Add,
    Get,
    Delete,
}

impl Method {
    /// By its name in JSON, or in SOAP without `Request`; letter case matters in JSON.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Add, Self::Get, Self::Delete].into_iter().find(|method| method.name() == name)
    }

    /// The name in JSON and in `SOAPAction`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Get => "get",
            Self::Delete => "delete",
        }
    }

    /// The shape of its parameters.
    pub(crate) fn members(self) -> &'static [Member] {
        match self {
            Self::Add => &ADD,
            Self::Get => &GET,
            Self::Delete => &DELETE,
        }
    }
}

/// An image to add. `bytes` is absent when they were not base64 and that is a matter of the item.
#[derive(Debug)]
pub(crate) struct AddItem {
    pub(crate) bytes: Option<Bytes>,
    pub(crate) wanted: Wanted,
    pub(crate) name: String,
}

/// A `get`.
#[derive(Debug)]
pub(crate) struct Get {
    /// Absent: no filter.
    pub(crate) hashes: Option<HashSet<String>>,
    pub(crate) associated: Option<bool>,
    /// Which of [`FIELDS`] were asked for.
    pub(crate) fields: [bool; 7],
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

/// A call that fits its schema.
#[derive(Debug)]
pub(crate) enum Call {
    Add(Vec<AddItem>),
    Get(Get),
    Delete(Vec<String>),
}

impl Call {
    /// Checks and reads the parameters of a call.
    ///
    /// # Errors
    /// The whole-request error to answer.
    pub(crate) fn read(settings: &YandexSettings, method: Method, params: Value) -> Result<Self, Fault> {
        check(&params, method.members())?;
        let Value::Object(mut params) = params else { return Err(Fault::invalid("params must be a structure")) };
        match method {
            Method::Add => read_add(settings, params),
            Method::Get => read_get(params).map(Self::Get),
            Method::Delete => {
                let mut criteria = take_object(&mut params, "SelectionCriteria");
                let hashes = take_texts(&mut criteria, "AdImageHashes").unwrap_or_default();
                count(settings, hashes.len(), MOST_HASHES, "AdImageHashes")?;
                Ok(Self::Delete(hashes))
            }
        }
    }

    /// The operation.
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Add(_) => Method::Add,
            Self::Get(_) => Method::Get,
            Self::Delete(_) => Method::Delete,
        }
    }
}

fn count(settings: &YandexSettings, count: usize, most: usize, member: &str) -> Result<(), Fault> {
    if count == 0 {
        return Err(Fault::new(settings.empty_array_code, format!("The array {member} is empty")));
    }
    if count > most {
        return Err(Fault::new(9300, format!("The array {member} can contain no more than {most} items")));
    }
    Ok(())
}

fn read_add(settings: &YandexSettings, mut params: Map<String, Value>) -> Result<Call, Fault> {
    let items = take_list(&mut params, "AdImages").unwrap_or_default();
    count(settings, items.len(), MOST_ADDED, "AdImages")?;
    let mut read = Vec::with_capacity(items.len());
    for item in items {
        let Value::Object(mut item) = item else { continue };
        let bytes = base64::decode(take_text(&mut item, "ImageData"));
        if bytes.is_none() && settings.bad_base64 == BadBase64::Request {
            let place = "in an item in the AdImages array";
            return Err(Fault::invalid(format!("The field ImageData must contain base64 {place}")));
        }
        let wanted = match take_text(&mut item, "Type").as_str() {
            "REGULAR" => Wanted::Regular,
            "WIDE" => Wanted::Wide,
            "FIXED_IMAGE" => Wanted::Fixed,
            _ => Wanted::Auto,
        };
        read.push(AddItem { bytes, wanted, name: take_text(&mut item, "Name") });
    }
    Ok(Call::Add(read))
}

fn read_get(mut params: Map<String, Value>) -> Result<Get, Fault> {
    let names = take_texts(&mut params, "FieldNames").unwrap_or_default();
    if names.is_empty() {
        return Err(Fault::invalid("The array FieldNames must contain at least one item"));
    }
    let page = take_object(&mut params, "Page");
    let number = |name: &str, default: usize, most: usize| match long(&page, name) {
        None => Ok(default),
        Some(number) => usize::try_from(number)
            .ok()
            .filter(|number| *number <= most)
            .ok_or_else(|| Fault::new(4002, format!("The parameter {name} is out of its range"))),
    };
    let limit = number("Limit", MOST_HASHES, MOST_HASHES)?;
    let offset = number("Offset", 0, usize::MAX)?;
    let mut criteria = take_object(&mut params, "SelectionCriteria");
    // SOAP cannot tell an empty list from an absent one, so neither filters.
    let hashes = take_texts(&mut criteria, "AdImageHashes").filter(|hashes| !hashes.is_empty());
    if hashes.as_ref().is_some_and(|hashes| hashes.len() > MOST_HASHES) {
        return Err(Fault::new(4001, format!("AdImageHashes can contain no more than {MOST_HASHES} items")));
    }
    let hashes = hashes.map(HashSet::from_iter);
    let associated = match take_text(&mut criteria, "Associated").as_str() {
        "YES" => Some(true),
        "NO" => Some(false),
        _ => None,
    };
    let fields = FIELDS.map(|field| names.iter().any(|name| name == field));
    Ok(Get { hashes, associated, fields, limit, offset })
}
