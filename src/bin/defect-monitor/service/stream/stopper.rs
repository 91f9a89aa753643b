// SPDX-License-Identifier: MPL-2.0
//! Tells a thread to stop, even while it waits.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::lock::lock;

/// Why a stream is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The process ends, or the stream is no longer in the configuration.
    Stopped,
    /// Another member watches the stream from now on.
    HandedOver,
    /// The stream is started again at once, with another configuration.
    Changed,
    /// The stream is started again at once, in another worker.
    Moved,
}

impl Reason {
    /// The reason in the `end` of an episode.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::HandedOver => "handed-over",
            Self::Changed => "changed",
            Self::Moved => RESTARTED,
        }
    }
}

/// Why episodes end and seconds are missing when a worker is replaced.
pub const RESTARTED: &str = "monitor-restarted";

/// Tells a thread to stop, and why. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Stopper(Arc<(Mutex<Option<Reason>>, Condvar)>);

impl Stopper {
    /// Tells the thread to stop; the first reason counts.
    pub fn stop(&self, reason: Reason) {
        lock(&self.0.0).get_or_insert(reason);
        self.0.1.notify_all();
    }

    /// Whether the thread was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.reason().is_some()
    }

    /// Why the thread was told to stop, if it was.
    pub fn reason(&self) -> Option<Reason> {
        *lock(&self.0.0)
    }

    /// Waits until that time, or until told to stop; returns whether it was told to stop.
    pub fn wait_until(&self, time: Instant) -> bool {
        let mut stopped = lock(&self.0.0);
        loop {
            let left = time.saturating_duration_since(Instant::now());
            if stopped.is_some() || left == Duration::ZERO {
                return stopped.is_some();
            }
            stopped = match self.0.1.wait_timeout(stopped, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
