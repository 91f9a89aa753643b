// SPDX-License-Identifier: MPL-2.0
//! Measures how far two pictures differ, in terms that tell motion from what a codec does to a still.

use crate::media::picture::{Cells, Grid, vectorized};

/// How many cells one that jumped counts for: codecs hardly make cells of a still jump, and what moves (a pointer, a
/// mouth) is often small. In 23 holds (720p, H.264 at 0.8 and 2 Mb/s, MPEG-2 at 5 Mb/s) no cell changed by more than
/// 7 codes.
const JUMP: f64 = 12.0;

/// For noise of the codec up to the first number (mean change of the cells in 8-bit codes): a cell moved if it
/// changed by that many halves of the tolerance, and jumped at twice that. A codec that changes all of a still pops
/// in places, too: MPEG-2 at 3 Mb/s made a mean of 0.45 and cells of 7 codes.
const LEVELS: [(f64, usize); 3] = [(0.2, 2), (0.5, 3), (f64::INFINITY, 4)];

/// A cell without at least so much horizontal detail (in 8-bit codes, of 56 differences) can't show noise: it may be clipped, or a border.
const DETAIL: f64 = 8.0;

/// How two pictures differ in the cells' mean luma and chroma.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    /// Share of the cells that changed by more than the tolerance; cells that jumped count several times.
    pub moved: f64,
    /// Share of the cells that jumped.
    pub jumped: f64,
    /// The value of `moved` for the largest noise of a codec.
    pub gross: f64,
    /// Mean absolute difference of the cells' luma, in 8-bit codes.
    pub mean: f64,
    /// The same with its sign: whether all of the picture becomes lighter or darker.
    pub shift: f64,
}

impl Change {
    /// From `old` to `new`; `tolerance` in 8-bit codes of a cell's mean luma. `noise` returns, given the mean change, how much the codec
    /// changes the picture at present.
    pub fn between(
        old: &Grid,
        new: &Grid,
        cells: &Cells,
        tolerance: f64,
        noise: impl Fn(f64) -> f64,
    ) -> Self {
        let limit = new.limit(64.0 * tolerance);
        let total = vectorized(Totals::between, (old, new, cells, limit));
        let count = cells.count().max(1) as f64;
        let mean = new.codes(total.distance as f64 / count / 64.0);
        let share = |level: usize| {
            let moved = total.over[level].max(total.tinted) as f64 / count;
            let jumped = total.over[level + JUMPS] as f64 / count;
            (moved + (JUMP - 1.0) * jumped, jumped)
        };
        let noise = noise(mean);
        let level = LEVELS.iter().position(|(most, _)| noise <= *most);
        let (moved, jumped) = share(level.unwrap_or(JUMPS - 1));
        Self {
            moved,
            jumped,
            gross: share(JUMPS - 1).0,
            mean,
            shift: new.codes((total.after as f64 - total.before as f64) / count / 64.0),
        }
    }
}

#[derive(Default)]
struct Totals {
    over: [u64; 2 * JUMPS],
    tinted: u64,
    distance: u64,
    before: u64,
    after: u64,
}

impl Totals {
    #[inline(always)]
    fn between((old, new, cells, limit): (&Grid, &Grid, &Cells, u16)) -> Self {
        let mut total = Self::default();
        for r in cells.row_ranges(new) {
            let luma = counts(&old.sum()[r.clone()], &new.sum()[r.clone()], limit);
            // A quarter as many samples: four times the tolerance. MPEG-2 at 3 Mb/s shifted the chroma of 0.5 % of the cells by over 8
            // codes.
            let tinted = over(&old.cb()[r.clone()], &new.cb()[r.clone()], limit).max(over(
                &old.cr()[r.clone()],
                &new.cr()[r],
                limit,
            ));
            total.tinted += u64::from(tinted);
            for (total, over) in total.over.iter_mut().zip(luma.over) {
                *total += u64::from(over);
            }
            total.distance += u64::from(luma.distance);
            total.before += u64::from(luma.before);
            total.after += u64::from(luma.after);
        }
        total
    }
}

/// Where the counts of jumps begin.
const JUMPS: usize = LEVELS.len();

#[derive(Default)]
struct Counts {
    /// For each of `LEVELS`, the cells that moved, then those that jumped.
    over: [u32; 2 * JUMPS],
    distance: u32,
    before: u32,
    after: u32,
}

/// Counts over one row of cells: at most 2048, so that 16 bits are enough.
#[inline(always)]
fn counts(old: &[u16], new: &[u16], limit: u16) -> Counts {
    let limits = |jump: usize| {
        LEVELS
            .map(|(_, halves)| (usize::from(limit) * halves * jump / 2).min(u16::MAX.into()) as u16)
    };
    let ([a, b, c], [d, e, f]) = (limits(1), limits(2));
    let mut over = [0u16; 2 * JUMPS];
    for (old, new) in old.iter().zip(new) {
        let distance = old.abs_diff(*new);
        over[0] += u16::from(distance > a);
        over[1] += u16::from(distance > b);
        over[2] += u16::from(distance > c);
        over[3] += u16::from(distance > d);
        over[4] += u16::from(distance > e);
        over[5] += u16::from(distance > f);
    }
    let mut counts = Counts {
        over: over.map(u32::from),
        ..Counts::default()
    };
    for (old, new) in old.iter().zip(new) {
        counts.distance += u32::from(old.abs_diff(*new));
        counts.before += u32::from(*old);
        counts.after += u32::from(*new);
    }
    counts
}

/// Number of cells of a row that differ by more than `limit`.
#[inline(always)]
fn over(old: &[u16], new: &[u16], limit: u16) -> u16 {
    let mut count = 0;
    for (old, new) in old.iter().zip(new) {
        count += u16::from(old.abs_diff(*new) > limit);
    }
    count
}

/// The change of the detail of a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResidualNoise {
    /// Share of the cells with detail that aren't identical, by however little: 1 where there is noise, about 0 where
    /// a codec skipped a still. 0 if there is no detail.
    pub share: f64,
    /// Mean change of the horizontal differences in these cells, in 8-bit codes.
    pub texture: f64,
}

impl ResidualNoise {
    /// From `old` to `new`.
    pub fn between(old: &Grid, new: &Grid, cells: &Cells) -> Self {
        let detail = new.limit(DETAIL);
        let (mut stirred, mut detailed, mut texture) = (0u64, 0u64, 0u64);
        for r in cells.row_ranges(new) {
            let sums = old.sum()[r.clone()].iter().zip(&new.sum()[r.clone()]);
            let edges = old.dx()[r.clone()].iter().zip(&new.dx()[r]);
            let (mut other, mut rich, mut edge) = (0u32, 0u32, 0u32);
            for ((a, b), (c, d)) in sums.zip(edges) {
                let has = u32::from(*c.max(d) > detail);
                rich += has;
                other += has & u32::from((a != b) | (c != d));
                edge += has * u32::from(c.abs_diff(*d));
            }
            stirred += u64::from(other);
            detailed += u64::from(rich);
            texture += u64::from(edge);
        }
        let detailed = detailed.max(1) as f64;
        Self {
            share: stirred as f64 / detailed,
            texture: new.codes(texture as f64 / detailed / DIFFERENCES),
        }
    }
}

/// Horizontal differences within a cell.
const DIFFERENCES: f64 = 56.0;
