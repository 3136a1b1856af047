//! How many images an advertiser may have: a basic number and two more for each ad (v5 reference 3.1, Live 4 reference
//! 3.6).

use crate::library::Library;
use crate::settings::Settings;

/// The images of a library, and the uploads by URL that are still under way.
pub(crate) fn utilized(library: &Library, login: &str) -> usize {
    library.yandex.get(login).map_or(0, crate::album::Album::len) + library.tasks.pending(login)
}

/// The most images of a library.
pub(crate) fn capacity(settings: &Settings, library: &Library, login: &str) -> usize {
    settings.yandex.image_quota.saturating_add(library.ads.count(login).saturating_mul(2))
}

/// Whether a library takes no further image.
pub(crate) fn is_full(settings: &Settings, library: &Library, login: &str) -> bool {
    utilized(library, login) >= capacity(settings, library, login)
}
