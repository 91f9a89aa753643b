// SPDX-License-Identifier: MPL-2.0
//! What threads share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value, whatever became of others that held it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
