// SPDX-License-Identifier: MPL-2.0
//! Partial freezes: most of a picture stands still while a part (a ticker, an inset, a clock) goes on.
//!
//! For each cell it is known when it last changed, and since when it had changed at least once a second. The picture
//! is partly frozen if most cells have stood still for long, many of them moved before and stopped at one instant,
//! and that instant wasn't a cut. Cells that were always still don't count (a studio set behind a presenter), and a
//! cut to a still set isn't a picture that stopped.

use std::ops::Range;

use crate::media::{
    MS, Ns, Span,
    picture::{Area, Cells, Grid, SceneCutDetector, vectorized},
};

mod moving;

/// Least time between two pictures that are inspected: accurate enough for the start, at a tenth of the cost.
const INSPECTION: Ns = 80 * MS;
/// A cell that changes at least once in this time is moving.
const MOVING_PERIOD: Ms = 1000;
/// A cell that was moving for this long shows something that moves, not the effect of a codec or of an object that
/// passed.
const MOVED_FOR: Ms = 500;
/// Cells that stop within this time of one another stop at one instant.
const TOGETHER: Ms = 300;
/// Time for which a codec may go on refining the picture after it stopped.
const REFINEMENT: Ms = 1200;
/// Share of the picture that has to have moved, then stopped: chosen. Standing sets with a presenter have none.
const STOPPED: f64 = 0.1;
/// Share of the still cells that has to remain still for the freeze to go on.
const REMAINS: f64 = 0.85;
/// At the start of a stream it is unknown whether the picture ever moved. It counts as partly frozen if this share of
/// it has always stood still, and the part that moves is as small as a clock: a presenter before a still set is larger.
/// Chosen.
const ALWAYS_STILL: f64 = 0.95;

/// Milliseconds since the first picture.
type Ms = u64;

/// A picture that is partly frozen.
#[derive(Debug, Clone, Copy)]
pub struct PartialFreeze {
    /// When the picture stopped.
    pub since: Ns,
    /// Share that stands still.
    pub area: f64,
    /// The part that moves.
    pub moving: Area,
    /// Whether that part is a strip.
    pub ticker: bool,
}

/// When each cell changed last, and how often.
#[derive(Debug)]
pub struct CellActivity {
    /// Sum of each cell when it last changed.
    held: Vec<u16>,
    /// When each cell last changed, in ms.
    last: Vec<Ms>,
    /// Since when each cell has changed at least once a second, in ms.
    since: Vec<Ms>,
    begun: Option<Ns>,
    inspected: Option<Ns>,
    frozen: Option<Frozen>,
    cuts: SceneCutDetector,
    /// Share of the cells that haven't changed for a second.
    pub still: f64,
}

#[derive(Debug, Clone, Copy)]
struct Frozen {
    at: Ms,
    count: u32,
    parts: PartialFreeze,
    measured: Ms,
    /// Whether it has stood still since the first picture.
    always: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    /// Still for a second.
    still: u32,
    /// Still for the whole time asked for.
    long: u32,
    /// Still, of those that were when the picture froze.
    kept: u32,
}

impl CellActivity {
    /// For `cells` cells.
    pub fn new(cells: usize) -> Self {
        Self {
            held: vec![0; cells],
            last: vec![0; cells],
            since: vec![0; cells],
            begun: None,
            inspected: None,
            frozen: None,
            cuts: SceneCutDetector::default(),
            still: 0.0,
        }
    }

    fn ms(&self, at: Ns) -> Ms {
        at.saturating_sub(self.begun.unwrap_or(at)) / MS
    }

    /// Takes the share of the cells that jumped from the last picture to this one, 0 for the first.
    pub fn step(&mut self, span: Span, jumped: f64) {
        self.cuts.step(span.start, Some(jumped));
    }

    /// Whether there was a cut at that time.
    pub fn is_cut(&self, at: Ns) -> bool {
        self.cuts.any_near(at)
    }

    /// Takes a picture. Between two inspections the result is that of the last one. `wait`: how long cells have to stand still;
    /// `area`: how many; `tolerance`: change that a codec may cause, in 8-bit codes.
    pub fn push(
        &mut self,
        span: Span,
        grid: &Grid,
        cells: &Cells,
        tolerance: f64,
        area: f64,
        wait: Ns,
    ) -> Option<PartialFreeze> {
        let known = self.frozen.map(|f| f.parts);
        if self.held.len() != grid.sum().len()
            || self
                .inspected
                .is_some_and(|at| span.start.saturating_sub(at) < INSPECTION)
        {
            return known;
        }
        self.inspected = Some(span.start);
        if self.begun.is_none() {
            self.begun = Some(span.start);
            self.held.copy_from_slice(grid.sum());
            return None;
        }
        let now = self.ms(span.start);
        let wait = wait / MS;
        let tally = self.advance(grid, cells, grid.limit(64.0 * tolerance), now, wait);
        let count = cells.count().max(1) as f64;
        self.still = f64::from(tally.still) / count;
        self.frozen = match self.frozen {
            Some(f) => (f64::from(tally.kept) >= REMAINS * f64::from(f.count)).then_some(f),
            None if f64::from(tally.long) >= area * count && now >= wait => self
                .recognise(cells, grid, now, wait)
                .or_else(|| self.always_frozen(cells, grid, now)),
            None => None,
        };
        if let Some(f) = self.frozen
            && now.saturating_sub(f.measured) >= MOVING_PERIOD
        {
            let moving = if f.always {
                self.clock_part(cells, grid, now)
                    .map(|moving| (moving, false))
            } else {
                self.moving_part(cells, grid, f.at, now)
            };
            match moving {
                Some((moving, ticker)) => {
                    if let Some(f) = &mut self.frozen {
                        f.measured = now;
                        f.parts = PartialFreeze {
                            moving,
                            ticker,
                            area: f64::from(tally.kept) / count,
                            ..f.parts
                        };
                    }
                }
                None => self.frozen = None,
            }
        }
        self.frozen.map(|f| f.parts)
    }

