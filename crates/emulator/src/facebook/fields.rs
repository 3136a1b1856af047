//! The fields of AdImage (reference 2.5, 7.1). Fields without a value are left out, as the Graph API does.

use serde_json::{Map, Value};

use super::account;
use super::error::GraphError;
use super::expansion::Field;
use crate::clock::date_text;
use crate::library::FacebookImage;
use crate::media::{Preview, original_url, preview_url};
use crate::state::State;

/// What an image shows when no fields are named.
pub(super) const USUAL: [&str; 2] = ["hash", "id"];

/// Fields that can be asked for. Those after `url_128` are not in the specification but were seen.
const KNOWN: [&str; 25] = [
    "id",
    "account_id",
    "created_time",
    "updated_time",
    "creatives",
    "hash",
    "height",
    "width",
    "original_height",
    "original_width",
    "is_associated_creatives_in_adgroups",
    "name",
    "owner_business",
    "permalink_url",
    "status",
    "url",
    "url_128",
    "url_256",
    "url_256_height",
    "url_256_width",
    "variants",
    "crops",
    "is_spherical_photo",
    "thumbnail_id",
    "ads_integrity_review_info",
];

const DAY_MILLIS: i64 = 86_400_000;

/// Whether AdImage has all these fields.
///
/// # Errors
/// Error 100 for the first that it does not have, or whose braces it cannot have.
pub(super) fn check(asked: &[Field]) -> Result<(), GraphError> {
    for field in asked {
        if !KNOWN.contains(&field.name.as_str()) {
            return Err(GraphError::field(&field.name, "AdImage"));
        }
        if !field.fields.is_empty() && field.name != "owner_business" {
            return Err(GraphError::no_subfields(&field.name));
        }
    }
    Ok(())
}

/// An image with the fields asked for, and `id` always (general knowledge of the Graph API).
///
/// # Errors
/// Error 100 for a field that a nested object does not have.
pub(super) fn object(
    state: &State,
    base: &str,
    account: &str,
    image: &FacebookImage,
    asked: &[Field],
) -> Result<Value, GraphError> {
    let mut members = Map::new();
    for field in asked {
        let value = match field.name.as_str() {
            "owner_business" => account::business(state.accounts.get(account).as_ref(), &field.fields)?,
            name => value(state, base, account, image, name),
        };
        if let Some(value) = value {
            members.insert(field.name.clone(), value);
        }
    }
    members.entry("id").or_insert_with(|| Value::from(format!("{account}:{}", image.hash)));
    Ok(Value::Object(members))
}

/// The fields of an upload's answer: nine, unless reading after the write is asked for and switched on.
///
/// # Errors
/// Error 100 for a field that AdImage does not have.
pub(super) fn uploaded(
    state: &State,
    base: &str,
    account: &str,
    image: &FacebookImage,
    asked: Option<&[Field]>,
) -> Result<Value, GraphError> {
    if let Some(asked) = asked {
        return object(state, base, account, image, asked);
    }
    let names = ["hash", "url", "url_128", "url_256", "url_256_height", "url_256_width", "height", "width", "name"];
    let members =
        names.into_iter().filter_map(|name| Some((name.to_owned(), value(state, base, account, image, name)?)));
    Ok(Value::Object(members.collect()))
}

fn value(state: &State, base: &str, account: &str, image: &FacebookImage, name: &str) -> Option<Value> {
    let picture = &image.content.picture;
    let content = &image.content.name;
    let (width_256, height_256) = picture.fitted(Preview::Box256.size());
    Some(match name {
        "id" => Value::from(format!("{account}:{}", image.hash)),
        "account_id" => Value::from(account),
        "created_time" => Value::from(date_text(image.created, false)),
        "updated_time" => Value::from(date_text(image.updated, false)),
        "creatives" => Value::from(state.accounts.creatives(account, &image.hash)),
        "is_associated_creatives_in_adgroups" => {
            Value::from(!state.accounts.creatives(account, &image.hash).is_empty())
        }
        "hash" => Value::from(image.hash.as_str()),
        "height" | "original_height" => Value::from(picture.height),
        "width" | "original_width" => Value::from(picture.width),
        "name" => Value::from(image.name.as_str()),
        "permalink_url" => Value::from(original_url(base, "facebook", content)),
        "status" => Value::from("ACTIVE"),
        "url" => Value::from(signed(state, original_url(base, "facebook", content))),
        "url_128" => Value::from(signed(state, preview_url(base, "facebook", content, Preview::Box128))),
        "url_256" => Value::from(signed(state, preview_url(base, "facebook", content, Preview::Box256))),
        // Strings, unlike height and width.
        "url_256_height" => Value::from(height_256.to_string()),
        "url_256_width" => Value::from(width_256.to_string()),
        _ => return None,
    })
}

/// A URL with its expiry: `oe` in hexadecimal seconds, counted from the start of the day so that equal reads of a day
/// have equal entity tags.
fn signed(state: &State, url: String) -> String {
    let days = i64::from(state.settings.facebook.url_days);
    let expiry = (state.now().div_euclid(DAY_MILLIS) + 1 + days) * (DAY_MILLIS / 1000);
    format!("{url}?oe={expiry:X}")
}
