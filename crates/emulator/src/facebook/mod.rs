//! Facebook Graph API: the `adimages` edge of an ad account (list, create, delete) and the AdImage node (read). Batches,
//! copies between accounts and the rest of the graph are not emulated and are refused.

pub(crate) mod accounts;
mod cursor;
mod error;
mod fields;
mod list;
mod params;
mod reply;
mod upload;
pub(crate) mod usage;
pub(crate) mod version;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::lock::hold;
use crate::routes::run;
use crate::settings::UnknownHash;
use crate::state::{Examined, State};
use error::GraphError;
use params::Params;
use reply::Context;
use version::Served;

/// What a path names.
#[derive(Debug, Clone)]
enum Target {
    /// The images of an ad account, by the account's part of the path.
    Edge(String),
    /// An object, by its id.
    Node(String),
}

/// Answers a request for the `adimages` edge.
pub(crate) async fn edge(state: Arc<State>, head: Parts, body: Body, version: &str, account: &str) -> Response {
    serve(state, head, body, version.to_owned(), Target::Edge(account.to_owned())).await
}

/// Answers a request for a node.
pub(crate) async fn node(state: Arc<State>, head: Parts, body: Body, version: &str, id: &str) -> Response {
    serve(state, head, body, version.to_owned(), Target::Node(id.to_owned())).await
}

async fn serve(state: Arc<State>, head: Parts, body: Body, version: String, target: Target) -> Response {
    let cap = state.settings.facebook.body_cap;
    run(state, head, body, ("facebook", cap), move |state, exchange| async move {
        let mut params = Params::default();
        let (result, served) = match Params::read(&exchange) {
            Ok(read) => {
                params = read;
                let served = version::serve(&state.settings.facebook, &version);
                match served {
                    Ok(served) => (answer(&state, &exchange, &mut params, &target, &served).await, Some(served)),
                    Err(error) => (Err(error), None),
                }
            }
            Err(error) => (Err(error), None),
        };
        if let Err(error) = &result {
            exchange.ticket.failed(error.journal_code());
        }
        let account = match &target {
            Target::Edge(account) => account.strip_prefix("act_"),
            Target::Node(id) => id.split_once(':').map(|(account, _)| account),
        };
        let context = Context { state: &state, exchange: &exchange, served, account, params: &params };
        let response = reply::write(&context, &result);
        exchange.answer(response)
    })
    .await
}

async fn answer(
    state: &Arc<State>,
    exchange: &Exchange,
    params: &mut Params,
    target: &Target,
    served: &Served,
) -> Result<Value, GraphError> {
    let method = params::method(exchange, params);
    let verb = method.as_str().to_ascii_lowercase();
    let (operation, album) = (operation(target, &verb), album(target));
    exchange.ticket.describe(&operation, album);
    authorize(state, exchange, params, &method, album)?;
    exchange.begin(state, &operation, album).await.map_err(GraphError::scripted)?;
    if served.version >= (26, 0) && params.get("date_format").is_some() {
        return Err(GraphError::invalid("(#100) The parameter date_format is no longer supported"));
    }
    match target {
        Target::Edge(account) => {
            let number = account.strip_prefix("act_").filter(|number| exists(state, number));
            let number = number.ok_or_else(|| GraphError::unsupported(&verb, account))?;
            match method {
                Method::GET => list::answer(state, exchange, params, number),
                Method::POST => upload::answer(state, exchange, params, number).await,
                Method::DELETE => delete(state, exchange, params, number),
                _ => Err(GraphError::unsupported(&verb, account)),
            }
        }
        Target::Node(id) => {
            let (account, hash) = id.split_once(':').ok_or_else(|| GraphError::unsupported(&verb, id))?;
            if method != Method::GET {
                return Err(GraphError::unsupported(&verb, id));
            }
            let asked = fields::asked(params)?;
            let library = hold(&state.library);
            let image = library.facebook.get(account).and_then(|album| album.get(hash));
            let image = image.ok_or_else(|| GraphError::unsupported(&verb, id))?;
            Ok(fields::object(state, &exchange.base, account, image, &asked))
        }
    }
}

fn operation(target: &Target, verb: &str) -> String {
    match (target, verb) {
        (Target::Edge(_), "get") => "adimages.list".to_owned(),
        (Target::Edge(_), "post") => "adimages.create".to_owned(),
        (Target::Edge(_), verb) => format!("adimages.{verb}"),
        (Target::Node(_), verb) => format!("adimage.{verb}"),
    }
}

fn album(target: &Target) -> Option<&str> {
    match target {
        Target::Edge(account) => Some(account.strip_prefix("act_").unwrap_or(account)),
        Target::Node(id) => id.split_once(':').map(|(account, _)| account),
    }
}

fn exists(state: &State, account: &str) -> bool {
    state.accounts.exists(account)
}

/// The token comes from the query, the form, or `Authorization` with `Bearer` or `OAuth`.
fn authorize(
    state: &State,
    exchange: &Exchange,
    params: &Params,
    method: &Method,
    album: Option<&str>,
) -> Result<(), GraphError> {
    let token = token(exchange, params).ok_or_else(GraphError::token_required)?;
    let status = state.settings.facebook.bad_token_status;
    let token = state.live().token(&token).ok_or_else(|| GraphError::bad_token(status))?;
    if token.expired {
        Err(GraphError::expired_token(status))
    } else if album.is_some_and(|album| !token.covers(album)) {
        Err(GraphError::no_permission())
    } else if token.read_only && method != Method::GET {
        Err(GraphError::read_only())
    } else {
        Ok(())
    }
}

/// The token of a request.
fn token(exchange: &Exchange, params: &Params) -> Option<String> {
    if let Some(token) = params.get("access_token").filter(|token| !token.is_empty()) {
        return Some(token.to_owned());
    }
    let (scheme, token) = exchange.header("authorization").split_once(' ')?;
    let known = ["bearer", "oauth"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (known && !token.trim().is_empty()).then(|| token.trim().to_owned())
}

/// `image_id` is accepted and ignored (assumption, reference 16.12). A deleted image is gone from the node too
/// (assumption, 16.19). No creative is emulated, so no image is in use.
fn delete(state: &State, exchange: &Exchange, params: &Params, account: &str) -> Result<Value, GraphError> {
    let hash = params.get("hash").filter(|hash| !hash.is_empty());
    let hash = hash.ok_or_else(|| GraphError::invalid("(#100) The parameter hash is required"))?;
    let mut library = hold(&state.library);
    let removed = library.facebook.get_mut(account).and_then(|album| album.remove(hash));
    let refused = removed.is_none().then_some("100");
    exchange.ticket.deleted(account, hash, refused);
    match removed {
        Some(image) => library.release(&image.content),
        None if state.settings.facebook.unknown_hash == UnknownHash::Success => {}
        None => return Err(GraphError::invalid("(#100) The ad account has no image of this hash")),
    }
    Ok(json!({ "success": true }))
}

/// Puts an image into an account past the journal; the hash.
///
/// # Errors
/// The error code when the account does not exist or the picture is refused.
pub(crate) fn seed(state: &State, account: &str, name: &str, examined: &Examined) -> Result<String, String> {
    if !exists(state, account) {
        return Err("the account does not exist".to_owned());
    }
    upload::seed(state, account, name, examined).map_err(|error| error.journal_code())
}

/// The status of an answer that is no error.
const OK: StatusCode = StatusCode::OK;
