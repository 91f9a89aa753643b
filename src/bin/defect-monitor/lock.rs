// SPDX-License-Identifier: MPL-2.0
//! Locking of values that threads share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, ignoring that another thread panicked while it held the lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
