//! Taking images out of an advertiser's library. An image that an ad shows stays.

use crate::album;
use crate::library::Library;
use crate::lock::hold;
use crate::state::State;

/// Why an image was not taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The library has no image of this hash.
    Unknown,
    /// An ad shows it, or did so until a moment ago.
    Bound,
    /// It was shown to somebody once; only Live 4 minds.
    Shown,
}

/// Takes one image out of a library.
///
/// # Errors
/// [`Kept::Unknown`] and [`Kept::Bound`].
pub(crate) fn remove(state: &State, login: &str, hash: &str) -> Result<(), Kept> {
    let mut library = hold(&state.library);
    check(state, &library, login, hash)?;
    take_out(&mut library, login, hash);
    Ok(())
}

/// Takes all these images out of a library, or none.
///
/// # Errors
/// The first hash whose image must stay, and why.
pub(crate) fn remove_all<'a>(state: &State, login: &str, hashes: &'a [String]) -> Result<(), (&'a str, Kept)> {
    let mut library = hold(&state.library);
    for hash in hashes {
        check(state, &library, login, hash).map_err(|kept| (hash.as_str(), kept))?;
        if library.ads.was_shown(login, hash) {
            return Err((hash, Kept::Shown));
        }
    }
    for hash in hashes {
        take_out(&mut library, login, hash);
    }
    Ok(())
}

fn check(state: &State, library: &Library, login: &str, hash: &str) -> Result<(), Kept> {
    if library.yandex.get(login).and_then(|album| album.get(hash)).is_none() {
        return Err(Kept::Unknown);
    }
    let lag = state.live().yandex.associated_lag_millis;
    if library.ads.is_bound(login, hash, state.now(), lag) { Err(Kept::Bound) } else { Ok(()) }
}

fn take_out(library: &mut Library, login: &str, hash: &str) {
    if let Some(image) = album::take_out(&mut library.yandex, login, hash) {
        library.release(&image.content);
        library.ads.forget_image(login, hash);
    }
}
