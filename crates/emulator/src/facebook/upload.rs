//! Creating images on the edge, from `bytes`, file parts or another account's image (reference 8). All pictures of a request
//! are looked at before the first is stored, so an error leaves nothing behind, save that of the emulator's memory.

use std::sync::Arc;

use bytes::Bytes;
use image::ImageFormat;
use serde_json::{Map, Value, json};

use super::auth;
use super::call::Call;
use super::error::GraphError;
use super::expansion::{self, Field};
use super::fields;
use super::params::Params;
use crate::base64;
use crate::digest::{Sha, facebook_hash};
use crate::journal::Ticket;
use crate::library::FacebookImage;
use crate::lock::hold;
use crate::picture::{Picture, PictureFault};
use crate::settings::CopyKey;
use crate::state::{Examined, State};

const NOT_SUPPORTED: u32 = 1_487_411;
const NOT_PROCESSED: u32 = 1_487_197;
const NOT_BASE64: u32 = 1_487_242;
const ZIP: u32 = 1_815_814;

/// The most characters of a file's name.
const LONGEST_NAME: usize = 100;
/// Extensions that the server's own message lists.
const EXTENSIONS: [&str; 7] = ["jpg", "jpeg", "gif", "bmp", "png", "tiff", "tif"];

/// One picture of a request.
struct Sent {
    /// Its key in the answer.
    key: String,
    name: String,
    bytes: Bytes,
    /// A file's part has a type; `bytes` needs none.
    typed: bool,
    file: bool,
}

/// Stores the pictures of a request. Of two parts with one file name both are stored and the last is in the answer
/// (assumption, reference 16.20).
///
/// # Errors
/// Error 100 without an image, and with a subcode for one that is refused.
pub(super) async fn answer(
    state: &Arc<State>,
    call: &mut Call,
    ticket: &Ticket,
    account: &str,
) -> Result<Value, GraphError> {
    if call.params.get("url").is_some() {
        return Err(GraphError::invalid("(#100) Uploading by URL is not a documented parameter and is refused"));
    }
    // `fields` has no effect unless switched on (assumption, reference 16.15).
    let asked = match state.settings.facebook.read_after_write && call.params.given("fields").is_some() {
        true => Some(expansion::asked(&call.params, &[])?),
        false => None,
    };
    if let Some(asked) = &asked {
        fields::check(asked)?;
    }
    if call.params.get("copy_from").is_some() || call.params.given("copy_from[hash]").is_some() {
        return copy(state, call, asked.as_deref(), account);
    }
    let pictures = collect(state, &mut call.params)?;
    let mut ready = Vec::with_capacity(pictures.len());
    for sent in pictures {
        let examined = state.examine(sent.bytes.clone()).await;
        let place = ticket.sent(account, &examined.sha, examined.bytes.len());
        match judge(state, &sent, &examined) {
            Ok(picture) => ready.push((sent, examined, picture, place)),
            Err(error) => {
                ticket.settle(place, format!("refused:{}", error.journal_code()));
                return Err(error);
            }
        }
    }
    let mut images = Map::new();
    for (sent, examined, picture, place) in ready {
        match store(state, account, &sent.name, (&examined.sha, &examined.bytes), picture) {
            Ok((image, new)) => {
                ticket.settle(place, if new { "stored" } else { "known" });
                images.insert(sent.key, fields::uploaded(state, &call.base, account, &image, asked.as_deref())?);
            }
            Err(error) => {
                ticket.settle(place, format!("refused:{}", error.journal_code()));
                return Err(error);
            }
        }
    }
    Ok(json!({ "images": images }))
}

/// Copies an image of another account under its name; the same content has the same hash there. The answer's form is that
/// of an upload (assumption, reference 16.8).
fn copy(state: &State, call: &Call, asked: Option<&[Field]>, account: &str) -> Result<Value, GraphError> {
    let missing = |member: &str| GraphError::invalid(format!("(#100) The parameter copy_from[{member}] is required"));
    let source = call.params.member("copy_from", "source_account_id")?.ok_or_else(|| missing("source_account_id"))?;
    let hash = call.params.member("copy_from", "hash")?.ok_or_else(|| missing("hash"))?;
    let source = source.strip_prefix("act_").unwrap_or(&source);
    auth::may_use(state, call, source)?;
    let found = match state.accounts.exists(source) {
        true => hold(&state.library).facebook.get(source).and_then(|album| album.get(&hash)).cloned(),
        false => None,
    };
    let absent = || GraphError::invalid("(#100) The source account has no image of this hash, or it cannot be read");
    let original = found.ok_or_else(absent)?;
    let content = &original.content;
    let (image, _) = store(state, account, &original.name, (&content.sha, &content.bytes), content.picture)?;
    let key = match state.settings.facebook.copy_key {
        CopyKey::Name => original.name.clone(),
        CopyKey::Hash => image.hash.clone(),
        CopyKey::Bytes => "bytes".to_owned(),
    };
    let copied = fields::uploaded(state, &call.base, account, &image, asked)?;
    Ok(json!({ "images": Map::from_iter([(key, copied)]) }))
}

