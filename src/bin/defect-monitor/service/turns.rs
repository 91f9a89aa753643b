// SPDX-License-Identifier: MPL-2.0
//! Streams start one after another, so that five hundred don't fill memory and processors with connections in the same instant.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lock::lock;

/// Between two starts.
const APART: Duration = Duration::from_millis(20);

/// Who starts when.
#[derive(Debug)]
pub struct Turns(Mutex<Instant>);

impl Default for Turns {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Turns {
    /// When the one that asks may start; the next one later.
    pub fn next(&self) -> Instant {
        let mut free = lock(&self.0);
        let turn = (*free).max(Instant::now());
        *free = turn + APART;
        turn
    }
}
