// SPDX-License-Identifier: MPL-2.0
//! Calls back at a time of the wall clock, by the system clock's own thread: never by one that streams.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use gst::prelude::*;

use crate::media::Ns;

/// At most one call is pending.
#[derive(Default)]
pub struct Timer {
    pending: Mutex<Option<gst::SingleShotClockId>>,
    armed: AtomicBool,
}

/// The wall clock: it only goes forward, and says nothing about the time of day.
pub fn now() -> Ns {
    gst::SystemClock::obtain().time().nseconds()
}

impl Timer {
    /// Whether a call is pending.
    pub fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// Calls at that time, instead of any other.
    pub fn set(&self, at: Ns, call: impl FnOnce() + Send + 'static) {
        let clock = gst::SystemClock::obtain();
        let id = clock.new_single_shot_id(gst::ClockTime::from_nseconds(at.min(u64::MAX - 1)));
        let mut pending = self.lock();
        if let Some(old) = pending.take() {
            old.unschedule();
        }
        // Before it can ring, which may be at once.
        self.armed.store(true, Ordering::Release);
        let waits = id.wait_async(move |_, _, _| call());
        if waits.is_err() {
            self.armed.store(false, Ordering::Release);
        }
        *pending = waits.is_ok().then_some(id);
    }

    /// The call has come.
    pub fn rang(&self) {
        self.armed.store(false, Ordering::Release);
    }

    /// Calls no more.
    pub fn cancel(&self) {
        let old = self.lock().take();
        if let Some(old) = old {
            old.unschedule();
        }
        self.armed.store(false, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Option<gst::SingleShotClockId>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.cancel();
    }
}