fn collect(state: &State, params: &mut Params) -> Result<Vec<Sent>, GraphError> {
    let mut pictures = Vec::new();
    if let Some(text) = params.take("bytes") {
        let bytes = base64::decode(&text).filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| GraphError::picture(NOT_BASE64))?;
        let given = params.get("name").filter(|name| !name.is_empty() && state.settings.facebook.name_with_bytes);
        let name = given.unwrap_or("bytes").to_owned();
        pictures.push(Sent { key: "bytes".to_owned(), name, bytes, typed: true, file: false });
    }
    for part in params.files.drain(..) {
        let name = part.file_name.unwrap_or_default();
        pictures.push(Sent {
            key: name.clone(),
            name,
            bytes: Bytes::copy_from_slice(&part.content),
            typed: part.media_type.is_some(),
            file: true,
        });
    }
    if pictures.is_empty() {
        return Err(GraphError::invalid("(#100) The request holds no image: neither bytes nor a file part"));
    }
    Ok(pictures)
}

fn judge(state: &State, sent: &Sent, examined: &Examined) -> Result<Picture, GraphError> {
    let settings = &state.settings.facebook;
    let extension = sent.name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let extension = extension.unwrap_or_default();
    if examined.bytes.starts_with(b"PK\x03\x04") || (sent.file && extension == "zip") {
        return Err(GraphError::picture(ZIP));
    }
    let short = sent.name.chars().count() <= LONGEST_NAME;
    // A name beside `bytes` is only held to the length.
    let named = !settings.check_file_names || (short && (!sent.file || EXTENSIONS.contains(&extension.as_str())));
    if !named || (sent.file && settings.require_part_type && !sent.typed) {
        return Err(GraphError::picture(NOT_SUPPORTED));
    }
    if examined.bytes.len() > settings.largest_picture {
        return Err(GraphError::picture(settings.too_large_subcode));
    }
    match examined.picture {
        Ok(picture) if picture.format == ImageFormat::WebP => Err(GraphError::picture(NOT_SUPPORTED)),
        Ok(picture) => Ok(picture),
        Err(PictureFault::Unknown) => Err(GraphError::picture(NOT_SUPPORTED)),
        Err(PictureFault::Corrupt | PictureFault::TooBig) => Err(GraphError::picture(NOT_PROCESSED)),
    }
}

/// Stores a picture that no request brought; its hash.
///
/// # Errors
/// When the picture, its name apart, or the emulator's memory refuses it.
pub(super) fn seed(state: &State, account: &str, name: &str, examined: &Examined) -> Result<String, GraphError> {
    let bytes = examined.bytes.clone();
    let sent = Sent { key: String::new(), name: name.to_owned(), bytes, typed: true, file: false };
    let picture = judge(state, &sent, examined)?;
    store(state, account, name, (&examined.sha, &examined.bytes), picture).map(|(image, _)| image.hash)
}

/// The image, and whether it is new.
fn store(
    state: &State,
    account: &str,
    name: &str,
    (sha, bytes): (&Sha, &Bytes),
    picture: Picture,
) -> Result<(FacebookImage, bool), GraphError> {
    let now = state.now();
    let mut library = hold(&state.library);
    let copy = if state.live().deduplicate { 0 } else { library.next_copy() };
    let hash = facebook_hash(sha, copy);
    if let Some(known) = library.facebook.get(account).and_then(|album| album.get(&hash)) {
        return Ok((known.clone(), false));
    }
    let content = library.keep(*sha, bytes, picture, state.settings.stored_bytes).map_err(|_| {
        let text = "The emulator holds as many bytes of pictures as it was allowed to.";
        GraphError::picture(NOT_PROCESSED).saying(text)
    })?;
    let image = FacebookImage { hash: hash.clone(), name: name.to_owned(), created: now, updated: now, content };
    library.facebook.entry(account.to_owned()).or_default().insert(hash, image.clone());
    Ok((image, true))
}
