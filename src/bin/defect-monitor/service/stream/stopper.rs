// SPDX-License-Identifier: MPL-2.0
//! Tells a thread to stop, even while it waits.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;

/// Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Stopper(Arc<(Mutex<bool>, Condvar)>);

impl Stopper {
    /// Stop.
    pub fn stop(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    /// Whether to stop.
    pub fn is_stopped(&self) -> bool {
        *lock(&self.0.0)
    }

    /// Waits until that time, or until told to stop; whether it was.
    pub fn wait_until(&self, time: Instant) -> bool {
        let mut stopped = lock(&self.0.0);
        loop {
            let left = time.saturating_duration_since(Instant::now());
            if *stopped || left == Duration::ZERO {
                return *stopped;
            }
            stopped = match self.0.1.wait_timeout(stopped, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
