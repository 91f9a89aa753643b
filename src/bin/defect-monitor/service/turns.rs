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
pub struct Turns(Mutex<Instant>);

impl Default for Turns {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Turns {
    /// The time at which the caller may start; the next caller gets a later one.
    pub fn next(&self) -> Instant {
        let mut free = lock(&self.0);
        let turn = (*free).max(Instant::now());
        *free = turn + APART;
        turn
    }
}
