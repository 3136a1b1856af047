//! Putting one picture into an advertiser's library: journal first, then the rules, then the library, where equal
//! contents are one image and the first name stays.

use std::sync::Arc;

use bytes::Bytes;

use super::classes::{Unfit, Wanted, classify};
use super::quota::is_full;
use super::texts::{self, Language, Text};
use crate::digest::yandex_hash;
use crate::journal::Ticket;
use crate::library::{Content, Library, YandexImage};
use crate::lock::hold;
use crate::settings::Settings;
use crate::state::{Examined, State};

/// Why a picture did not get into the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    details: Text,
}

impl Refusal {
    /// A refusal for a file that is no picture.
    pub(crate) const NO_PICTURE: Self = Self::new(5004, texts::FILE_TYPE);
    /// A refusal for want of room in the advertiser's library.
    pub(crate) const FULL: Self = Self::new(7001, texts::QUOTA);

    pub(crate) const fn new(code: i64, details: Text) -> Self {
        Self { code, details }
    }

    /// The details in one language.
    pub(crate) fn details(&self, language: Language) -> &'static str {
        self.details.in_(language)
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        let (code, details) = match unfit {
            Unfit::FileSize => (5010, texts::FILE_SIZE),
            Unfit::FixedFileSize => (5010, texts::FIXED_FILE_SIZE),
            Unfit::FileType => (5004, texts::FILE_TYPE),
            Unfit::PixelSize => (5004, texts::PIXEL_SIZE),
        };
        Self::new(code, details)
    }
}

/// Stores `bytes` under `name` and tells the hash.
///
/// # Errors
/// When a rule, the image quota or the emulator's memory refuses the picture.
pub(crate) async fn upload(
    state: &Arc<State>,
    ticket: &Ticket,
    login: &str,
    name: String,
    bytes: Bytes,
    wanted: Wanted,
) -> Result<String, Refusal> {
    let examined = state.examine(bytes).await;
    let place = ticket.sent(login, &examined.sha, examined.bytes.len());
    let stored = store(state, login, name, &examined, wanted);
    match &stored {
        Ok((_, true)) => ticket.settle(place, "stored"),
        Ok((_, false)) => ticket.settle(place, "known"),
        Err(refusal) => ticket.settle(place, format!("refused:{}", refusal.code)),
    }
    stored.map(|(hash, _)| hash)
}

/// A picture that fits a class, kept by the library for an image that is not there yet.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) content: Arc<Content>,
    hash: String,
    class: &'static str,
    subtype: String,
}

/// Judges a picture and keeps its content. Whoever gets it must [`place`] or release it.
///
/// # Errors
/// When a rule or the emulator's memory refuses the picture.
pub(crate) fn prepare(
    settings: &Settings,
    library: &mut Library,
    examined: &Examined,
    wanted: Wanted,
) -> Result<Prepared, Refusal> {
    let tolerance = settings.yandex.wide_tolerance;
    let (class, subtype) = classify(examined.bytes.len(), examined.picture, wanted, tolerance)?;
    let picture = examined.picture.map_err(|_| Refusal::NO_PICTURE)?;
    let copy = if settings.deduplicate { 0 } else { library.next_copy() };
    let content = library
        .keep(examined.sha, &examined.bytes, picture, settings.stored_bytes)
        .map_err(|_| Refusal::new(7001, texts::MEMORY))?;
    Ok(Prepared { content, hash: yandex_hash(&examined.sha, copy), class, subtype })
}

/// Puts a prepared picture into a library; the hash, and whether it is a new image.
pub(crate) fn place(library: &mut Library, login: &str, name: String, prepared: Prepared) -> (String, bool) {
    let Prepared { content, hash, class, subtype } = prepared;
    let album = library.yandex.entry(login.to_owned()).or_default();
    if album.get(&hash).is_some() {
        library.release(&content);
        return (hash, false);
    }
    let image = YandexImage { hash: hash.clone(), name, class, subtype, content };
    album.insert(hash.clone(), Arc::new(image));
    (hash, true)
}

/// The hash, and whether it is a new image. A full library still takes what it has already.
fn store(
    state: &State,
    login: &str,
    name: String,
    examined: &Examined,
    wanted: Wanted,
) -> Result<(String, bool), Refusal> {
    put(state, login, name, examined, wanted, false)
}

/// Puts an image into a library past its quota; the hash.
///
/// # Errors
/// When a rule for pictures or the emulator's memory refuses it.
pub(crate) fn seed(state: &State, login: &str, name: String, examined: &Examined) -> Result<String, Refusal> {
    put(state, login, name, examined, Wanted::NotFixed, true).map(|(hash, _)| hash)
}

fn put(
    state: &State,
    login: &str,
    name: String,
    examined: &Examined,
    wanted: Wanted,
    past_quota: bool,
) -> Result<(String, bool), Refusal> {
    let settings = state.live();
    let mut library = hold(&state.library);
    let prepared = prepare(&settings, &mut library, examined, wanted)?;
    let known = library.yandex.get(login).is_some_and(|album| album.get(&prepared.hash).is_some());
    if !known && !past_quota && is_full(&settings, &library, login) {
        library.release(&prepared.content);
        return Err(Refusal::FULL);
    }
    Ok(place(&mut library, login, name, prepared))
}
