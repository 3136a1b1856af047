//! Facebook Graph API: the `adimages` edge of an ad account (list, create, copy, delete), the AdImage node, the ad
//! accounts and the user that lead to them, reads of several objects, and batches. The rest of the graph is refused.

mod account;
pub(crate) mod accounts;
mod answer;
mod auth;
mod batch;
mod call;
mod cursor;
mod error;
mod expansion;
mod fields;
mod list;
mod page;
mod params;
mod result_path;
mod upload;
pub(crate) mod usage;
pub(crate) mod version;
mod window;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Method;
use http::request::Parts;
use serde_json::{Map, Value, json};

use crate::album;
use crate::control::script::FaultAnswer;
use crate::exchange::scripted;
use crate::journal::Ticket;
use crate::lock::hold;
use crate::routes::run;
use crate::settings::UnknownHash;
use crate::state::{Examined, State};
use answer::{Answer, Context};
use call::{Call, Target};
use error::GraphError;
use page::Edge;
use version::Served;

/// The most objects that one read names (general knowledge).
const MOST_IDS: usize = 50;

/// Answers a request of the Graph API.
pub(crate) async fn serve(state: Arc<State>, head: Parts, body: Body) -> Response {
    let cap = state.settings.facebook.body_cap;
    run(state, head, body, ("facebook", cap), move |state, exchange| async move {
        let answer = match Call::read(&exchange) {
            Err((call, error)) => {
                exchange.ticket.describe(&call.operation(), call.account());
                exchange.ticket.failed(error.journal_code());
                Answer::refused(&state, &call, &error)
            }
            Ok(call) => {
                let batch = call.target == Target::Root && call.method == Method::POST;
                let (answer, fault) = match batch {
                    true => perform_batch(&state, call, &exchange.ticket).await,
                    false => perform(&state, call, &exchange.ticket).await,
                };
                if let Some(fault) = fault {
                    exchange.meet(fault);
                }
                answer
            }
        };
        exchange.answer(answer.into_response())
    })
    .await
}

