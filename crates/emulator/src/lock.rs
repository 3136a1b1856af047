//! Taking a mutex whose holder may have panicked: the emulator's tables stay usable, since each change to them is
//! made in one step.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The guarded value, whether or not an earlier holder panicked.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
