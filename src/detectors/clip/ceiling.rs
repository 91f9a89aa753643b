// SPDX-License-Identifier: MPL-2.0
//! The last second of a channel: which flat tops lie at the largest level there was.

use super::tops::{SAME, Side};

/// What the flat tops at one level add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cut {
    /// Samples cut off.
    pub samples: u32,
    /// Flat tops.
    pub runs: u32,
    /// Their level.
    pub level: f32,
    /// Blocks since the first began.
    pub first: usize,
    /// Whether the newest block has some.
    pub fresh: bool,
}

/// The last second.
#[derive(Debug)]
pub(super) struct Ceiling {
    blocks: [[Side; 2]; Self::BLOCKS],
    next: usize,
}

impl Ceiling {
    /// Blocks of 10 ms that make up the second.
    pub const BLOCKS: usize = 100;

    pub fn new() -> Self {
        Self {
            blocks: [[Side::default(); 2]; Self::BLOCKS],
            next: 0,
        }
    }

    /// Takes a block; returns what the last second has.
    pub fn push(&mut self, sides: [Side; 2]) -> Cut {
        self.blocks[self.next] = sides;
        self.next = (self.next + 1) % Self::BLOCKS;
        let mut cut = Cut::default();
        for side in 0..2 {
            let max = self.blocks.iter().fold(0.0f32, |m, b| m.max(b[side].max));
            for (at, b) in self.blocks.iter().enumerate() {
                if b[side].samples > 0 && b[side].max >= max - SAME {
                    cut.samples += b[side].samples;
                    cut.runs += b[side].runs;
                    cut.level = cut.level.max(max);
                    // The oldest block is the next to be overwritten.
                    let age = (self.next + Self::BLOCKS - 1 - at) % Self::BLOCKS + 1;
                    cut.first = cut.first.max(age);
                    cut.fresh |= age == 1;
                }
            }
        }
        cut
    }
}