/// Carries out one operation, unless the fault script has it otherwise; what the script does to the answer comes along.
async fn perform(state: &Arc<State>, mut call: Call, ticket: &Ticket) -> (Answer, Option<FaultAnswer>) {
    ticket.describe(&call.operation(), call.account());
    let mut context = Context::default();
    let mut fault = None;
    let result = match admit(state, &call, &mut context) {
        Ok(()) => {
            fault = scripted(state, ticket, &call.operation(), call.account()).await;
            match fault.as_ref().and_then(FaultAnswer::refusal) {
                Some(error) => Err(GraphError::scripted(error)),
                None => operate(state, &mut call, ticket).await,
            }
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &result {
        ticket.failed(error.journal_code());
    }
    (Answer::new(state, &call, &context, &result), fault)
}

/// Carries out a batch. It counts as no call of its own, its operations do.
async fn perform_batch(state: &Arc<State>, mut call: Call, ticket: &Ticket) -> (Answer, Option<FaultAnswer>) {
    ticket.describe(&call.operation(), None);
    let mut context = Context::default();
    let served = if call.version.is_empty() {
        let newest = state.settings.facebook.versions.last().copied().unwrap_or((26, 0));
        call.version = format!("v{}.{}", newest.0, newest.1);
        Ok(Served { version: newest, upgraded_from: None })
    } else {
        version::serve(&state.settings.facebook, &call.version)
    };
    let admitted = served.and_then(|served| {
        context.served = Some(served);
        auth::check(state, &call)
    });
    let mut fault = None;
    let result = match admitted {
        Ok(()) => {
            fault = scripted(state, ticket, &call.operation(), None).await;
            match fault.as_ref().and_then(FaultAnswer::refusal) {
                Some(error) => Err(GraphError::scripted(error)),
                None => batch::answer(state, &call).await,
            }
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &result {
        ticket.failed(error.journal_code());
    }
    (Answer::new(state, &call, &context, &result), fault)
}

/// Version, caller and limits, in that order.
fn admit(state: &State, call: &Call, context: &mut Context) -> Result<(), GraphError> {
    let settings = &state.live().facebook;
    let served = version::serve(settings, &call.version)?;
    let current = served.version >= (26, 0);
    context.served = Some(served);
    auth::check(state, call)?;
    let account = call.account().filter(|account| state.accounts.exists(account));
    let report = state.usage.count(account, call.method != Method::GET, state.now(), settings);
    let refusal = report.refusal.clone();
    context.report = Some(report);
    if let Some(error) = refusal {
        return Err(error);
    }
    if current && call.params.get("date_format").is_some() {
        return Err(GraphError::invalid("(#100) The parameter date_format is no longer supported"));
    }
    Ok(())
}

async fn operate(state: &Arc<State>, call: &mut Call, ticket: &Ticket) -> Result<Value, GraphError> {
    let verb = call.verb();
    let read = call.method == Method::GET;
    match call.target.clone() {
        Target::Images(part) => {
            let number = part.strip_prefix("act_").filter(|number| state.accounts.exists(number));
            let number = number.ok_or_else(|| GraphError::unsupported(&verb, &part))?;
            match call.method {
                Method::GET => {
                    let asked = expansion::asked(&call.params, &fields::USUAL)?;
                    let edge = Edge { call, path: call.path.clone(), params: &call.params };
                    list::answer(state, &edge, &asked, number)
                }
                Method::POST => upload::answer(state, call, ticket, number).await,
                Method::DELETE => delete(state, call, ticket, number),
                _ => Err(GraphError::unsupported(&verb, &part)),
            }
        }
        Target::Accounts(user) => {
            let own = user == "me" || call.token().is_some_and(|token| account::user_id(token) == user);
            if own && read { account::list(state, call) } else { Err(GraphError::unsupported(&verb, &user)) }
        }
        Target::Node(id) if read => node(state, call, &id),
        Target::Node(id) => Err(GraphError::unsupported(&verb, &id)),
        Target::Root if read => several(state, call),
        Target::Root => Err(GraphError::unsupported(&verb, "")),
        Target::Unknown => Err(GraphError::unknown_path(&call.path)),
    }
}

/// One object, by its id.
fn node(state: &State, call: &Call, id: &str) -> Result<Value, GraphError> {
    let missing = || GraphError::unsupported("get", id);
    if let Some(number) = id.strip_prefix("act_") {
        auth::may_use(state, call, number)?;
        let found = state.accounts.get(number).ok_or_else(missing)?;
        return account::object(state, call, &found, &expansion::asked(&call.params, &account::USUAL)?);
    }
    if let Some((number, hash)) = id.split_once(':') {
        auth::may_use(state, call, number)?;
        let asked = expansion::asked(&call.params, &fields::USUAL)?;
        fields::check(&asked)?;
        let library = hold(&state.library);
        let image = library.facebook.get(number).and_then(|album| album.get(hash)).ok_or_else(missing)?;
        return fields::object(state, &call.base, number, image, &asked);
    }
    let token = call.token().unwrap_or_default();
    if id == "me" || id == account::user_id(token) {
        return account::user(token, &expansion::asked(&call.params, &["name", "id"])?);
    }
    if id.bytes().all(|byte| byte.is_ascii_digit()) { Err(missing()) } else { Err(GraphError::alias(id)) }
}

/// Several objects at once, by `ids`. Each one beyond the first counts as one more call (reference 6.2).
fn several(state: &State, call: &Call) -> Result<Value, GraphError> {
    let ids = call.params.list("ids").unwrap_or_default();
    if ids.is_empty() {
        return Err(GraphError::unsupported("get", ""));
    }
    if ids.len() > MOST_IDS {
        return Err(GraphError::invalid(format!("(#100) At most {MOST_IDS} ids can be read at once")));
    }
    let mut objects = Map::new();
    for (place, id) in ids.iter().enumerate() {
        if place > 0 {
            let settings = &state.live().facebook;
            if let Some(error) = state.usage.count(None, false, state.now(), settings).refusal {
                return Err(error);
            }
        }
        objects.insert(id.clone(), node(state, call, id)?);
    }
    Ok(Value::Object(objects))
}

/// Deletes an image by its hash; `image_id` alone suffices only where the settings say so (reference 16.12). A deleted
/// image is gone from the node too (assumption, 16.19). One that a creative uses stays.
fn delete(state: &State, call: &Call, ticket: &Ticket, account: &str) -> Result<Value, GraphError> {
    let settings = &state.settings.facebook;
    let by_id = call.params.given("image_id").filter(|_| settings.delete_by_image_id);
    let by_id = by_id.and_then(|id| id.split_once(':')).filter(|(owner, _)| *owner == account).map(|(_, hash)| hash);
    let hash = call.params.given("hash").or(by_id);
    let hash = hash.ok_or_else(|| GraphError::invalid("(#100) The parameter hash is required"))?;
    let mut library = hold(&state.library);
    if library.facebook.get(account).is_none_or(|album| album.get(hash).is_none()) {
        ticket.deleted(account, hash, Some("100"));
        return match settings.unknown_hash {
            UnknownHash::Success => Ok(json!({ "success": true })),
            UnknownHash::Refused => Err(GraphError::invalid("(#100) The ad account has no image of this hash")),
        };
    }
    if !state.accounts.creatives(account, hash).is_empty() {
        ticket.deleted(account, hash, Some("100"));
        return Err(GraphError::in_use(settings.in_use_subcode));
    }
    ticket.deleted(account, hash, None);
    if let Some(image) = album::take_out(&mut library.facebook, account, hash) {
        library.release(&image.content);
    }
    Ok(json!({ "success": true }))
}

/// Puts an image into an account past the journal; the hash.
///
/// # Errors
/// The error code when the account does not exist or the picture is refused.
pub(crate) fn seed(state: &State, account: &str, name: &str, examined: &Examined) -> Result<String, String> {
    if !state.accounts.exists(account) {
        return Err("the account does not exist".to_owned());
    }
    upload::seed(state, account, name, examined).map_err(|error| error.journal_code())
}
