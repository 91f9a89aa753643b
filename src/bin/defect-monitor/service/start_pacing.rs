// SPDX-License-Identifier: MPL-2.0
//! Staggers the start of streams, so that five hundred don't fill memory and processors with connections in the same
//! instant.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lock::lock;

/// Time between two starts.
const APART: Duration = Duration::from_millis(20);

/// Gives each stream its time to start.
#[derive(Debug)]
pub struct StartPacing(Mutex<Instant>);

impl Default for StartPacing {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl StartPacing {
    /// The time at which the caller may start; the next caller gets a later one.
    pub fn next_start(&self) -> Instant {
        let mut free = lock(&self.0);
        let start = (*free).max(Instant::now());
        *free = start + APART;
        start
    }
}
