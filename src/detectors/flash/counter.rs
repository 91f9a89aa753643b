// SPDX-License-Identifier: MPL-2.0
//! Counts opposing transitions at each point, and the share of the screen that makes one at the same time.

use std::collections::VecDeque;

use super::transition::{DOWN, UP};
use crate::media::{MS, Ns, SECOND};

/// Transitions that are kept of a point: enough for more than five flashes.
const KEPT: usize = 11;
/// The largest number of flashes a second that can be allowed.
pub const MOST_FLASHES: u64 = (KEPT as u64 - 1) / 2;
/// Transitions must lie closer together than a second by this time: some containers round timestamps to milliseconds.
pub const ROUNDING: Ns = 2 * MS;
/// Transitions that lie no further apart happen at the same time (TRACE guidelines: 20 ms).
const AT_ONCE: Ns = 20 * MS + MS / 2;
/// Pictures within [`AT_ONCE`] at 120 a second, and the newest one.
const PICTURES: usize = 3;
/// Most pictures of a second whose exact times are kept.
const MOST_PICTURE_TIMES: usize = 256;
/// Tiles of the screen, both ways (chosen): points of a tile that rise and fall at the same time cancel out, since that is motion or
/// noise, not a flash.
const TILES: (usize, usize) = (4, 3);
/// Parts of a ninth of the screen, both ways.
const NINTH: usize = 8;
/// Unit of the times of a point, in ns.
const TICK: Ns = MS / 10;

/// The points that are counted, and the limits.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    /// Columns of points, and rows.
    pub size: (usize, usize),
    /// First and end of the columns and rows that count.
    pub columns: (usize, usize),
    pub rows: (usize, usize),
    /// Flashes that a second may have.
    pub allowed: u64,
    /// Distance of leading edges from which any number of flashes is harmless.
    pub spacing: Ns,
    /// Whether the share is that of the worst ninth of the screen, not of all of it.
    pub ninths: bool,
}

/// How much of the screen makes a transition at the same time, as shares of it, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FlashingShare {
    /// Share in any transition.
    pub any: f64,
    /// Share in a transition that is part of a sequence with at least two flashes a second.
    pub sequence: f64,
    /// Share in a transition that is one too many in a second.
    pub too_many: f64,
    /// When the sequence of too many transitions began at most of these points.
    pub since: Ns,
    /// Rectangle of these points, in points: first column and row, end of columns and rows.
    pub bounds: Option<[usize; 4]>,
}

/// How serious a point's transition is, by the transitions before it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Grade {
    Any,
    Sequence,
    TooMany,
}

/// Parts of the screen in which rising and falling points are counted, both ways: tiles, or if the share is that of the worst ninth
/// parts of such a ninth.
fn zones(count: &Count) -> (usize, usize) {
    if count.ninths {
        (3 * NINTH, 3 * NINTH)
    } else {
        TILES
    }
}

/// Points of a zone that rise less those that fall, by the least [`Grade`] of their transitions.
type Net = [i32; 3];

/// Counts at every point. Allocates with the first transition, not afterwards.
#[derive(Debug, Default)]
pub struct Counter {
    /// Per point, ticks since `base` of the last transitions, newest first; 0 = none.
    times: Vec<[u32; KEPT]>,
    last: Vec<u8>,
    base: Ns,
    /// Times of the pictures of the last second.
    picture_times: VecDeque<Ns>,
    /// The zones of the last pictures, newest first.
    pictures: VecDeque<(Ns, Vec<Net>)>,
}

/// Finds the value of more than half of all, if there is one (Boyer and Moore, 1981).
#[derive(Debug, Default)]
struct Majority {
    value: u32,
    lead: u32,
}

impl Majority {
    fn add(&mut self, value: u32) {
        if self.lead == 0 {
            self.value = value;
        }
        if value == self.value {
            self.lead += 1;
        } else {
            self.lead -= 1;
        }
    }
}

impl Counter {
    /// Takes the directions of all points at that time, and returns how much of the screen took part.
    pub fn count(&mut self, at: Ns, directions: &[u8], count: &Count) -> FlashingShare {
        self.prepare(at, directions.len(), count);
        let now = (at.saturating_sub(self.base) / TICK) as u32 + 1;
        let (_, mut nets) = self.pictures.pop_back().unwrap_or_default();
        nets.fill(Net::default());
        let (mut first, mut bounds) = (Majority::default(), None::<[usize; 4]>);
        let zones = zones(count);
        for row in count.rows.0..count.rows.1 {
            let start = row * count.size.0;
            let nets = &mut nets[row * zones.1 / count.size.1 * zones.0..][..zones.0];
            let columns = count.columns.0..count.columns.1;
            for_each_set(&directions[start..][columns.clone()], |i, found| {
                let column = columns.start + i;
                let point = start + column;
                let direction = match self.last[point] {
                    UP => DOWN,
                    DOWN => UP,
                    // The first of all: a rise, if both were possible.
                    _ if found & UP != 0 => UP,
                    _ => DOWN,
                };
                if found & direction == 0 {
                    return;
                }
                self.last[point] = direction;
                let times = &mut self.times[point];
                times.copy_within(..KEPT - 1, 1);
                times[0] = now;
                let grade = grade(times, count);
                if grade == Grade::TooMany {
                    first.add(times[2 * count.allowed as usize]);
                    let b = bounds.get_or_insert([column, row, column + 1, row + 1]);
                    *b = [
                        b[0].min(column),
                        b[1].min(row),
                        b[2].max(column + 1),
                        b[3].max(row + 1),
                    ];
                }
                let sign = if direction == UP { 1 } else { -1 };
                let net = &mut nets[column * zones.0 / count.size.0];
                net[..=grade as usize].iter_mut().for_each(|n| *n += sign);
            });
        }
        self.pictures.push_front((at, nets));
        while self.picture_times.len() == MOST_PICTURE_TIMES
            || self
                .picture_times
                .front()
                .is_some_and(|t| at.saturating_sub(*t) > SECOND)
        {
            self.picture_times.pop_front();
        }
        self.picture_times.push_back(at);
        let share = |least| self.share(at, least, count);
        FlashingShare {
            any: share(Grade::Any),
            sequence: share(Grade::Sequence),
            too_many: share(Grade::TooMany),
            since: self.time(first.value),
            bounds,
        }
    }

