// SPDX-License-Identifier: MPL-2.0
//! Puts the times of coded pictures into the order in which they are shown.

use crate::media::Ns;

/// The deepest reordering that H.264 and HEVC allow, in pictures.
pub const DEPTH: usize = 16;

/// Holds the latest times back until no earlier one can come.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Ascending.
    times: [Ns; DEPTH + 1],
    held: usize,
}

impl Order {
    /// Takes the time of the next picture to be decoded; returns the time of one picture whose place is known, once
    /// there are enough.
    pub fn push(&mut self, time: Ns) -> Option<Ns> {
        let place = self.times[..self.held].partition_point(|held| *held <= time);
        self.times.copy_within(place..self.held, place + 1);
        self.times[place] = time;
        self.held += 1;
        (self.held > DEPTH).then(|| self.pop()).flatten()
    }

    /// The earliest of those that are held.
    pub fn pop(&mut self) -> Option<Ns> {
        let first = (self.held > 0).then_some(self.times[0])?;
        self.times.copy_within(1..self.held, 0);
        self.held -= 1;
        Some(first)
    }
}
