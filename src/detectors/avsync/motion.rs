// SPDX-License-Identifier: MPL-2.0
//! Whether pictures go on over a step of their timestamps.
//!
//! Where pictures were lost, the picture after the step differs from the one before by all that happened in between. Where the timestamps
//! alone moved, it differs by as much as any picture does from the next. That tells them apart where something moves steadily; where
//! nothing moves, or everything changes with each picture, nothing is known. All numbers are chosen.

use super::prints::{PICTURE, shades};
use crate::media::{Ns, picture::Grid, timestamps::Break};

/// Pictures that are remembered.
const MEMORY: usize = 64;
/// Pairs of pictures on each side of a step that tell how much happens in such a time.
const PAIRS: usize = 4;
/// A picture that goes on changes by less than this part of what happens in the time of the step.
const LITTLE: f32 = 0.5;
/// How many times more must change in the time of the step than between two pictures.
const STEADY: f32 = 2.0;
/// The least that counts as motion: a tenth of a code of 8 bits, as a mean over all parts of the picture.
const LEAST: f32 = 4e-4;

/// The latest pictures.
#[derive(Debug)]
pub struct Motion {
    pictures: Box<[(Ns, [f32; PICTURE]); MEMORY]>,
    count: usize,
}

impl Default for Motion {
    fn default() -> Self {
        Self {
            pictures: Box::new([(0, [0.0; PICTURE]); MEMORY]),
            count: 0,
        }
    }
}

impl Motion {
    /// The next picture.
    pub fn look(&mut self, at: Ns, grid: &Grid) {
        self.pictures[self.count % MEMORY] = (at, shades(grid));
        self.count += 1;
    }

    /// Whether the pictures clearly go on over a step that is some pictures long.
    pub fn goes_on(&self, step: &Break) -> bool {
        let missing = (step.error().max(0) as f64 / step.unit.max(1) as f64).round() as usize;
        let Some(after) = self.first_from(step.at) else {
            return false;
        };
        let Some(before) = after.checked_sub(1).filter(|_| missing >= 2) else {
            return false;
        };
        let long = missing + 1;
        // Pairs that lie on one side of the step, as near to it as there are.
        let earlier =
            (0..PAIRS).map(|back| (before.checked_sub(long + back), before.checked_sub(back)));
        let later = (0..PAIRS).map(|on| (Some(after + on), Some(after + on + long)));
        let (mut pairs, mut least, mut much, mut little) = (0, f32::INFINITY, 0.0, 0.0);
        for (from, to) in earlier.chain(later) {
            let change = |to| self.change(from?, to);
            if let (Some(over), Some(next)) =
                (to.and_then(change), from.and_then(|f| change(f + 1)))
            {
                (pairs, least) = (pairs + 1, least.min(over));
                (much, little) = (much + over, little + next);
            }
        }
        let here = self.change(before, after);
        pairs >= PAIRS
            && least > LEAST
            && much > STEADY * little
            && here.is_some_and(|here| here < LITTLE * least)
    }

    /// Number of the first picture that begins at that time or later.
    fn first_from(&self, time: Ns) -> Option<usize> {
        let oldest = self.count.saturating_sub(MEMORY);
        (oldest..self.count).find(|n| self.pictures[n % MEMORY].0 >= time)
    }

    /// Mean difference of two pictures, as a fraction of the range; `None` if one of them isn't known.
    fn change(&self, from: usize, to: usize) -> Option<f32> {
        let known = self.count.saturating_sub(MEMORY)..self.count;
        let (a, b) = (
            &self.pictures[from % MEMORY].1,
            &self.pictures[to % MEMORY].1,
        );
        let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
        (known.contains(&from) && known.contains(&to)).then_some(sum / PICTURE as f32)
    }
}
