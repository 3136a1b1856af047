//! Yandex Direct: the image services of v5 and v4 Live.

use super::Target;

/// The targets of this provider.
pub(super) const TARGETS: &[Target] = &[];
