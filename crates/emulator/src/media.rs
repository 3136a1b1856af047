//! The picture URLs that the APIs hand out, under `/images/`: stored bytes as they came, previews made when asked for.
//! The URLs need no token. Their form is the emulator's own (v5 reference 13.2, Facebook 7.3, Evotor 10.16).

use std::sync::Arc;

use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};

use crate::digest::sha_from_hex;
use crate::exchange::{reply, text};
use crate::library::Content;
use crate::lock::hold;
use crate::picture::thumbnail;
use crate::state::State;

/// The sizes of previews: name in the URL, and the box that the preview fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preview {
    /// Yandex `PreviewUrl`; the true size is unknown, the emulator takes 150 × 150.
    Small,
    /// Facebook `url_128`.
    Box128,
    /// Facebook `url_256`; recorded links fit 261 × 260.
    Box256,
}

impl Preview {
    const ALL: [Self; 3] = [Self::Small, Self::Box128, Self::Box256];

    /// Width and height of the box.
    pub(crate) fn size(self) -> (u32, u32) {
        match self {
            Self::Small => (150, 150),
            Self::Box128 => (128, 128),
            Self::Box256 => (261, 260),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Small => "x150",
            Self::Box128 => "x128",
            Self::Box256 => "x256",
        }
    }
}

/// The URL of the bytes of the content of that name; `shelf` is a provider's word in the path.
pub(crate) fn original_url(base: &str, shelf: &str, name: &str) -> String {
    [base, "/images/", shelf, "/", name, "/orig"].concat()
}

/// The URL of a content's preview.
pub(crate) fn preview_url(base: &str, shelf: &str, name: &str, preview: Preview) -> String {
    [base, "/images/", shelf, "/", name, "/", preview.name()].concat()
}

/// Answers a picture request; `rest` is the path after `/images/`.
pub(crate) async fn answer(state: &Arc<State>, head: &Parts, rest: &[&str]) -> Response {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "pictures can only be read");
    }
    let ["direct" | "facebook" | "evotor", sha, size] = rest else {
        return text(StatusCode::NOT_FOUND, "no picture has this address");
    };
    let content = sha_from_hex(sha).and_then(|sha| hold(&state.library).content(&sha));
    let preview = Preview::ALL.into_iter().find(|preview| preview.name() == *size);
    match (content, preview) {
        (Some(content), None) if *size == "orig" => {
            reply(StatusCode::OK, content.picture.media_type(), content.bytes.clone())
        }
        (Some(content), Some(preview)) => small(state, content, preview).await,
        _ => text(StatusCode::NOT_FOUND, "no picture has this address"),
    }
}

async fn small(state: &Arc<State>, content: Arc<Content>, preview: Preview) -> Response {
    let _permit = state.decoder().await;
    let made = tokio::task::spawn_blocking(move || thumbnail(&content.bytes, &content.picture, preview.size())).await;
    match made {
        Ok(Ok(png)) => reply(StatusCode::OK, "image/png", png),
        _ => text(StatusCode::INTERNAL_SERVER_ERROR, "the preview of this picture cannot be made"),
    }
}
