//! Which API a path belongs to. The table is one match over the parts of the path; a trailing slash never matters.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State as Extract};
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};

use crate::exchange::{Exchange, segments, text, without_reading};
use crate::state::State;
use crate::yandex::schema::{self, Document};
use crate::{control, evotor, facebook, live4, media, yandex_v5};

/// Answers one request, whatever its path.
pub(crate) async fn dispatch(Extract(state): Extract<Arc<State>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let parts = segments(&path);
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    if let Some(document) = Document::asked(&head, &parts) {
        return without_reading(&body, schema::answer(&state, &head, document));
    }
    match parts.as_slice() {
        ["_emulator", rest @ ..] => control::answer(&state, &head, body, rest).await,
        ["images", rest @ ..] => {
            let answer = media::answer(&state, &head, rest).await;
            without_reading(&body, answer)
        }
        ["json", "v5" | "v501", "adimages"] => yandex_v5::json(state, head, body).await,
        ["v5" | "v501", "adimages"] => yandex_v5::soap(state, head, body).await,
        ["live", "v4", "json"] | ["live", "v4", "json", "2"] => live4::json(state, head, body).await,
        ["live", "v4", "soap"] | ["live", "v4", "soap", "2"] => live4::soap(state, head, body).await,
        ["stores", rest @ ..] => evotor::serve(state, head, body, rest).await,
        [version, ..] if is_version(version) => facebook::serve(state, head, body).await,
        [account, "adimages"] if account.starts_with("act_") => facebook::serve(state, head, body).await,
        ["me", ..] => facebook::serve(state, head, body).await,
        [""] if head.method == Method::POST || asks_for_ids(&head) => facebook::serve(state, head, body).await,
        _ => without_reading(&body, text(StatusCode::NOT_FOUND, "no operation of the emulated APIs has this path")),
    }
}

/// Reads a provider request and runs `serve` to its end even when the caller goes away meanwhile, as a real service
/// would: what was received whole is applied.
pub(crate) async fn run<F, W>(
    state: Arc<State>,
    head: Parts,
    body: Body,
    (api, cap): (&'static str, usize),
    serve: F,
) -> Response
where
    F: FnOnce(Arc<State>, Exchange) -> W,
    W: Future<Output = Response> + Send + 'static,
{
    let ticket = state.journal.open(state.now(), api, head.method.as_str(), head.uri.path());
    // Known of a request without a body, too.
    let len = body.size_hint().upper();
    // Held until the answer is there: the bodies of all requests together have a most.
    let room = state.body_room(len, cap).await;
    let exchange = match Exchange::read(&state, head, body, cap, ticket).await {
        Ok(exchange) => exchange,
        Err(answer) => return answer,
    };
    let served = serve(state, exchange);
    let whole = async move {
        let response = served.await;
        drop(room);
        response
    };
    match tokio::spawn(whole).await {
        Ok(response) => response,
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the emulator failed; this is a defect of it"),
    }
}

fn is_version(part: &str) -> bool {
    facebook::version::parse(part).is_some()
}

/// Whether the root is asked for objects of the graph.
fn asks_for_ids(head: &Parts) -> bool {
    head.uri.query().unwrap_or_default().split('&').any(|pair| pair.starts_with("ids"))
}
