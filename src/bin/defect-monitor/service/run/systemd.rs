// SPDX-License-Identifier: MPL-2.0
//! Tells systemd how the service is, if systemd has started it.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use super::super::log;

/// Number of signs of life in the time after which systemd ends a silent service.
const SIGNS_PER_TIMEOUT: u32 = 3;

/// Tells systemd a state; does nothing without systemd.
pub fn notify(state: NotifyState<'_>) {
    if let Err(e) = sd_notify::notify(false, &[state]) {
        log::line("", format!("systemd can't be told: {e}"));
    }
}

/// The watchdog of systemd (`WatchdogSec=`), which ends a service that gives no sign of life.
pub struct Watchdog {
    /// `None`: there is none.
    interval: Option<Duration>,
    last: Instant,
}

impl Watchdog {
    /// Asks the environment whether there is one.
    pub fn new() -> Self {
        let mut micros = 0;
        let is_there = sd_notify::watchdog_enabled(false, &mut micros);
        Self {
            interval: is_there.then(|| Duration::from_micros(micros) / SIGNS_PER_TIMEOUT),
            last: Instant::now(),
        }
    }

    /// Gives a sign of life, if it is time for one.
    pub fn tell_alive(&mut self) {
        let is_due = |interval| self.last.elapsed() >= interval;
        if self.interval.is_some_and(is_due) {
            self.last = Instant::now();
            notify(NotifyState::Watchdog);
        }
    }
}
