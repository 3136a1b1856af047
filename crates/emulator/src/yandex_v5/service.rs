//! What AdImages does, without regard to its encoding: authorization, points, and the three operations with their
//! outcome per item.

use std::collections::HashMap;
use std::sync::Arc;

use http::request::Parts;

use super::answer::{ActionResult, Answer, ItemError, Page};
use super::fault::Fault;
use super::request::{AddItem, Call, Get, Method};
use crate::exchange::{Exchange, header};
use crate::library::YandexImage;
use crate::lock::hold;
use crate::settings::Settings;
use crate::state::State;
use crate::yandex::account::{advertiser, bearer, own_login};
use crate::yandex::removal::{Kept, remove};
use crate::yandex::tasks;
use crate::yandex::texts::{self, Language, message};
use crate::yandex::upload::{Refusal, upload};

/// The most characters of an image's name.
const LONGEST_NAME: usize = 255;
/// What an added image costs.
const ADDED_POINTS: u64 = 20;
/// What an item's error costs.
const ERROR_POINTS: u64 = 20;
/// What a request that does not fit the schema costs (recorded; reference 13.27).
const INVALID_POINTS: u64 = 50;

/// Points of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Units {
    pub(crate) spent: u64,
    pub(crate) left: u64,
    pub(crate) limit: u64,
}

/// Everything that an answer is written from.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) request_id: String,
    /// Whose points were spent.
    pub(crate) payer: Option<String>,
    pub(crate) units: Option<Units>,
    pub(crate) method: Option<Method>,
    pub(crate) language: Language,
    pub(crate) result: Result<Answer, Fault>,
}

/// Whom a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The advertiser whose library it works on.
    pub(crate) login: String,
    /// Whose points it costs: the advertiser's, or with `Use-Operator-Units` the agency's.
    pub(crate) payer: String,
    /// Whether the token may only read.
    pub(crate) read_only: bool,
}

/// Reads whom a request is for from its headers.
///
/// # Errors
/// 8000 without a bearer token or, for an agency, without a login; 53 for a token that is not accepted; 8800 for a login
/// that does not exist; 54 for one that the token does not cover.
pub(crate) fn authorize(settings: &Settings, head: &Parts) -> Result<Account, Fault> {
    let token = bearer(header(head, "authorization"))
        .ok_or_else(|| Fault::invalid("The Authorization header with an OAuth token is missing or malformed"))?;
    let token = settings.token(token).ok_or_else(|| Fault::new(53, "The OAuth token is not valid"))?;
    if token.expired {
        return Err(Fault::new(53, "The OAuth token has expired"));
    }
    let login = advertiser(settings, &token, header(head, "client-login"))?;
    let operator_pays = header(head, "use-operator-units").eq_ignore_ascii_case("true");
    let payer = if operator_pays { own_login(&token) } else { login.clone() };
    Ok(Account { login, payer, read_only: token.read_only })
}

/// Carries a call out and charges for it.
pub(crate) async fn perform(
    state: &Arc<State>,
    exchange: &Exchange,
    account: Option<Account>,
    call: Result<Call, Fault>,
    language: Language,
) -> Outcome {
    let request_id = state.ids.request();
    let method = match &call {
        Ok(call) => Some(call.method()),
        Err(fault) => fault.method,
    };
    let operation = method.map_or("AdImages", |method| match method {
        Method::Add => "AdImages.add",
        Method::Get => "AdImages.get",
        Method::Delete => "AdImages.delete",
    });
    let login = account.as_ref().map(|account| account.login.as_str());
    exchange.ticket.describe(operation, login);
    let limit = state.live().yandex.daily_points;
    let read_only = account.as_ref().is_some_and(|account| account.read_only);
    let call = match call {
        Ok(call) if !matches!(call, Call::Get(_)) && read_only => {
            Err(Fault::new(54, "The user may only read").during(call.method()))
        }
        Ok(call) => match exchange.begin(state, operation, login).await {
            Ok(()) => Ok(call),
            Err(scripted) => Err(Fault::scripted(scripted).during(call.method())),
        },
        Err(fault) => Err(fault),
    };
    tasks::settle(state);
    let result = match (call, &account) {
        (Ok(call), Some(account)) if state.points.left(&account.payer, limit, state.now()) < highest_cost(&call) => {
            Err(Fault::new(152, "There are too few points for this call"))
        }
        (Ok(call), Some(account)) => Ok(carry_out(state, exchange, &account.login, call, language).await),
        (Ok(_), None) => Err(Fault::invalid("No advertiser is known")),
        (Err(fault), _) => Err(fault),
    };
    if let Err(fault) = &result {
        exchange.ticket.failed(fault.code);
    }
    let payer = account.map(|account| account.payer);
    let units = payer.as_deref().map(|payer| {
        let spent = cost(&result);
        Units { spent, left: state.points.spend(payer, spent, limit, state.now()), limit }
    });
    Outcome { request_id, payer, units, method, language, result }
}

/// What a call costs by itself.
fn call_points(method: Option<Method>) -> u64 {
    match method {
        Some(Method::Add) => 20,
        Some(Method::Get) => 15,
        Some(Method::Delete) => 10,
        None => 0,
    }
}

/// What a call costs when all goes as it asks; of `get` without the images, whose number is not known before.
fn highest_cost(call: &Call) -> u64 {
    let items = match call {
        Call::Add(items) => items.len() as u64,
        Call::Get(_) | Call::Delete(_) => 0,
    };
    call_points(Some(call.method())) + ADDED_POINTS * items
}

