// SPDX-License-Identifier: MPL-2.0
//! Without a reference: how the mouth of a speaking face goes with the sound.
//!
//! A face is found and followed ([`face`], [`net`], [`follow`]) on the grid of cells alone. How far its mouth is open is a linear map of the
//! cells round it ([`mouth`]); how far it should be is a linear map of what is heard ([`speech`]). Over ten seconds the two agree at one
//! offset, or they don't: then there is another voice, or nobody speaks, and nothing is said. Both maps are learnt from a few talking heads
//! (`training/train.py`).

mod face;
mod follow;
mod mouth;
mod net;
mod series;
mod speech;
mod verdict;
mod weights;

use std::sync::Arc;

use super::Estimate;
use crate::media::{MS, Ns, SECOND, Span, picture::Grid, sound::Block};
use face::Faces;
use mouth::Mouth;
pub use series::Comparison;
use series::Series;
use speech::{BANDS, Speech};
use verdict::Verdicts;

/// Time between two instants at which sound and mouth are compared.
const INSTANT: Ns = 40 * MS;

/// Instants before and after the one whose mouth is told from sound.
const CONTEXT: usize = 3;

const LEARNT: usize = (2 * CONTEXT + 1) * BANDS;

/// How often they are compared.
const TURN: Ns = SECOND;

/// What was learnt: from cells to the mouth, from sound to the mouth.
#[derive(Debug, Clone)]
pub struct Maps {
    mouth: [f32; mouth::NUMBERS],
    speech: [f32; LEARNT],
}

impl Maps {
    /// As `training/train.py` writes them. None, if there are more or fewer numbers.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if numbers.len() != mouth::NUMBERS + LEARNT || !rest.is_empty() {
            return None;
        }
        let number = |i: usize| f32::from_le_bytes(numbers[i]);
        Some(Self {
            mouth: std::array::from_fn(number),
            speech: std::array::from_fn(|i| number(mouth::NUMBERS + i)),
        })
    }
}

impl Default for Maps {
    fn default() -> Self {
        Self::read(include_bytes!("maps.bin")).unwrap_or(Self {
            mouth: [0.0; mouth::NUMBERS],
            speech: [0.0; LEARNT],
        })
    }
}

/// Follows both streams.
#[derive(Debug)]
pub struct Mouths {
    maps: Maps,
    faces: Faces,
    mouth: Mouth,
    speech: Speech,
    series: Series,
    verdicts: Verdicts,
    compared: Option<Ns>,
}

impl Mouths {
    /// With these maps.
    pub fn new(maps: Maps) -> Self {
        Self {
            maps,
            faces: Faces::new(),
            mouth: Mouth::default(),
            speech: Speech::new(48_000),
            series: Series::new(),
            verdicts: Verdicts::default(),
            compared: None,
        }
    }

    /// Another programme: all is forgotten but for what was learnt beforehand.
    pub fn reset(&mut self) {
        self.faces.forget();
        self.mouth = Mouth::default();
        self.speech = Speech::new(48_000);
        self.series = Series::new();
        self.verdicts = Verdicts::default();
        self.compared = None;
    }

    /// Sound of the programme.
    pub fn listen(&mut self, at: Span, block: &Block<'_>) {
        let series = &mut self.series;
        self.speech
            .listen(at, block, |instant, levels| series.heard(instant, levels));
    }

    /// A picture of the programme.
    pub fn look(&mut self, at: Span, grid: &Arc<Grid>) {
        let time = at.start + at.duration() / 2;
        let seen = self.faces.look(time, grid).map(|(pose, track)| {
            let open = self.mouth.measure(grid, &pose, track, &self.maps.mouth);
            (open, track)
        });
        self.series.seen(time, seen);
    }

    /// Compares them, if it is time; `now`: both have come there.
    pub fn compare(&mut self, now: Ns) {
        if self.compared.is_some_and(|c| c.abs_diff(now) < TURN) {
            return;
        }
        self.compared = Some(now);
        let comparison = self.series.compare(now, &self.maps.speech);
        self.verdicts.add(now, comparison);
    }

    /// The last comparison, if a face was in view for most of its ten seconds: whether it is confident, and what it gave.
    pub fn last(&self) -> Option<(bool, Comparison)> {
        self.verdicts.last()
    }

    /// What the last comparisons say.
    pub fn estimate(&self) -> Option<Estimate> {
        self.verdicts.estimate()
    }
}

impl Default for Mouths {
    fn default() -> Self {
        Self::new(Maps::default())
    }
}

#[cfg(test)]
mod tests;
