// SPDX-License-Identifier: MPL-2.0
//! The latest cuts.

use crate::media::{MS, Ns};

/// Share of the cells that jump by a cut, and how many of them more than before: chosen; fast sport makes a half for many pictures in a row.
const CUT: (f64, f64) = (0.35, 0.25);
/// How fast the pace of the programme is learnt, per picture.
const PACE: f64 = 0.2;
/// How many cuts are remembered.
const CUTS: usize = 16;
/// What is so near to a cut may be its doing.
const NEAR: Ns = 300 * MS;

/// Remembers them.
#[derive(Debug, Default)]
pub struct Cuts {
    at: [Option<Ns>; CUTS],
    next: usize,
    /// Average share of the cells that jump from picture to picture.
    pace: f64,
}

impl Cuts {
    /// Takes the share of the cells that jumped from the last picture to that at `at`.
    pub fn step(&mut self, at: Ns, jumped: f64) {
        if jumped > CUT.0 && jumped > self.pace + CUT.1 {
            self.at[self.next] = Some(at);
            self.next = (self.next + 1) % CUTS;
        }
        self.pace += (jumped - self.pace) * PACE;
    }

    /// Whether there was one near that time.
    pub fn any_near(&self, at: Ns) -> bool {
        self.at.iter().flatten().any(|cut| cut.abs_diff(at) <= NEAR)
    }
}
