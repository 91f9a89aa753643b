// SPDX-License-Identifier: MPL-2.0
//! Keeps picture and sound in step, as a file does, so that defects are reported in the order of their times.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How far one may be ahead of the other, in ms.
const LEAD: u64 = 200;

/// So long one waits for the other: never for ever, since the other may have been stopped.
const PATIENCE: Duration = Duration::from_millis(200);

/// Where picture and sound are, in ms.
#[derive(Debug, Default)]
struct Places {
    at: [AtomicU64; 2],
    lock: Mutex<()>,
    moved: Condvar,
}

/// One of the two.
#[derive(Debug)]
pub struct Step {
    places: Arc<Places>,
    me: usize,
}

impl Step {
    /// Both, at the start.
    pub fn pair() -> [Self; 2] {
        let places = Arc::new(Places::default());
        [0, 1].map(|me| Self {
            places: Arc::clone(&places),
            me,
        })
    }

    /// Goes on to that time, when the other isn't far behind.
    pub fn to(&self, ms: u64) {
        let Places { at, lock, moved } = &*self.places;
        at[self.me].store(ms, Ordering::SeqCst);
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        moved.notify_all();
        let other = &at[1 - self.me];
        let ahead = |_: &mut ()| ms > other.load(Ordering::SeqCst).saturating_add(LEAD);
        drop(moved.wait_timeout_while(guard, PATIENCE, ahead));
    }
}

impl Drop for Step {
    /// Nobody waits for one that has gone.
    fn drop(&mut self) {
        self.places.at[self.me].store(u64::MAX, Ordering::SeqCst);
    }
}
