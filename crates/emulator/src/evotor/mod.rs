//! Evotor Cloud REST API v2: stores and products (lists, one product), and the image of a product (upload, list, read,
//! delete). Stores and products are seeded; while none is, each exists.

mod catalog;
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
use crate::settings::Token;
use crate::state::{Examined, State};
use reply::{Refusal, Reply};
use service::Product;

/// What a path names; store ids in upper case, since letter case does not matter there.
#[derive(Debug, Clone)]
enum Target {
    Stores,
    Products(String),
    Product(Product),
    Images(Product),
    Image(Product, String),
    Unknown,
}

impl Target {
    /// From the parts of the path behind `stores`.
    fn read(rest: &[&str]) -> Self {
        let product = |store: &str, product: &str| Product { store: store.to_uppercase(), product: product.to_owned() };
        match rest {
            [] => Self::Stores,
            [store, "products"] => Self::Products(store.to_uppercase()),
            [store, "products", id] => Self::Product(product(store, id)),
            [store, "products", id, "images"] => Self::Images(product(store, id)),
            [store, "products", id, "images", image] => Self::Image(product(store, id), (*image).to_owned()),
            _ => Self::Unknown,
        }
    }

    /// The store and the product, as far as they are named.
    fn place(&self) -> (Option<&str>, Option<&Product>) {
        match self {
            Self::Stores | Self::Unknown => (None, None),
            Self::Products(store) => (Some(store), None),
            Self::Product(product) | Self::Images(product) | Self::Image(product, _) => {
                (Some(&product.store), Some(product))
            }
        }
    }

    /// The name of the operation in the journal; `None` for a method that the resource does not have.
    fn operation(&self, method: &Method, delete_all: bool) -> Option<&'static str> {
        match (self, method) {
            (Self::Stores, &Method::GET) => Some("stores.list"),
            (Self::Products(_), &Method::GET) => Some("products.list"),
            (Self::Product(_), &Method::GET) => Some("products.get"),
            (Self::Images(_), &Method::POST) => Some("images.upload"),
            (Self::Images(_), &Method::GET) => Some("images.list"),
            (Self::Images(_), &Method::DELETE) if delete_all => Some("images.deleteAll"),
            (Self::Image(..), &Method::GET) => Some("images.get"),
            (Self::Image(..), &Method::DELETE) => Some("images.delete"),
            _ => None,
        }
    }
}

/// Answers a request; `rest` is the path behind `/stores`.
pub(crate) async fn serve(state: Arc<State>, head: Parts, body: Body, rest: &[&str]) -> Response {
    let cap = state.settings.evotor.body_cap;
    let target = Target::read(rest);
    run(state, head, body, ("evotor", cap), move |state, exchange| async move {
        let result = answer(&state, &exchange, &target).await;
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

async fn answer(state: &Arc<State>, exchange: &Exchange, target: &Target) -> Result<Reply, Refusal> {
    let operation = target.operation(exchange.method(), state.settings.evotor.delete_all);
    let (store, product) = target.place();
    let album = product.map(Product::album).or(store.map(str::to_owned));
    exchange.ticket.describe(operation.unwrap_or("unknown"), album.as_deref());
    let token = token(exchange).ok_or(Refusal::status(401))?;
    let settings = state.live();
    let owner = settings.token(token).filter(|token| !token.expired).ok_or(Refusal::status(401))?;
    if !state.rates.take(token, state.now(), &settings.evotor) {
        return Err(Refusal::status(429));
    }
    let covered = product.is_none_or(|product| owner.covers(&product.album()));
    if !covered || (owner.read_only && exchange.method() != Method::GET) {
        return Err(Refusal::status(403));
    }
    if !accepts(exchange.header("accept")) {
        return Err(Refusal::status(406));
    }
    if matches!(target, Target::Unknown) {
        return Err(Refusal::status(404));
    }
    if let Some(store) = store {
        let store = state.shops.store(store).ok_or(Refusal::status(404))?;
        if store.unpaid {
            return Err(Refusal::status(402));
        }
    }
    if let Some(product) = product
        && state.shops.product(&product.store, &product.product).is_none()
    {
        return Err(Refusal::status(404));
    }
    let operation = operation.ok_or(Refusal::status(405))?;
    exchange.begin(state, operation, album.as_deref()).await.map_err(Refusal::scripted)?;
    carry_out(state, exchange, target, &owner).await
}

/// Carries out an operation that the resource has.
async fn carry_out(state: &Arc<State>, exchange: &Exchange, target: &Target, owner: &Token) -> Result<Reply, Refusal> {
    match (target, exchange.method()) {
        (Target::Stores, _) => catalog::stores(state, exchange, owner),
        (Target::Products(store), _) => catalog::products(state, exchange, store, owner),
        (Target::Product(product), _) => catalog::product(state, exchange, product),
        (Target::Images(product), &Method::POST) => service::upload(state, exchange, product).await,
        (Target::Images(product), &Method::DELETE) => Ok(service::delete_all(state, exchange, product)),
        (Target::Images(product), _) => Ok(service::list(state, exchange, product)),
        (Target::Image(product, image), &Method::DELETE) => service::delete(state, exchange, product, image),
        (Target::Image(product, image), _) => service::one(state, exchange, product, image),
        (Target::Unknown, _) => Err(Refusal::status(404)),
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
