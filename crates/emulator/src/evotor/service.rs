//! What the image operations of Evotor do (reference 5).

use std::sync::Arc;

use bytes::Bytes;
use image::ImageFormat;
use serde_json::{Value, json};

use super::reply::{Refusal, Reply};
use crate::album;
use crate::clock::date_text;
use crate::exchange::Exchange;
use crate::library::EvotorImage;
use crate::lock::hold;
use crate::media::original_url;
use crate::multipart;
use crate::settings::EvotorSettings;
use crate::state::{Examined, State};

const FIELD: &str = "datafile";
/// The most characters of a file's name: an assumption, no limit is known.
const LONGEST_NAME: usize = 255;

/// A product: its store in upper case, its own id as given.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) store: String,
    pub(crate) product: String,
}

impl Product {
    /// The name of its images in the journal.
    pub(crate) fn album(&self) -> String {
        format!("{}~{}", self.store, self.product)
    }

    fn key(&self) -> (String, String) {
        (self.store.clone(), self.product.clone())
    }
}

/// Stores the picture of the form's `datafile` part.
///
/// # Errors
/// See the rules of the file; a second image of a product is refused.
pub(crate) async fn upload(state: &Arc<State>, exchange: &Exchange, product: &Product) -> Result<Reply, Refusal> {
    let settings = &state.settings.evotor;
    let form = match exchange.media_type().as_str() {
        "multipart/form-data" => multipart::parts(exchange.header("content-type"), &exchange.body).ok(),
        _ => None,
    };
    let form = form.ok_or_else(|| Refusal::violation(400, FIELD, "must be a part of a multipart form"))?;
    let part = form.into_iter().find(|part| part.name == FIELD);
    let part = part.ok_or_else(|| Refusal::violation(400, FIELD, "must not be null"))?;
    if part.file_name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        let reason = format!("file name must be at most {LONGEST_NAME} characters");
        return Err(Refusal::violation(400, FIELD, reason));
    }
    let examined = state.examine(Bytes::copy_from_slice(&part.content)).await;
    let place = exchange.ticket.sent(&product.album(), &examined.sha, examined.bytes.len());
    let stored = judge(settings, &examined).and_then(|()| store(state, product, &examined));
    match stored {
        Ok(image) => {
            exchange.ticket.settle(place, "stored");
            Ok(Reply::Body(object(state, exchange, product, &image)))
        }
        Err(refusal) => {
            exchange.ticket.settle(place, format!("refused:{}", refusal.journal_code()));
            Err(refusal)
        }
    }
}

fn judge(settings: &EvotorSettings, examined: &Examined) -> Result<(), Refusal> {
    let refuse = |reason: String| Err(Refusal::violation(400, FIELD, reason));
    if examined.bytes.len() > settings.largest_picture {
        let reason = format!("size must be at most {} bytes", settings.largest_picture);
        return Err(Refusal::violation(settings.too_large_status, FIELD, reason));
    }
    match examined.picture {
        Ok(picture) if picture.format == ImageFormat::Png => {
            let side = settings.side;
            let fits = if settings.exact_side {
                (picture.width, picture.height) == (side, side)
            } else {
                picture.width <= side && picture.height <= side
            };
            if fits { Ok(()) } else { refuse(format!("resolution must be {side}x{side}")) }
        }
        _ => refuse("must be a png image".to_owned()),
    }
}

fn store(state: &State, product: &Product, examined: &Examined) -> Result<EvotorImage, Refusal> {
    let picture = examined.picture.map_err(|_| Refusal::violation(400, FIELD, "must be a png image"))?;
    let settings = &state.settings;
    let mut library = hold(&state.library);
    if library.evotor.get(&product.key()).is_some_and(|album| album.len() > 0) {
        let reason = "the product has an image already";
        return Err(Refusal::violation(settings.evotor.occupied_status, FIELD, reason));
    }
    let content = library.keep(examined.sha, &examined.bytes, picture, settings.stored_bytes).map_err(|_| {
        Refusal::violation(413, FIELD, "the emulator holds as many bytes of pictures as it was allowed to")
    })?;
    let image = EvotorImage { id: state.ids.uuid(), created: state.now(), content };
    library.evotor.entry(product.key()).or_default().insert(image.id.clone(), image.clone());
    Ok(image)
}

/// Stores a picture that no request brought; its id.
///
/// # Errors
/// As of [`upload`].
pub(crate) fn seed(state: &State, product: &Product, examined: &Examined) -> Result<String, Refusal> {
    judge(&state.settings.evotor, examined)?;
    store(state, product, examined).map(|image| image.id)
}

/// The images of a product, at most one; none is an empty list (assumption, reference 10.9).
pub(crate) fn list(state: &State, exchange: &Exchange, product: &Product) -> Reply {
    Reply::Body(json!({ "items": objects(state, exchange, product), "paging": {} }))
}

/// The images of a product as the API shows them.
pub(crate) fn objects(state: &State, exchange: &Exchange, product: &Product) -> Vec<Value> {
    let library = hold(&state.library);
    let images = library.evotor.get(&product.key()).into_iter().flat_map(crate::album::Album::iter);
    images.map(|image| object(state, exchange, product, image)).collect()
}

/// One image.
pub(crate) fn one(state: &State, exchange: &Exchange, product: &Product, id: &str) -> Result<Reply, Refusal> {
    let library = hold(&state.library);
    let image = library.evotor.get(&product.key()).and_then(|album| album.get(id));
    image.map(|image| Reply::Body(object(state, exchange, product, image))).ok_or(Refusal::status(404))
}

/// Deletes one image.
pub(crate) fn delete(state: &State, exchange: &Exchange, product: &Product, id: &str) -> Result<Reply, Refusal> {
    let mut library = hold(&state.library);
    let removed = album::take_out(&mut library.evotor, &product.key(), id);
    exchange.ticket.deleted(&product.album(), id, removed.is_none().then_some("404"));
    match removed {
        Some(image) => library.release(&image.content),
        None if state.settings.evotor.delete_absent_succeeds => {}
        None => return Err(Refusal::status(404)),
    }
    Ok(Reply::Gone)
}

/// Deletes all images of a product (not documented; found in the vendor's own client).
pub(crate) fn delete_all(state: &State, exchange: &Exchange, product: &Product) -> Reply {
    let mut library = hold(&state.library);
    for image in library.evotor.remove(&product.key()).iter().flat_map(crate::album::Album::iter) {
        exchange.ticket.deleted(&product.album(), &image.id, None);
        library.release(&image.content);
    }
    Reply::Gone
}

/// An image as the API shows it.
fn object(state: &State, exchange: &Exchange, product: &Product, image: &EvotorImage) -> Value {
    let content = &image.content;
    let date = date_text(image.created, true);
    json!({
        "id": image.id,
        "user_id": state.settings.evotor.user_id,
        "store_id": product.store,
        "product_id": product.product,
        "url": original_url(&exchange.base, "evotor", &content.name),
        "meta": {
            "extension": content.picture.extension(),
            "file_size": content.bytes.len(),
            "width": content.picture.width,
            "height": content.picture.height,
        },
        "created_at": date,
        "updated_at": date,
    })
}
