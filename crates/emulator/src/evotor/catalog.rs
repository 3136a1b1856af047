//! The stores and products of Evotor as the API lists them (reference 1.5, 8). It reads what was seeded and changes nothing.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::reply::{Refusal, Reply};
use super::service::{self, Product};
use super::shops;
use crate::clock::date_text;
use crate::exchange::Exchange;
use crate::lock::hold;
use crate::settings::Token;
use crate::state::State;

/// The stores that a token may see.
///
/// # Errors
/// 400 for a cursor of no store.
pub(crate) fn stores(state: &State, exchange: &Exchange, owner: &Token) -> Result<Reply, Refusal> {
    let used = || {
        hold(&state.library).evotor.iter().filter(|(_, album)| album.len() > 0).map(|(key, _)| key.0.clone()).collect()
    };
    let mut stores = state.shops.stores(used);
    stores.retain(|store| sees(owner, &store.id));
    page(
        state,
        exchange,
        &stores,
        |store| &store.id,
        |store| {
            json!({
                "id": store.id, "name": store.name, "address": store.address, "user_id": state.settings.evotor.user_id,
            })
        },
    )
}

/// Whether a token may be used for a store or for something in it.
fn sees(owner: &Token, store: &str) -> bool {
    let inside = |album: &String| album.split_once('~').is_some_and(|(of, _)| of.eq_ignore_ascii_case(store));
    owner.covers(store) || owner.albums.as_ref().is_some_and(|albums| albums.iter().any(inside))
}

/// The products of a store that a token may see; `since` counts in the first request of a series only.
///
/// # Errors
/// 400 for a cursor of no product and for a `since` that is no number.
pub(crate) fn products(state: &State, exchange: &Exchange, store: &str, owner: &Token) -> Result<Reply, Refusal> {
    let used = || -> BTreeSet<String> {
        let library = hold(&state.library);
        let here = library.evotor.iter().filter(|(key, album)| key.0 == store && album.len() > 0);
        here.map(|(key, _)| key.1.clone()).collect()
    };
    let mut products = state.shops.products(store, used);
    products.retain(|product| owner.covers(&format!("{store}~{}", product.id)));
    if parameter(exchange, "cursor").is_none()
        && let Some(since) = parameter(exchange, "since")
    {
        let since: i64 = since.parse().map_err(|_| Refusal::violation(400, "since", "must be a number"))?;
        products.retain(|product| product.updated >= since);
    }
    page(state, exchange, &products, |product| &product.id, |product| object(state, exchange, store, product))
}

/// One product.
///
/// # Errors
/// 404.
pub(crate) fn product(state: &State, exchange: &Exchange, wanted: &Product) -> Result<Reply, Refusal> {
    let found = state.shops.product(&wanted.store, &wanted.product).ok_or(Refusal::status(404))?;
    Ok(Reply::Body(object(state, exchange, &wanted.store, &found)))
}

fn object(state: &State, exchange: &Exchange, store: &str, product: &shops::Product) -> Value {
    let settings = &state.settings.evotor;
    let mut members = Map::from_iter([("id".to_owned(), Value::from(product.id.as_str()))]);
    members.extend(product.members.clone());
    members.insert("store_id".to_owned(), Value::from(store));
    members.insert("user_id".to_owned(), Value::from(settings.user_id.as_str()));
    // A product that exists only because none was seeded has no dates.
    if product.updated > 0 {
        let date = date_text(product.updated, true);
        members.insert("created_at".to_owned(), Value::from(date.as_str()));
        members.insert("updated_at".to_owned(), Value::from(date));
    }
    if settings.embed_images {
        let place = Product { store: store.to_owned(), product: product.id.clone() };
        members.insert("images".to_owned(), Value::from(service::objects(state, exchange, &place)));
    }
    Value::Object(members)
}

/// A page of a list: the rows behind `cursor`, and the cursor of the next page where there is one.
fn page<T>(
    state: &State,
    exchange: &Exchange,
    rows: &[T],
    id: impl Fn(&T) -> &str,
    show: impl Fn(&T) -> Value,
) -> Result<Reply, Refusal> {
    let start = match parameter(exchange, "cursor") {
        None => 0,
        Some(cursor) => {
            let unknown = || Refusal::violation(400, "cursor", "must be a cursor of this list");
            let text = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(cursor).map_err(|_| unknown())?;
            let place = rows.iter().position(|row| id(row).as_bytes() == text);
            place.ok_or_else(unknown)? + 1
        }
    };
    let end = start.saturating_add(state.settings.evotor.page_size.max(1)).min(rows.len());
    let shown = rows.get(start..end).unwrap_or_default();
    let items: Vec<Value> = shown.iter().map(show).collect();
    let paging = match shown.last().filter(|_| end < rows.len()) {
        Some(last) => json!({ "next_cursor": base64_simd::URL_SAFE_NO_PAD.encode_to_string(id(last)) }),
        None => json!({}),
    };
    Ok(Reply::Body(json!({ "items": items, "paging": paging })))
}

/// A parameter of the query that is not empty.
fn parameter(exchange: &Exchange, name: &str) -> Option<String> {
    let query = exchange.head.uri.query().unwrap_or_default();
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.filter(|value| !value.is_empty()).map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned())
}
