// SPDX-License-Identifier: MPL-2.0
//! Pictures that have the very time of another one, so that only one of the two is seen.
//!
//! It is a fault where it is rare: streams that give several buffers the time of one picture, for its fields or slices, do so again and
//! again. All numbers are chosen.

use super::{Break, order::DEPTH};
use crate::media::{MS, Ns};

/// Number of further pictures after which a repeat is reported.
const AFTER: u32 = 8;
/// Number of the latest pictures in which repeats are counted.
const COUNTED: u32 = 32;
/// Most of these that may repeat a time: where more do, it is the habit of the stream.
const RARE: u32 = COUNTED / 8;
/// Pictures that come faster may have the same time in whole milliseconds (Matroska, FLV).
const SHORTEST: Ns = 3 * MS;

/// Follows the times of pictures in the order in which they come.
#[derive(Debug, Clone, Default)]
pub struct Repeats {
    /// The latest times.
    times: [Ns; DEPTH],
    count: usize,
    /// Whether each of the latest pictures repeated a time, the newest in the lowest bit.
    repeated: u32,
    candidate: Option<(Break, u32)>,
}

impl Repeats {
    /// The next picture. `usual`: the usual distance; `depth`: how many of the pictures before may have any later time.
    pub fn next(&mut self, time: Ns, usual: Option<Ns>, depth: usize) -> Option<Break> {
        let repeats =
            (1..=depth.min(self.count)).any(|back| self.times[(self.count - back) % DEPTH] == time);
        self.times[self.count % DEPTH] = time;
        self.count += 1;
        self.repeated = self.repeated << 1 | u32::from(repeats);
        if let Some((_, since)) = &mut self.candidate {
            *since += 1;
            return (*since >= AFTER).then(|| self.decide(AFTER))?;
        }
        let unit = usual.filter(|unit| repeats && *unit >= SHORTEST)?;
        let found = Break {
            expected: time.saturating_add(unit),
            at: time,
            tolerance: 0,
            unit,
            flagged: false,
            backwards: false,
            repeats: true,
        };
        self.candidate = Some((found, 0));
        None
    }

    /// No more pictures come; gives the last repeat.
    pub fn end(&mut self) -> Option<Break> {
        let found = self.decide(2);
        *self = Self::default();
        found
    }

    /// The candidate, if it is rare and at least `after` pictures came after it.
    fn decide(&mut self, after: u32) -> Option<Break> {
        let (found, since) = self.candidate.take()?;
        let known = self.count >= COUNTED as usize && since >= after;
        (known && self.repeated.count_ones() <= RARE).then_some(found)
    }
}
