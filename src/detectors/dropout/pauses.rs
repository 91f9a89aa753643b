// SPDX-License-Identifier: MPL-2.0
//! Tells deliberate pauses from dropouts: beeps, Morse code, a metronome and gated speech are silent again and again,
//! a dropout interrupts running sound.

use super::{runs::QUIET, steps::Step};

/// Steps (milliseconds) in a part, and parts in the window.
const PART: u16 = 100;
const PARTS: usize = 20;
/// Share of silence in the window from which pauses are frequent. Chosen: Morse code has a half, a beep of 0.1 s each
/// half second four fifths; a rest of 150 ms in each 600 ms a quarter.
const FREQUENT: f32 = 0.22;
/// Steps of digital silence that are a deliberate pause if their edges aren't those of a dropout ...
const PAUSE: u64 = 30;
/// ... and the time in steps after the older of two such pauses in which something that looks like a dropout may be a
/// pause as well.
const REMEMBERED: u64 = 6000;
/// Steps after which the edges of a silence are judged.
const JUDGED: u64 = 30;
/// Power against the usual level (-13 dB) below which sound that is cut off, in a stream with digital silence, is the
/// cut end of a gated word. Measured: gated and synthetic speech -14 to -22 dB.
const SOFT: f32 = 0.05;
/// Steps after which a digital silence no longer counts for that, and the shorter time for holes in the level.
const GATED: u64 = 30_000;
const DENSE: u64 = 800;
/// Weight of a step in the usual level: it forgets within 2 s.
const SHARE: f32 = 1.0 / 2000.0;

/// The silences of the last seconds. The time before the stream counts as silent: a dropout interrupts sound that has
/// gone on for a while.
#[derive(Debug)]
pub(super) struct Pauses {
    parts: [u16; PARTS],
    filled: u16,
    count: u64,
    /// Steps of digital silence up to now, and the end of the last such silence that isn't judged yet.
    silent: u64,
    unjudged: Option<u64>,
    /// Mean square of the steps with sound: the usual level.
    usual: f32,
    sounding: u64,
    /// Ends of the last two stretches of digital silence, the older one first.
    silences: [Option<u64>; 2],
    /// When the last two deliberate pauses were noticed, the older one first.
    pauses: [Option<u64>; 2],
}

impl Pauses {
    pub fn new() -> Self {
        Self {
            parts: [PART; PARTS],
            filled: 0,
            count: 0,
            silent: 0,
            unjudged: None,
            usual: 0.0,
            sounding: 0,
            silences: [None; 2],
            pauses: [None; 2],
        }
    }

    /// Takes a step. `cut`: it is in a hole that began abruptly. `pending`: such a hole isn't judged yet.
    pub fn push(&mut self, step: Step, cut: bool, pending: bool) {
        if self.filled == PART {
            self.parts.rotate_left(1);
            self.filled = 0;
        }
        if self.filled == 0 {
            self.parts[PARTS - 1] = 0;
        }
        let digital = step.quantum.is_infinite();
        self.filled += 1;
        self.parts[PARTS - 1] += u16::from(cut || digital);
        self.count += 1;
        if step.power > QUIET * QUIET {
            self.sounding += 1;
            let share = SHARE.max(1.0 / self.sounding as f32);
            self.usual += (step.power - self.usual) * share;
        }
        if digital {
            self.silent += 1;
        } else {
            if self.silent >= PAUSE {
                self.unjudged = Some(self.count);
                self.silences = [self.silences[1], self.unjudged];
            }
            self.silent = 0;
        }
        if !pending && self.unjudged.is_some_and(|end| self.count >= end + JUDGED) {
            self.unjudged = None;
            self.pauses = [self.pauses[1], Some(self.count)];
        }
    }

    /// Called when the last silence has the edges of a dropout: it isn't a pause.
    pub fn discard_last_silence(&mut self) {
        self.unjudged = None;
    }

    /// Whether pauses are frequent: more than [`FREQUENT`] of the last 2 s was silent.
    pub fn are_frequent(&self) -> bool {
        let steps: u16 = self.parts.iter().sum();
        f32::from(steps) >= FREQUENT * f32::from(PART) * PARTS as f32
    }

    /// Whether sound of mean square `power` ends by design: it is soft, and there was digital silence in the 30 s
    /// before the step `start`.
    pub fn is_soft_end(&self, power: f32, start: u64) -> bool {
        let was_silent = |end: &u64| *end <= start && start < end + GATED;
        self.silences.iter().flatten().any(was_silent) && power < SOFT * self.usual
    }

    /// The same, only if two such silences lie within the last 0.8 s: for holes, which are exact to a millisecond
    /// only and need a surer exclusion.
    pub fn is_soft_end_after_pauses(&self, power: f32, start: u64) -> bool {
        let dense = self.silences[0].is_some_and(|end| end <= start && start < end + DENSE);
        dense && self.is_soft_end(power, start)
    }

    /// Whether there were two deliberate pauses in the last 6 s.
    pub fn are_deliberate(&self) -> bool {
        self.pauses[0].is_some_and(|at| self.count < at + REMEMBERED)
    }
}
