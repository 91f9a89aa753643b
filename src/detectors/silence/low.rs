// SPDX-License-Identifier: MPL-2.0
//! A programme that is there, but so soft that nobody hears it: a fader left down, a wrong input, crosstalk.

use crate::media::{
    Ns, Span,
    dsp::sliding::Sliding,
    sound::{AudioFormat, power_db},
};

/// The window of short-term loudness (EBU Tech 3341): 3 s.
pub const WINDOW: Ns = 3_000_000_000;

/// What was soft ends so far over the limit (chosen, as for silence).
const HYSTERESIS_DB: f64 = 3.0;

/// The level of the last 3 s, and since when it is low. Not weighted: over seconds of programme the curve of loudness shifts it by
/// a decibel or two, and what it is to take away, offset and rumble, is gone with the mean of each block.
#[derive(Debug)]
pub struct Low {
    window: Sliding,
    block: Ns,
    /// Since when it is low: where the first window that was low begins.
    since: Option<Ns>,
    established: bool,
    /// When it last stopped being low.
    until: Ns,
}

impl Low {
    /// For sound of that format.
    pub fn new(format: &AudioFormat) -> Self {
        let blocks = format.blocks(WINDOW);
        Self {
            window: Sliding::new(blocks),
            block: WINDOW / blocks as u64,
            since: None,
            established: false,
            until: 0,
        }
    }

    /// The level in dBFS; `None` until the window is full.
    pub fn level(&self) -> Option<f64> {
        let mean = self.window.mean().filter(|_| self.window.is_full())?;
        Some(power_db(mean))
    }

    /// Takes the sum of the mean squares of the channels over a span of any length.
    pub fn push(&mut self, span: Span, power: f64, limit: f64) {
        for _ in 0..(span.duration() / self.block.max(1)).max(1) {
            self.window.push(power);
        }
        let Some(level) = self.level() else { return };
        let bar = limit + if self.established { HYSTERESIS_DB } else { 0.0 };
        if level >= bar {
            if self.established {
                self.until = span.start;
            }
            self.forget();
        } else if self.since.is_none() {
            self.since = Some(span.end.saturating_sub(WINDOW));
        }
    }

    /// Silence has lasted for the whole window: what comes next is judged by itself.
    pub fn clear(&mut self) {
        self.window.clear();
        self.forget();
    }

    /// What was low until now is something else.
    fn forget(&mut self) {
        self.since = None;
        self.established = false;
    }

    /// Whether the level has been low for long enough.
    pub fn is_established(&self) -> bool {
        self.established
    }

    /// Since when the level has been low for at least that time.
    pub fn since(&self, now: Ns, duration: Ns) -> Option<Ns> {
        self.since
            .filter(|since| self.established || now.saturating_sub(*since) >= duration)
    }

    /// When the last low stretch ended.
    pub fn until(&self) -> Ns {
        self.until
    }

    /// From now on it counts as low until it is well over the limit; whether this is news.
    pub fn establish(&mut self) -> bool {
        !std::mem::replace(&mut self.established, true)
    }
}
