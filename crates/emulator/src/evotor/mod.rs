//! Evotor Cloud REST API v2: the image of a product (upload, list, read, delete). Stores and products themselves are not
//! served; each exists unless the settings list others.

pub(crate) mod rate;
mod reply;
mod service;
pub(crate) mod shops;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Method;
use http::request::Parts;

use crate::exchange::Exchange;
use crate::routes::run;
use crate::state::{Examined, State};
use reply::Refusal;
use service::Product;

/// Answers a request for the images of a product, or for one of them.
pub(crate) async fn serve(
    state: Arc<State>,
    head: Parts,
    body: Body,
    (store, product): (&str, &str),
    image: Option<&str>,
) -> Response {
    let cap = state.settings.evotor.body_cap;
    // Store ids are the same in either letter case.
    let product = Product { store: store.to_uppercase(), product: product.to_owned() };
    let image = image.map(str::to_owned);
    run(state, head, body, ("evotor", cap), move |state, exchange| async move {
        let result = answer(&state, &exchange, &product, image.as_deref()).await;
        if let Err(refusal) = &result {
            exchange.ticket.failed(refusal.journal_code());
        }
        let token = token(&exchange);
        let window = state.rates.look(token.unwrap_or_default(), state.now(), &state.live().evotor);
        let response = reply::write(result, &window);
        exchange.answer(response)
    })
    .await
}

async fn answer(
    state: &Arc<State>,
    exchange: &Exchange,
    product: &Product,
    image: Option<&str>,
) -> Result<reply::Reply, Refusal> {
    let operation = match (exchange.method(), image) {
        (&Method::POST, None) => "images.upload",
        (&Method::GET, None) => "images.list",
        (&Method::GET, Some(_)) => "images.get",
        (&Method::DELETE, Some(_)) => "images.delete",
        (&Method::DELETE, None) => "images.deleteAll",
        _ => "images",
    };
    exchange.ticket.describe(operation, Some(&product.album()));
    let token = token(exchange).ok_or(Refusal::status(401))?;
    let settings = state.live();
    let owner = settings.token(token).filter(|token| !token.expired).ok_or(Refusal::status(401))?;
    if !state.rates.take(token, state.now(), &settings.evotor) {
        return Err(Refusal::status(429));
    }
    if !owner.covers(&product.album()) || (owner.read_only && exchange.method() != Method::GET) {
        return Err(Refusal::status(403));
    }
    if !accepts(exchange.header("accept")) {
        return Err(Refusal::status(406));
    }
    let store = state.shops.store(&product.store).ok_or(Refusal::status(404))?;
    if store.unpaid {
        return Err(Refusal::status(402));
    }
    if state.shops.product(&product.store, &product.product).is_none() {
        return Err(Refusal::status(404));
    }
    exchange.begin(state, operation, Some(&product.album())).await.map_err(Refusal::scripted)?;
    match (exchange.method(), image) {
        (&Method::POST, None) => service::upload(state, exchange, product).await,
        (&Method::GET, None) => Ok(service::list(state, exchange, product)),
        (&Method::GET, Some(image)) => service::one(state, exchange, product, image),
        (&Method::DELETE, Some(image)) => service::delete(state, exchange, product, image),
        (&Method::DELETE, None) if state.settings.evotor.delete_all => {
            Ok(service::delete_all(state, exchange, product))
        }
        _ => Err(Refusal::status(405)),
    }
}

/// Puts an image into an album, `{store}~{product}`, past the journal; its id.
///
/// # Errors
/// The error code when the product does not exist or the picture is refused.
pub(crate) fn seed(state: &State, album: &str, examined: &Examined) -> Result<String, String> {
    let (store, product) = album.split_once('~').ok_or("the album is not STORE~PRODUCT")?;
    let product = Product { store: store.to_uppercase(), product: product.to_owned() };
    if state.shops.product(&product.store, &product.product).is_none() {
        return Err("the product does not exist".to_owned());
    }
    service::seed(state, &product, examined).map_err(|refusal| refusal.journal_code())
}

/// The token in any of the three forms seen (assumption, reference 10.11): `X-Authorization`, `Authorization` with
/// `Bearer`, `Authorization` without a scheme.
fn token(exchange: &Exchange) -> Option<&str> {
    let own = exchange.header("x-authorization");
    if !own.is_empty() {
        return Some(own);
    }
    match exchange.header("authorization").split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
        Some(_) => None,
        None => Some(exchange.header("authorization")),
    }
    .filter(|token| !token.is_empty())
}

/// `Accept` may be left out (assumption, reference 10.10); when present it must admit the API's type.
fn accepts(header: &str) -> bool {
    let mut ranges = header.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    header.is_empty() || ranges.any(|range| matches!(range, "*/*" | "application/*" | reply::MEDIA_TYPE))
}
