// SPDX-License-Identifier: MPL-2.0
//! How fast the programme goes: cuts explain everything that is new in a picture.

use crate::media::{
    MS, Ns,
    picture::{Cells, Grid},
};

/// A cell whose mean changed by so many 8-bit codes jumped.
const JUMP: u16 = 12;
/// Share of the cells that jump by a cut, and how many of them more than before: chosen; fast sport makes a third for many pictures in a row.
const CUT: (f64, f64) = (0.35, 0.25);
/// How fast the pace of the programme is learnt, per picture.
const PACE: f64 = 0.2;
/// So long after a cut nothing is believed: a codec builds up the new picture in steps.
const SETTLING: Ns = 200 * MS;

/// Knows the pace, and the last cut.
#[derive(Debug, Default)]
pub struct Pace {
    sums: Vec<u16>,
    /// Average share of the cells that jump from picture to picture.
    pace: f64,
    cut: Option<Ns>,
    seen: bool,
}

impl Pace {
    /// Takes the next picture.
    pub fn step(&mut self, at: Ns, grid: &Grid, cells: &Cells) {
        if !self.seen || self.sums.len() != grid.sum().len() {
            self.sums.clear();
            self.sums.extend_from_slice(grid.sum());
            (self.seen, self.cut, self.pace) = (true, Some(at), 0.0);
            return;
        }
        let least = 64 * (JUMP << (grid.depth() - 8));
        let mut jumped = 0u64;
        for r in cells.stretches(grid) {
            let pairs = self.sums[r.clone()].iter().zip(&grid.sum()[r]);
            let count: u16 = pairs.map(|(a, b)| u16::from(a.abs_diff(*b) > least)).sum();
            jumped += u64::from(count);
        }
        let jumped = jumped as f64 / cells.count().max(1) as f64;
        if jumped > CUT.0 && jumped > self.pace + CUT.1 {
            self.cut = Some(at);
        }
        self.pace += (jumped - self.pace) * PACE;
        self.sums.copy_from_slice(grid.sum());
    }

    /// Whether this very picture is the first after a cut.
    pub fn has_cut(&self, at: Ns) -> bool {
        self.cut == Some(at)
    }

    /// Whether what is new can't come from a cut.
    pub fn is_steady(&self, at: Ns) -> bool {
        self.seen && self.cut.is_none_or(|cut| at.abs_diff(cut) > SETTLING)
    }
}
