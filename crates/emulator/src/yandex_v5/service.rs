//! What AdImages does, without regard to its encoding: authorization, points, and the three operations with their
//! outcome per item.

use std::collections::HashMap;
use std::sync::Arc;

use super::answer::{ActionResult, Answer, ItemError, Row};
use super::fault::Fault;
use super::request::{AddItem, Call, Get, Method};
use crate::exchange::Exchange;
use crate::library::YandexImage;
use crate::lock::hold;
use crate::media::{Preview, original_url, preview_url};
use crate::settings::Settings;
use crate::state::State;
use crate::yandex::account::{advertiser, bearer};
use crate::yandex::texts::{Language, message};
use crate::yandex::upload::{Refusal, remove, upload};

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
    pub(crate) login: Option<String>,
    pub(crate) units: Option<Units>,
    pub(crate) method: Option<Method>,
    pub(crate) language: Language,
    pub(crate) result: Result<Answer, Fault>,
}

/// The advertiser that a request acts for.
///
/// # Errors
/// 8000 without a bearer token or, for an agency, without a login; 53 for a token that is not accepted; 8800 for a login
/// that does not exist; 54 for one that the token does not cover.
pub(crate) fn authorize(settings: &Settings, authorization: &str, client_login: &str) -> Result<String, Fault> {
    let token = bearer(authorization)
        .ok_or_else(|| Fault::invalid("The Authorization header with an OAuth token is missing or malformed"))?;
    let token = settings.token(token).ok_or_else(|| Fault::new(53, "The OAuth token is not valid"))?;
    if token.expired {
        return Err(Fault::new(53, "The OAuth token has expired"));
    }
    Ok(advertiser(settings, &token, client_login)?)
}

/// Whether the caller's token may only read.
fn is_read_only(state: &State, exchange: &Exchange) -> bool {
    let token = bearer(exchange.header("authorization")).and_then(|token| state.live().token(token));
    token.is_some_and(|token| token.read_only)
}

/// Carries a call out and charges for it.
pub(crate) async fn perform(
    state: &Arc<State>,
    exchange: &Exchange,
    login: Option<String>,
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
    exchange.ticket.describe(operation, login.as_deref());
    let limit = state.live().yandex.daily_points;
    let call = match call {
        Ok(call) if !matches!(call, Call::Get(_)) && is_read_only(state, exchange) => {
            Err(Fault::new(54, "The user may only read").during(call.method()))
        }
        Ok(call) => match exchange.begin(state, operation, login.as_deref()).await {
            Ok(()) => Ok(call),
            Err(scripted) => Err(Fault::scripted(scripted).during(call.method())),
        },
        Err(fault) => Err(fault),
    };
    let result = match (call, &login) {
        (Ok(call), Some(login)) if state.points.left(login, limit, state.now()) < highest_cost(&call) => {
            Err(Fault::new(152, "The advertiser has too few points for this call"))
        }
        (Ok(call), Some(login)) => Ok(carry_out(state, exchange, login, call, language).await),
        (Ok(_), None) => Err(Fault::invalid("No advertiser is known")),
        (Err(fault), _) => Err(fault),
    };
    if let Err(fault) = &result {
        exchange.ticket.failed(fault.code);
    }
    let units = login.as_deref().map(|login| {
        let spent = cost(&result);
        Units { spent, left: state.points.spend(login, spent, limit, state.now()), limit }
    });
    Outcome { request_id, login, units, method, language, result }
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
        Ok(Answer::Get { ad_images, .. }) => call_points(Some(Method::Get)) + ad_images.len() as u64,
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
        let examined = state.examine(bytes.into()).await;
        let place = exchange.ticket.sent(login, &examined.sha, examined.bytes.len());
        exchange.ticket.settle(place, "refused:name");
        let tolerance = state.settings.yandex.wide_tolerance;
        let class = crate::yandex::classes::classify(examined.bytes.len(), examined.picture, item.wanted, tolerance);
        errors.extend(class.err().map(|unfit| refused(unfit.into())));
        return ActionResult { errors, ad_image_hash: None };
    }
    match upload(state, &exchange.ticket, login, item.name, bytes, item.wanted).await {
        Ok(hash) => ActionResult { errors, ad_image_hash: Some(hash) },
        Err(refusal) => ActionResult { errors: vec![refused(refusal)], ad_image_hash: None },
    }
}

/// Images in the order in which they came (assumption, reference 13.15). Beyond the end the answer is empty (13.16).
fn list(state: &State, exchange: &Exchange, login: &str, get: &Get) -> Answer {
    let library = hold(&state.library);
    let empty = Answer::Get { limited_by: None, ad_images: Vec::new() };
    // Nothing is ever bound to an ad.
    let (Some(album), None | Some(false)) = (library.yandex.get(login), get.associated) else { return empty };
    let found: Vec<&YandexImage> = match &get.hashes {
        None => album.iter().collect(),
        Some(hashes) => {
            let wanted: std::collections::HashSet<&str> = hashes.iter().map(String::as_str).collect();
            album.iter().filter(|image| wanted.contains(image.hash.as_str())).collect()
        }
    };
    let page = found.iter().skip(get.offset).take(get.limit);
    let ad_images: Vec<Row> = page.map(|image| row(image, &get.fields, &exchange.base)).collect();
    let next = get.offset.saturating_add(ad_images.len());
    let limited_by = (next < found.len()).then_some(next);
    Answer::Get { limited_by, ad_images }
}

fn row(image: &YandexImage, fields: &[bool; 7], base: &str) -> Row {
    let [hash, name, associated, class, subtype, original, preview] = *fields;
    let sha = &image.content.sha;
    Row {
        ad_image_hash: hash.then(|| image.hash.clone()),
        name: name.then(|| image.name.clone()),
        associated: associated.then_some("NO"),
        r#type: class.then_some(image.class),
        subtype: subtype.then(|| image.subtype.clone()),
        original_url: original.then(|| original_url(base, "direct", sha)),
        preview_url: preview.then(|| preview_url(base, "direct", sha, Preview::Small)),
    }
}

/// A hash given twice fails everywhere (9800), an unknown one with 8800 (assumption, reference 13.19).
fn delete(state: &State, exchange: &Exchange, login: &str, hashes: &[String], language: Language) -> Vec<ActionResult> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for hash in hashes {
        *times.entry(hash).or_default() += 1;
    }
    let one = |hash: &String| {
        let failure = if times.get(hash.as_str()).is_some_and(|times| *times > 1) {
            Some(9800)
        } else if !remove(state, login, hash) {
            Some(8800)
        } else {
            None
        };
        exchange.ticket.deleted(login, hash, failure.map(|code| code.to_string()).as_deref());
        match failure {
            Some(code) => ActionResult { errors: vec![error(code, language, None)], ad_image_hash: None },
            None => ActionResult { errors: Vec::new(), ad_image_hash: Some(hash.clone()) },
        }
    };
    hashes.iter().map(one).collect()
}

fn error(code: i64, language: Language, details: Option<String>) -> ItemError {
    ItemError { code, message: message(code, language), details }
}
