//! Reading the edge: filters, order, pages, cursors and summary (reference 2.1, 5).

use std::collections::HashSet;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::params::Params;
use super::{cursor, fields, token};
use crate::exchange::Exchange;
use crate::library::FacebookImage;
use crate::lock::hold;
use crate::state::State;

/// Lists the images of an account, newest first (assumption, reference 16.13). `selected_hashes`, `business_id` and
/// `biz_tag_id` are accepted without effect (assumption, 16.11).
pub(crate) fn answer(state: &State, exchange: &Exchange, params: &Params, account: &str) -> Result<Value, GraphError> {
    let asked = fields::asked(params)?;
    let settings = &state.settings.facebook;
    let limit =
        params.number("limit")?.map_or(settings.default_limit, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let limit = limit.clamp(1, settings.largest_limit.max(1));
    let filter = Filter::read(params, settings.name_filter_case)?;
    let library = hold(&state.library);
    let album = library.facebook.get(account);
    let total = album.map_or(0, crate::album::Album::len);
    let found: Vec<&FacebookImage> =
        album.into_iter().flat_map(|album| album.iter().rev()).filter(|image| filter.takes(image)).collect();
    let (start, end) = page(&found, params, account, limit)?;
    let rows = found.get(start..end).unwrap_or_default();
    let mut answer = Map::new();
    let data = rows.iter().map(|image| fields::object(state, &exchange.base, account, image, &asked));
    answer.insert("data".to_owned(), data.collect());
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let of = |image: &FacebookImage| cursor::encode(&format!("{account}:{}", image.hash));
        let (before, after) = (of(first), of(last));
        let mut paging = Map::new();
        if end < found.len() {
            paging.insert("next".to_owned(), Value::from(link(exchange, params, limit, ("after", &after))));
        }
        if start > 0 {
            paging.insert("previous".to_owned(), Value::from(link(exchange, params, limit, ("before", &before))));
        }
        paging.insert("cursors".to_owned(), json!({ "before": before, "after": after }));
        answer.insert("paging".to_owned(), Value::Object(paging));
    }
    // `true`, `total_count` and `["total_count"]` were all seen.
    if params.get("summary").is_some_and(|asked| asked == "true" || asked == "1" || asked.contains("total_count")) {
        answer.insert("summary".to_owned(), json!({ "total_count": total }));
    }
    Ok(Value::Object(answer))
}

/// What the images must be.
struct Filter {
    hashes: Option<HashSet<String>>,
    min_width: u64,
    min_height: u64,
    name: Option<String>,
    case: bool,
}

impl Filter {
    fn read(params: &Params, case: bool) -> Result<Self, GraphError> {
        let name = params.get("name").filter(|name| !name.is_empty());
        Ok(Self {
            hashes: params.list("hashes").map(|hashes| hashes.into_iter().collect()),
            min_width: params.number("minwidth")?.unwrap_or(0),
            min_height: params.number("minheight")?.unwrap_or(0),
            name: name.map(|name| if case { name.to_owned() } else { name.to_lowercase() }),
            case,
        })
    }

    /// The name filter finds substrings (assumption, reference 16.9).
    fn takes(&self, image: &FacebookImage) -> bool {
        let picture = &image.content.picture;
        self.hashes.as_ref().is_none_or(|hashes| hashes.contains(&image.hash))
            && u64::from(picture.width) >= self.min_width
            && u64::from(picture.height) >= self.min_height
            && self.name.as_ref().is_none_or(|name| {
                if self.case { image.name.contains(name) } else { image.name.to_lowercase().contains(name) }
            })
    }
}

/// The places of a page among the images found.
fn page(found: &[&FacebookImage], params: &Params, account: &str, limit: usize) -> Result<(usize, usize), GraphError> {
    let place = |cursor: &str| {
        let text = cursor::decode(cursor);
        let hash = text.as_deref().and_then(|text| text.split_once(':')).filter(|(of, _)| *of == account);
        hash.and_then(|(_, hash)| found.iter().position(|image| image.hash == hash))
            // A cursor dies with its image; the wording is the emulator's own.
            .ok_or_else(|| GraphError::invalid("(#100) The cursor is not valid, or its image is gone"))
    };
    if let Some(after) = params.get("after").filter(|cursor| !cursor.is_empty()) {
        let start = place(after)? + 1;
        return Ok((start, start.saturating_add(limit).min(found.len())));
    }
    if let Some(before) = params.get("before").filter(|cursor| !cursor.is_empty()) {
        let end = place(before)?;
        return Ok((end.saturating_sub(limit), end));
    }
    Ok((0, limit.min(found.len())))
}

/// The URL of another page; it holds the access token, as the real one does.
fn link(exchange: &Exchange, params: &Params, limit: usize, (direction, cursor): (&str, &str)) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut query = Vec::new();
    for (name, value) in &params.pairs {
        if !matches!(name.as_str(), "access_token" | "limit" | "after" | "before") {
            query.push(format!("{}={}", encode(name), encode(value)));
        }
    }
    if let Some(token) = token(exchange, params) {
        query.push(format!("access_token={}", encode(&token)));
    }
    query.push(format!("limit={limit}"));
    query.push(format!("{direction}={}", encode(cursor)));
    format!("{}{}?{}", exchange.base, exchange.head.uri.path(), query.join("&"))
}
