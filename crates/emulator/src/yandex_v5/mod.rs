//! Yandex Direct API v5, service AdImages: `add`, `get` and `delete` over JSON and SOAP. Both forms are read into the
//! same call and answered from the same outcome.

mod answer;
mod fault;
mod json;
mod request;
mod service;
mod soap;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};

use crate::exchange::{Exchange, set_header, text, without_reading};
use crate::routes::run;
use crate::state::State;
use crate::yandex::texts::Language;
use fault::Fault;
use request::Call;
use service::Outcome;

/// Answers a request in the JSON form.
pub(crate) async fn json(state: Arc<State>, head: Parts, body: Body) -> Response {
    serve(state, head, body, "yandex-v5-json", json::read, json::write).await
}

/// Answers a request in the SOAP form.
pub(crate) async fn soap(state: Arc<State>, head: Parts, body: Body) -> Response {
    serve(state, head, body, "yandex-v5-soap", soap::read, soap::write).await
}

type Read = fn(&State, &Exchange) -> Result<Call, Fault>;
type Write = fn(&Outcome) -> Response;

async fn serve(state: Arc<State>, head: Parts, body: Body, api: &'static str, read: Read, write: Write) -> Response {
    if head.method != Method::POST {
        return without_reading(&body, text(StatusCode::METHOD_NOT_ALLOWED, "the Direct API takes POST only"));
    }
    // The place among the advertiser's requests is taken while the body still arrives.
    let account = service::authorize(&state.live(), &head);
    let most = state.live().yandex.concurrency;
    let place = account.as_ref().ok().map(|account| state.gate.enter(&account.login, most));
    let cap = state.settings.yandex.body_cap;
    run(state, head, body, (api, cap), move |state, exchange| async move {
        let language = Language::of(exchange.header("accept-language"));
        let call = match (&account, &place) {
            (Err(fault), _) => Err(fault.clone()),
            (Ok(_), Some(None)) => Err(Fault::new(506, "No more than five requests of an advertiser at a time")),
            (Ok(_), _) => read(&state, &exchange),
        };
        let outcome = service::perform(&state, &exchange, account.ok(), call, language).await;
        drop(place);
        let mut response = write(&outcome);
        headers(&mut response, &outcome);
        exchange.answer(response)
    })
    .await
}

/// The headers of every answer. `Units` and `Units-Used-Login` are left out while no advertiser is known.
fn headers(response: &mut Response, outcome: &Outcome) {
    set_header(response, "requestid", &outcome.request_id);
    if let (Some(payer), Some(units)) = (&outcome.payer, &outcome.units) {
        set_header(response, "units", &format!("{}/{}/{}", units.spent, units.left, units.limit));
        set_header(response, "units-used-login", payer);
    }
    for (name, value) in [
        ("content-security-policy", "default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-xss-protection", "1; mode=block"),
    ] {
        set_header(response, name, value);
    }
}
