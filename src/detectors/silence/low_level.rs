// SPDX-License-Identifier: MPL-2.0
//! Low level: a programme so soft that nobody hears it, because of a fader left down, a wrong input, crosstalk.

use crate::media::{
    Ns, Span,
    dsp::sliding_window::SlidingWindow,
    sound::{AudioFormat, power_db},
};

/// The window of short-term loudness (EBU Tech 3341): 3 s.
pub const WINDOW: Ns = 3_000_000_000;

/// Low level ends only this far above the limit (chosen, as for silence).
const HYSTERESIS_DB: f64 = 3.0;

/// The level of the last 3 s, and since when it is low. It isn't weighted: over seconds of programme the weighting of
/// loudness changes it by a decibel or two, and the offset and rumble that the weighting removes are gone with the
/// mean of each block.
#[derive(Debug)]
pub struct LowLevel {
    window: SlidingWindow,
    block: Ns,
    /// Start of the first window whose level was low.
    since: Option<Ns>,
    established: bool,
    /// End of the last low level.
    until: Ns,
}

impl LowLevel {
    /// For sound of this format.
    pub fn new(format: &AudioFormat) -> Self {
        let blocks = format.blocks(WINDOW);
        Self {
            window: SlidingWindow::new(blocks),
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

    /// Called when silence has lasted for the whole window: forgets the levels before.
    pub fn clear(&mut self) {
        self.window.clear();
        self.forget();
    }

    /// Ends the low level.
    fn forget(&mut self) {
        self.since = None;
        self.established = false;
    }

    /// Whether it counts as low level now.
    pub fn is_established(&self) -> bool {
        self.established
    }

    /// Start of the low level, once it has lasted for `duration`.
    pub fn since(&self, now: Ns, duration: Ns) -> Option<Ns> {
        self.since
            .filter(|since| self.established || now.saturating_sub(*since) >= duration)
    }

    /// End of the last low level.
    pub fn until(&self) -> Ns {
        self.until
    }

    /// Lets it count as low level until it is well above the limit; returns whether it didn't before.
    pub fn establish(&mut self) -> bool {
        !std::mem::replace(&mut self.established, true)
    }
}