    /// Notes which cells changed.
    fn advance(&mut self, grid: &Grid, cells: &Cells, limit: u16, now: Ms, wait: Ms) -> Tally {
        let kept = self.frozen.map_or(0, |f| f.at.saturating_add(REFINEMENT));
        let mut tally = Tally::default();
        for r in cells.row_ranges(grid) {
            let cells = (
                &grid.sum()[r.clone()],
                &mut self.held[r.clone()],
                &mut self.last[r.clone()],
                &mut self.since[r],
            );
            let times = [now, now.saturating_sub(wait), kept];
            let t = vectorized(advance, (cells, limit, times));
            tally.still += t.still;
            tally.long += t.long;
            tally.kept += t.kept;
        }
        tally
    }

    /// Looks for an instant at which a good part of the picture stopped.
    fn recognise(&self, cells: &Cells, grid: &Grid, now: Ms, wait: Ms) -> Option<Frozen> {
        let latest = now.saturating_sub(wait);
        let count = cells.count().max(1) as f64;
        let moved = |i: usize| self.last[i] - self.since[i].min(self.last[i]) >= MOVED_FOR;
        // The latest instant at which many stopped.
        let at = self.stopping_time(cells, grid, latest)?;
        let (mut stopped, mut goes_on, mut kept) = (0u32, 0u32, 0u32);
        for r in cells.row_ranges(grid) {
            for i in r {
                let last = self.last[i];
                let held = last <= at.saturating_add(REFINEMENT);
                kept += u32::from(held);
                stopped += u32::from(held && last.saturating_add(TOGETHER) >= at && moved(i));
                goes_on += u32::from(!held && self.since[i].saturating_add(MOVED_FOR) <= at);
            }
        }
        let enough = f64::from(stopped) >= STOPPED * count && stopped >= goes_on;
        if !enough || self.cuts.any_near(self.begun.unwrap_or(0) + at * MS) {
            return None;
        }
        let (moving, ticker) = self.moving_part(cells, grid, at, now)?;
        Some(Frozen {
            at,
            count: kept,
            measured: now,
            always: false,
            parts: PartialFreeze {
                since: self.begun.unwrap_or(0) + at * MS,
                area: f64::from(kept) / count,
                moving,
                ticker,
            },
        })
    }

    /// Looks for a picture that has stood still from the first one on, except for a part as small as a clock.
    fn always_frozen(&self, cells: &Cells, grid: &Grid, now: Ms) -> Option<Frozen> {
        let still = |r: Range<usize>| {
            self.last[r]
                .iter()
                .filter(|last| **last <= REFINEMENT)
                .count()
        };
        let kept: usize = cells.row_ranges(grid).map(still).sum();
        let area = kept as f64 / cells.count().max(1) as f64;
        if area < ALWAYS_STILL {
            return None;
        }
        Some(Frozen {
            at: 0,
            count: kept as u32,
            measured: now,
            always: true,
            parts: PartialFreeze {
                since: self.begun?,
                area,
                moving: self.clock_part(cells, grid, now)?,
                ticker: false,
            },
        })
    }

    /// The time at which most of the cells that moved stopped, not after `latest`.
    fn stopping_time(&self, cells: &Cells, grid: &Grid, latest: Ms) -> Option<Ms> {
        const BINS: usize = 64;
        const BIN: Ms = 100;
        let first = latest.saturating_sub(BINS as Ms * BIN);
        let mut histogram = [0u32; BINS + 1];
        for r in cells.row_ranges(grid) {
            for i in r {
                let (last, since) = (self.last[i], self.since[i]);
                if last >= first && last <= latest && last.saturating_sub(since) >= MOVED_FOR {
                    histogram[((last - first) / BIN) as usize] += 1;
                }
            }
        }
        let best = (0..histogram.len()).max_by_key(|i| histogram[*i])?;
        (histogram[best] > 0).then(|| first + best as Ms * BIN + BIN / 2)
    }
}

/// Sums of luma of a row of cells, and what is kept of each cell: the sum held, when it changed last, and since when it has changed.
type Row<'a> = (&'a [u16], &'a mut [u16], &'a mut [Ms], &'a mut [Ms]);

/// Updates one row of cells. `limit`: least change. `times`: now, the time before which a long stillness began, and
/// the time up to which cells kept still from the freeze on must have changed last.
#[inline(always)]
fn advance((cells, limit, times): (Row<'_>, u16, [Ms; 3])) -> Tally {
    let (sums, held, last, since) = cells;
    let [now, long, kept] = times;
    let mut tally = Tally::default();
    let cells = held.iter_mut().zip(last).zip(since);
    for (sum, ((held, last), since)) in sums.iter().zip(cells) {
        let changed = sum.abs_diff(*held) > limit;
        let again = now.saturating_sub(*last) > MOVING_PERIOD;
        *since = if changed & again { now } else { *since };
        *held = if changed { *sum } else { *held };
        *last = if changed { now } else { *last };
        tally.still += u32::from(now.saturating_sub(*last) >= MOVING_PERIOD);
        tally.long += u32::from(*last <= long);
        tally.kept += u32::from(*last <= kept);
    }
    tally
}
