// SPDX-License-Identifier: MPL-2.0
//! The last second of a channel: which flat tops lie at the largest level since the last louder sound.

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
        let [mut cut, down] = [0, 1].map(|side| self.under_one_ceiling(side));
        cut.samples += down.samples;
        cut.runs += down.runs;
        cut.level = cut.level.max(down.level);
        cut.first = cut.first.max(down.first);
        cut.fresh |= down.fresh;
        cut
    }

    /// Backwards in time: what is louder began before the clipping did, so it begins another count. The largest one is it.
    fn under_one_ceiling(&self, side: usize) -> Cut {
        let (mut best, mut cut) = (Cut::default(), Cut::default());
        for age in 1..=Self::BLOCKS {
            let b = self.blocks[(self.next + Self::BLOCKS - age) % Self::BLOCKS][side];
            if b.max > cut.level + SAME {
                if cut.samples > best.samples {
                    best = cut;
                }
                cut = Cut {
                    level: b.max,
                    ..Cut::default()
                };
            }
            if b.samples > 0 && b.max >= cut.level - SAME {
                cut.samples += b.samples;
                cut.runs += b.runs;
                cut.first = age;
                cut.fresh |= age == 1;
            }
        }
        if cut.samples > best.samples {
            cut
        } else {
            best
        }
    }
}
