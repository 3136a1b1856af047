//! Yandex Direct API v4 Live: method `AdImage` with `Upload`, `CheckUploadStatus`, `UploadRawData`, `Get`, `Delete` and
//! `GetLimits`, and `AdImageAssociation` with `Set` and `Get`, over JSON and over rpc/encoded SOAP.

mod associations;
mod data;
mod fault;
mod images;
mod json;
mod request;
mod service;
mod soap;
mod uploads;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::exchange::{Exchange, set_header, text, without_reading};
use crate::routes::run;
use crate::state::State;
use crate::yandex::texts::Language;
use data::Data;
use fault::Fault;

/// The most characters of a method's name that are looked at.
const LONGEST_METHOD: usize = 60;

/// A call as either form brings it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Empty when absent.
    pub(crate) token: String,
    pub(crate) language: Language,
    pub(crate) param: Param,
}

/// The parameters of a call.
#[derive(Debug)]
pub(crate) enum Param {
    /// Of JSON; null when absent.
    Json(Value),
    /// Of SOAP; absent when the method's element is empty.
    Soap(Option<crate::soap::read::Element>),
}

/// What an answer is written from.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) request_id: String,
    pub(crate) method: String,
    pub(crate) language: Language,
    pub(crate) result: Result<Data, Fault>,
}

type Read = fn(&State, &Exchange) -> Result<Received, Fault>;
type Write = fn(&State, &Outcome) -> Response;

/// Answers a request in the JSON form.
pub(crate) async fn json(state: Arc<State>, head: Parts, body: Body) -> Response {
    serve(state, head, body, "yandex-live4-json", json::read, json::write).await
}

/// Answers a request in the SOAP form.
pub(crate) async fn soap(state: Arc<State>, head: Parts, body: Body) -> Response {
    serve(state, head, body, "yandex-live4-soap", soap::read, soap::write).await
}

async fn serve(state: Arc<State>, head: Parts, body: Body, api: &'static str, read: Read, write: Write) -> Response {
    if head.method != Method::POST {
        return without_reading(&body, text(StatusCode::METHOD_NOT_ALLOWED, "the Direct API takes POST only"));
    }
    let cap = state.settings.yandex.body_cap;
    run(state, head, body, (api, cap), move |state, exchange| async move {
        let request_id = state.ids.request();
        // The name is repeated in headers and in the journal, so it is cut first.
        let received = read(&state, &exchange)
            .map(|received| Received { method: received.method.chars().take(LONGEST_METHOD).collect(), ..received });
        let (method, language) = match &received {
            Ok(received) => (received.method.clone(), received.language),
            Err(_) => (String::new(), Language::English),
        };
        let result = match received {
            Ok(received) => service::perform(&state, &exchange, received).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = &result {
            exchange.ticket.failed(fault.code);
        }
        let mut response = write(&state, &Outcome { request_id: request_id.clone(), method, language, result });
        set_header(&mut response, "requestid", &request_id);
        for (name, value) in [
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "SAMEORIGIN"),
            ("x-xss-protection", "1; mode=block"),
        ] {
            set_header(&mut response, name, value);
        }
        exchange.answer(response)
    })
    .await
}