    /// The time of the picture with that tick.
    fn time(&self, tick: u32) -> Ns {
        let start = self.base + Ns::from(tick.saturating_sub(1)) * TICK;
        let is_it = |time: &&Ns| (start..start + TICK).contains(*time);
        self.picture_times
            .iter()
            .find(is_it)
            .copied()
            .unwrap_or(start)
    }

    /// Makes room for all points, and moves `base` before ticks overflow.
    fn prepare(&mut self, at: Ns, points: usize, count: &Count) {
        if self.times.len() != points {
            self.times = vec![[0; KEPT]; points];
            self.last = vec![0; points];
            self.base = at;
            self.picture_times = VecDeque::with_capacity(MOST_PICTURE_TIMES);
        }
        let (across, down) = zones(count);
        if self
            .pictures
            .iter()
            .all(|(_, nets)| nets.len() != across * down)
        {
            let none = || (at, vec![Net::default(); across * down]);
            self.pictures = (0..PICTURES).map(|_| none()).collect();
        }
        let past = at.saturating_sub(self.base);
        if past / TICK > Ns::from(u32::MAX / 2) {
            // What is older than two seconds doesn't count any more.
            let ticks = (past - 2 * SECOND) / TICK;
            let shift = u32::try_from(ticks).unwrap_or(u32::MAX);
            let all = self.times.iter_mut().flatten();
            all.for_each(|time| *time = time.saturating_sub(shift));
            self.base += ticks * TICK;
        }
    }

    /// The share of the screen with transitions of at least that grade at once.
    fn share(&self, at: Ns, least: Grade, count: &Count) -> f64 {
        let recent = self.pictures.iter();
        let recent = recent.filter(|(then, _)| at.saturating_sub(*then) <= AT_ONCE);
        let net = |zone: usize| -> i32 {
            let nets = recent.clone().map(|(_, nets)| nets[zone]);
            nets.map(|net| net[least as usize]).sum()
        };
        if count.ninths {
            return worst_ninth(net, count);
        }
        let sum: u32 = (0..TILES.0 * TILES.1).map(|i| net(i).unsigned_abs()).sum();
        let all = (count.columns.1 - count.columns.0) * (count.rows.1 - count.rows.0);
        f64::from(sum) / all.max(1) as f64
    }
}

/// Calls `act` with the place of each byte that isn't 0, and the byte. Most are 0: 16 at a time.
fn for_each_set(bytes: &[u8], mut act: impl FnMut(usize, u8)) {
    for (n, some) in bytes.chunks(16).enumerate() {
        if some.first_chunk().copied().map(u128::from_ne_bytes) == Some(0) {
            continue;
        }
        for (i, byte) in some.iter().enumerate().filter(|(_, byte)| **byte != 0) {
            act(16 * n + i, *byte);
        }
    }
}

/// The grade of a transition, by the times of the last ones.
fn grade(times: &[u32; KEPT], count: &Count) -> Grade {
    let within = |from: u32, to: u32, time: Ns| {
        (1..=to).contains(&from) && Ns::from(to - from) * TICK < time.saturating_sub(ROUNDING)
    };
    let too_many = times[2 * count.allowed as usize];
    if within(too_many, times[0], SECOND) {
        return Grade::TooMany;
    }
    // Two flashes are four transitions, and two leading edges too near to each other.
    let is_near =
        within(times[2], times[0], count.spacing) || within(times[3], times[1], count.spacing);
    if is_near && within(times[3], times[0], SECOND) {
        Grade::Sequence
    } else {
        Grade::Any
    }
}

/// The largest share that a block of a third of the width and of the height has (WCAG 2.2: 341x256 of 1024x768), by the net of each
/// zone.
fn worst_ninth(net: impl Fn(usize) -> i32, count: &Count) -> f64 {
    const SIDE: usize = 3 * NINTH;
    let nets: [i32; SIDE * SIDE] = std::array::from_fn(net);
    let block = |x: usize, y: usize| {
        let rows = nets.chunks_exact(SIDE).skip(y).take(NINTH);
        rows.flat_map(|row| &row[x..x + NINTH])
            .sum::<i32>()
            .unsigned_abs()
    };
    let places = (0..=SIDE - NINTH).flat_map(|y| (0..=SIDE - NINTH).map(move |x| (x, y)));
    let most = places.map(|(x, y)| block(x, y)).max();
    let points = count.size.0 * count.size.1;
    f64::from(most.unwrap_or(0)) * 9.0 / points.max(1) as f64
}
