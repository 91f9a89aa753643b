// SPDX-License-Identifier: MPL-2.0
//! Pictures out of order.

use std::collections::VecDeque;

use super::rhythm::{MOVING, REPEAT, Step, Verdict};

/// Pictures in order differ least from the one before. A picture whose difference from an earlier one is smaller by this factor is out
/// of order; one that is the same as an earlier one is a step back, which `rhythm` counts. Chosen: exchanged pairs have 2/3, coding
/// order with two B-frames 3/4.
const NEARER: f64 = 0.87;

/// A stream is out of order if at least this share and number of its moving pictures are: things that shake or flicker make some look
/// so. Chosen.
const DISORDER: f64 = 0.2;
const LEAST_DISORDER: u32 = 6;

/// A step that is larger than the median by this factor is a leap. Chosen: a pyramid of three B pictures has 2.5.
const LEAP: f64 = 2.0;

/// Adds the pictures out of order, if there are so many that the stream's order must be wrong.
pub fn count(steps: &VecDeque<Step>, verdict: &mut Verdict) {
    let moves = |s: &&Step| s.moved >= MOVING && !s.flash;
    let is_nearer = |i: usize| {
        steps.get(i).is_some_and(|s| {
            let nearest = s.back.min(s.third);
            moves(&s) && (REPEAT * s.moved..NEARER * s.moved).contains(&nearest)
        })
    };
    // A picture that is out of order is further from its neighbours than these mostly are (2 1 4 3 has the steps 1, 3, 1), or the order
    // leaps beside it (3 1 0 2 7 has 2, 1, 2, 5). At the turning point of something that shakes, the steps keep growing.
    let mut paces = [0.0; super::MOST];
    let mut n = 0;
    for step in steps.iter().filter(moves).take(paces.len()) {
        paces[n] = step.moved;
        n += 1;
    }
    paces[..n].sort_unstable_by(f64::total_cmp);
    let leap = LEAP * paces.get(n / 2).copied().unwrap_or(0.0);
    let is_peak = |i: usize| {
        let moved = |i: usize| steps.get(i).map_or(f64::MAX, |s| s.moved);
        let neighbours = i.checked_sub(1).map_or(f64::MAX, moved).max(moved(i + 1));
        steps[i].moved > neighbours || (leap..f64::MAX).contains(&neighbours)
    };
    // If several pictures in a row are nearer to an earlier one, something trembles: a wrong order gives single ones.
    let is_out = |i: &usize| {
        let is_single = !is_nearer(i + 1) && !i.checked_sub(1).is_some_and(is_nearer);
        is_nearer(*i) && is_single && is_peak(*i)
    };
    let out = || (0..steps.len()).filter(is_out);
    let (count, moving) = (out().count() as u32, steps.iter().filter(moves).count());
    if count < LEAST_DISORDER || f64::from(count) < DISORDER * moving as f64 {
        return;
    }
    if count > verdict.faults {
        verdict.detail = "back";
    }
    verdict.faults += count;
    let (first, last) = (out().next(), out().next_back());
    verdict.first = first.map_or(verdict.first, |i| verdict.first.min(steps[i].span.start));
    verdict.last = last.map(|i| steps[i].span.end).max(verdict.last);
}