/// Reference 8.1: call + succeeded × object + failed × 20; 50 for a request that does not fit; 4001 costs the call and
/// 20; server errors are free. 4002, 7000 and 9300 are taken like 4001, and 55 like 8000 (assumptions).
fn cost(result: &Result<Answer, Fault>) -> u64 {
    let failed = |results: &[ActionResult]| results.iter().filter(|result| !result.errors.is_empty()).count() as u64;
    match result {
        Ok(Answer::Add { add_results }) => {
            let failed = failed(add_results);
            let added = add_results.len() as u64 - failed;
            call_points(Some(Method::Add)) + added * ADDED_POINTS + failed * ERROR_POINTS
        }
        Ok(Answer::Get(page)) => call_points(Some(Method::Get)) + page.images.len() as u64,
        Ok(Answer::Delete { delete_results }) => {
            call_points(Some(Method::Delete)) + failed(delete_results) * ERROR_POINTS
        }
        Err(fault) => match fault.code {
            55 | 8000 | 8800 => INVALID_POINTS,
            4001 | 4002 | 7000 | 9300 => call_points(fault.method) + ERROR_POINTS,
            _ => 0,
        },
    }
}

async fn carry_out(state: &Arc<State>, exchange: &Exchange, login: &str, call: Call, language: Language) -> Answer {
    match call {
        Call::Add(items) => {
            let mut add_results = Vec::with_capacity(items.len());
            for item in items {
                add_results.push(add(state, exchange, login, item, language).await);
            }
            Answer::Add { add_results }
        }
        Call::Get(get) => list(state, exchange, login, &get),
        Call::Delete(hashes) => Answer::Delete { delete_results: delete(state, exchange, login, &hashes, language) },
    }
}

/// A wrong name and a wrong picture are both reported; an item with any error is not stored.
async fn add(state: &Arc<State>, exchange: &Exchange, login: &str, item: AddItem, language: Language) -> ActionResult {
    let mut errors = Vec::new();
    // 5000 and 5001 for names are assumptions (reference 13.21).
    if item.name.trim().is_empty() {
        errors.push(error(5000, language, Some("The field Name must not be empty".to_owned())));
    } else if item.name.chars().count() > LONGEST_NAME {
        let details = format!("The field Name can contain no more than {LONGEST_NAME} characters");
        errors.push(error(5001, language, Some(details)));
    }
    let refused = |refusal: Refusal| error(refusal.code, language, Some(refusal.details(language).to_owned()));
    let Some(bytes) = item.bytes else {
        errors.push(refused(Refusal::NO_PICTURE));
        return ActionResult { errors, ad_image_hash: None };
    };
    if !errors.is_empty() {
        let examined = state.examine(bytes).await;
        let place = exchange.ticket.sent(login, &examined.sha, examined.bytes.len());
        exchange.ticket.settle(place, "refused:name");
        let tolerance = state.live().yandex.wide_tolerance;
        let class = crate::yandex::classes::classify(examined.bytes.len(), examined.picture, item.wanted, tolerance);
        errors.extend(class.err().map(|unfit| refused(unfit.into())));
        return ActionResult { errors, ad_image_hash: None };
    }
    match upload(state, &exchange.ticket, login, item.name, bytes, item.wanted).await {
        Ok(hash) => ActionResult { errors, ad_image_hash: Some(hash) },
        Err(refusal) => ActionResult { errors: vec![refused(refusal)], ad_image_hash: None },
    }
}

/// Images in the order in which they came (assumption, reference 13.15). Beyond the end the answer is empty (13.16). No more of
/// the library is looked at than the page and what stands before it.
fn list(state: &State, exchange: &Exchange, login: &str, get: &Get) -> Answer {
    let (now, lag) = (state.now(), state.live().yandex.associated_lag_millis);
    let library = hold(&state.library);
    let (chosen, all) = match (library.yandex.get(login), &get.hashes) {
        (Some(album), Some(hashes)) => (Some(album.chosen(hashes)), None),
        (Some(album), None) => (None, Some(album.iter())),
        (None, _) => (None, None),
    };
    let album = chosen.into_iter().flatten().chain(all.into_iter().flatten());
    let bound = |image: &YandexImage| library.ads.is_bound(login, &image.hash, now, lag);
    let mut found =
        album.filter(|image| get.associated.is_none_or(|associated| associated == bound(image))).skip(get.offset);
    let images: Vec<_> = found.by_ref().take(get.limit).map(|image| (Arc::clone(image), bound(image))).collect();
    let next = get.offset.saturating_add(images.len());
    let limited_by = found.next().map(|_| next);
    Answer::Get(Page { limited_by, images, fields: get.fields, base: exchange.base.clone() })
}

/// A hash given twice fails everywhere (9800), an unknown one with 8800 (assumption, reference 13.19), one that an ad
/// shows with 8301.
fn delete(state: &State, exchange: &Exchange, login: &str, hashes: &[String], language: Language) -> Vec<ActionResult> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for hash in hashes {
        *times.entry(hash).or_default() += 1;
    }
    let one = |hash: &String| {
        let (code, details) = if times.get(hash.as_str()).is_some_and(|times| *times > 1) {
            (9800, None)
        } else {
            match remove(state, login, hash) {
                Ok(()) => {
                    exchange.ticket.deleted(login, hash, None);
                    return ActionResult { errors: Vec::new(), ad_image_hash: Some(hash.clone()) };
                }
                Err(Kept::Unknown) => (8800, None),
                Err(Kept::Bound | Kept::Shown) => (8301, Some(texts::BOUND.in_(language).to_owned())),
            }
        };
        exchange.ticket.deleted(login, hash, Some(&code.to_string()));
        ActionResult { errors: vec![error(code, language, details)], ad_image_hash: None }
    };
    hashes.iter().map(one).collect()
}

fn error(code: i64, language: Language, details: Option<String>) -> ItemError {
    ItemError { code, message: message(code, language), details }
}
