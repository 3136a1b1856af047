//! The fields of AdImage and which of them an answer holds (reference 2.5, 6.1, 7.1). Fields without a value are left
//! out, as the Graph API does.

use serde_json::{Map, Value};

use super::error::GraphError;
use super::params::Params;
use crate::clock::date_text;
use crate::library::FacebookImage;
use crate::media::{Preview, original_url, preview_url};
use crate::state::State;

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

/// The fields that a request asks for: `hash` and `id` without `fields`. `id` is always among them (general knowledge of
/// the Graph API). Of an expansion like `owner_business{id}` the first name counts.
///
/// # Errors
/// Error 100 for a field that AdImage does not have.
pub(crate) fn asked(params: &Params) -> Result<Vec<String>, GraphError> {
    let text = match params.get("fields") {
        None | Some("") => "hash,id".to_owned(),
        // A JSON list is accepted beside the usual comma list.
        Some(text) if text.starts_with('[') => params.list("fields").unwrap_or_default().join(","),
        Some(text) => text.to_owned(),
    };
    let mut names: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    let mut name = String::new();
    for letter in text.chars().chain([',']) {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let whole = std::mem::take(&mut name);
                let first = whole.split('.').next().unwrap_or_default().trim();
                if first.is_empty() {
                    continue;
                }
                if !KNOWN.contains(&first) {
                    return Err(GraphError::field(first));
                }
                if !names.iter().any(|known| known == first) {
                    names.push(first.to_owned());
                }
            }
            other if depth == 0 => name.push(other),
            _ => {}
        }
    }
    if !names.iter().any(|name| name == "id") {
        names.push("id".to_owned());
    }
    Ok(names)
}

/// An image with the fields asked for.
pub(crate) fn object(state: &State, base: &str, account: &str, image: &FacebookImage, asked: &[String]) -> Value {
    let members = asked.iter().filter_map(|name| Some((name.clone(), value(state, base, account, image, name)?)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// The nine fields of an upload's answer.
pub(crate) fn uploaded(state: &State, base: &str, account: &str, image: &FacebookImage) -> Value {
    let names = ["hash", "url", "url_128", "url_256", "url_256_height", "url_256_width", "height", "width", "name"];
    object(state, base, account, image, &names.map(str::to_owned))
}

fn value(state: &State, base: &str, account: &str, image: &FacebookImage, name: &str) -> Option<Value> {
    let picture = &image.content.picture;
    let sha = &image.content.sha;
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
        "permalink_url" => Value::from(original_url(base, "facebook", sha)),
        "status" => Value::from("ACTIVE"),
        "url" => Value::from(signed(state, original_url(base, "facebook", sha))),
        "url_128" => Value::from(signed(state, preview_url(base, "facebook", sha, Preview::Box128))),
        "url_256" => Value::from(signed(state, preview_url(base, "facebook", sha, Preview::Box256))),
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
