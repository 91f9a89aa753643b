// SPDX-License-Identifier: MPL-2.0
//! A timer of the monotonic clock that calls from the system clock's own thread, never from a streaming thread.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use gst::prelude::*;

use super::super::guarded::lock;
use crate::media::Ns;

/// A timer; at most one call is pending.
#[derive(Default)]
pub struct Timer {
    pending: Mutex<Option<gst::SingleShotClockId>>,
    armed: AtomicBool,
}

/// The time of the monotonic clock: it only goes forward, and doesn't depend on the pipeline or the time of day.
pub fn now() -> Ns {
    gst::SystemClock::obtain().time().nseconds()
}

impl Timer {
    /// Whether a call is pending.
    pub fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// Calls at that time, instead of any other call. The time has to lie within a day or so: GStreamer's clock hangs
    /// on waits that are too long.
    pub fn set(&self, at: Ns, call: impl FnOnce() + Send + 'static) {
        let clock = gst::SystemClock::obtain();
        let id = clock.new_single_shot_id(gst::ClockTime::from_nseconds(at.min(u64::MAX - 1)));
        let mut pending = lock(&self.pending);
        if let Some(old) = pending.take() {
            old.unschedule();
        }
        // Set before the timer starts, since it may call at once.
        self.armed.store(true, Ordering::Release);
        let waits = id.wait_async(move |_, _, _| call());
        if waits.is_err() {
            self.armed.store(false, Ordering::Release);
        }
        *pending = waits.is_ok().then_some(id);
    }

    /// To be called by the timer's callback.
    pub fn rang(&self) {
        self.armed.store(false, Ordering::Release);
    }

    /// Cancels the call.
    pub fn cancel(&self) {
        let old = lock(&self.pending).take();
        if let Some(old) = old {
            old.unschedule();
        }
        self.armed.store(false, Ordering::Release);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.cancel();
    }
}
