// SPDX-License-Identifier: MPL-2.0
//! Ctrl-C and the like: the first ends the watch in good order, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// What was caught.
#[derive(Debug)]
pub struct Signals(Arc<AtomicUsize>);

/// Statuses as a shell has them: 128 and the number of the signal.
const BASE: u8 = 128;

impl Signals {
    /// Catches from now on.
    pub fn new() -> std::io::Result<Self> {
        Self::of(&[SIGINT, SIGTERM, SIGHUP])
    }

    /// Catches those signals from now on.
    pub fn of(signals: &[i32]) -> std::io::Result<Self> {
        let caught = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        for &signal in signals {
            // In this order: only the second time the flag is there already.
            flag::register_conditional_shutdown(
                signal,
                i32::from(BASE) + signal,
                Arc::clone(&again),
            )?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(signal, Arc::clone(&caught), signal as usize)?;
        }
        Ok(Self(caught))
    }

    /// Whether to stop.
    pub fn caught(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// The exit status that tells of an interruption. Who sends SIGTERM wanted the program to end, as a service manager
    /// does: that is no failure.
    pub fn status(&self) -> Option<u8> {
        let signal = self.0.load(Ordering::Acquire);
        let interrupted = signal == SIGINT as usize || signal == SIGHUP as usize;
        interrupted.then(|| BASE + signal as u8)
    }
}
