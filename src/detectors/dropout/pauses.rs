// SPDX-License-Identifier: MPL-2.0
//! How much of the last two seconds was silent by design: a dropout cuts running sound off; beeps, Morse code, a metronome and
//! gated speech are silent again and again.

use super::{runs::QUIET, steps::Step};

/// Steps (milliseconds) in a part, and parts in the window.
const PART: u16 = 100;
const PARTS: usize = 20;
/// Share of silence from which pauses are the rule. Chosen: Morse code has a half, a beep of 0.1 s each half second four fifths;
/// a rest of 150 ms in each 600 ms a quarter.
const RULE: f32 = 0.22;
/// Digital silence of so many steps that isn't a dropout by its edges is a pause by design ...
const PAUSE: u64 = 30;
/// ... and where two of them lie in so many steps, what looks like a dropout may be one as well.
const REMEMBERED: u64 = 6000;
/// Steps after which the edges of a silence are judged.
const JUDGED: u64 = 30;
/// In a stream with digital silence, what is cut off so far below its usual level, as a ratio of powers (-13 dB), is the end of a word at
/// a gate, or a consonant in front of a stop. Measured: gated and synthetic speech -14 to -22 dB.
const SOFT: f32 = 0.05;
/// Steps after which such a silence is forgotten for that.
const GATED: u64 = 30_000;
const DENSE: u64 = 800;
/// Share of a step in the usual level: 2 s to forget.
const SHARE: f32 = 1.0 / 2000.0;

/// The last seconds. What came before the stream counts as silent: a dropout interrupts sound that has gone on for a while.
#[derive(Debug)]
pub(super) struct Pauses {
    parts: [u16; PARTS],
    filled: u16,
    count: u64,
    /// Steps of digital silence up to now, and the end of the last such stretch that isn't judged yet.
    still: u64,
    ended: Option<u64>,
    /// Mean square of the steps with sound, over some seconds.
    usual: f32,
    sounding: u64,
    /// Ends of the last two stretches of digital silence, the older one first.
    silences: [Option<u64>; 2],
    /// When the last two pauses by design were noticed, the older one first.
    pauses: [Option<u64>; 2],
}

impl Pauses {
    pub fn new() -> Self {
        Self {
            parts: [PART; PARTS],
            filled: 0,
            count: 0,
            still: 0,
            ended: None,
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
            self.still += 1;
        } else {
            if self.still >= PAUSE {
                self.ended = Some(self.count);
                self.silences = [self.silences[1], self.ended];
            }
            self.still = 0;
        }
        if !pending && self.ended.is_some_and(|end| self.count >= end + JUDGED) {
            self.ended = None;
            self.pauses = [self.pauses[1], Some(self.count)];
        }
    }

    /// The silence that has just ended has the edges of a dropout.
    pub fn was_cut(&mut self) {
        self.ended = None;
    }

    /// Whether much of the last 2 s was silent.
    pub fn are_the_rule(&self) -> bool {
        let silent: u16 = self.parts.iter().sum();
        f32::from(silent) >= RULE * f32::from(PART) * PARTS as f32
    }

    /// Whether sound of that mean square is so soft, in a stream that had digital silence before the step `start`, that it ends by design.
    pub fn is_soft(&self, power: f32, start: u64) -> bool {
        let was_silent = |end: &u64| *end <= start && start < end + GATED;
        self.silences.iter().flatten().any(was_silent) && power < SOFT * self.usual
    }

    /// The same, where two such silences were within the last 0.8 s: what is exact to a millisecond only has to be surer.
    pub fn is_soft_among_pauses(&self, power: f32, start: u64) -> bool {
        let dense = self.silences[0].is_some_and(|end| end <= start && start < end + DENSE);
        dense && self.is_soft(power, start)
    }

    /// Whether there were two pauses by design in the last 6 s.
    pub fn are_by_design(&self) -> bool {
        self.pauses[0].is_some_and(|at| self.count < at + REMEMBERED)
    }
}
