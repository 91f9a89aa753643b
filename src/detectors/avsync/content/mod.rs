// SPDX-License-Identifier: MPL-2.0
//! Lip-sync without a reference: compares how far the mouth of a speaking face is open with how far the sound suggests it.
//!
//! A face is found and followed ([`face`], [`net`], [`follow`]) on the grid of cells alone. How far its mouth is open is a
//! linear map of the cells round it ([`mouth`]); how far it should be open is a linear map of the sound ([`speech`]). Over
//! ten seconds the two agree at one offset. If they don't, somebody else speaks or nobody does, and there is no result.
//! Both maps are trained on a few talking heads (`training/train.py`).

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

/// Instants before and after the one whose opening is predicted from sound.
const CONTEXT: usize = 3;

const LEARNT: usize = (2 * CONTEXT + 1) * BANDS;

/// How often they are compared.
const TURN: Ns = SECOND;

/// The trained maps: from cells to the opening of the mouth, and from sound to it.
#[derive(Debug, Clone)]
pub struct Maps {
    mouth: [f32; mouth::NUMBERS],
    speech: [f32; LEARNT],
}

impl Maps {
    /// Reads the file that `training/train.py` writes; `None` if it has more or fewer numbers.
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

/// Compares a programme's sound with the mouth in its picture.
#[derive(Debug)]
pub struct SpeechSync {
    maps: Maps,
    faces: Faces,
    mouth: Mouth,
    speech: Speech,
    series: Series,
    verdicts: Verdicts,
    compared: Option<Ns>,
}

impl SpeechSync {
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

    /// Forgets the programme; the trained maps stay.
    pub fn reset(&mut self) {
        self.faces.forget();
        self.mouth = Mouth::default();
        self.speech = Speech::new(48_000);
        self.series = Series::new();
        self.verdicts = Verdicts::default();
        self.compared = None;
    }

    /// Takes sound of the programme.
    pub fn listen(&mut self, at: Span, block: &Block<'_>) {
        let series = &mut self.series;
        self.speech
            .listen(at, block, |instant, levels| series.heard(instant, levels));
    }

    /// Takes a picture of the programme.
    pub fn look(&mut self, at: Span, grid: &Arc<Grid>) {
        let time = at.start + at.duration() / 2;
        let seen = self.faces.look(time, grid).map(|(pose, track)| {
            let open = self.mouth.measure(grid, &pose, track, &self.maps.mouth);
            (open, track)
        });
        self.series.seen(time, seen);
    }

    /// Compares them, if it is time; `now`: the time up to which both have come.
    pub fn compare(&mut self, now: Ns) {
        if self.compared.is_some_and(|c| c.abs_diff(now) < TURN) {
            return;
        }
        self.compared = Some(now);
        let comparison = self.series.compare(now, &self.maps.speech);
        self.verdicts.add(now, comparison);
    }

    /// The last comparison, if a face was in view for most of its ten seconds: whether it is confident, and its
    /// result.
    pub fn last(&self) -> Option<(bool, Comparison)> {
        self.verdicts.last()
    }

    /// The estimate from the last comparisons.
    pub fn estimate(&self) -> Option<Estimate> {
        self.verdicts.estimate()
    }
}

impl Default for SpeechSync {
    fn default() -> Self {
        Self::new(Maps::default())
    }
}

#[cfg(test)]
mod tests;
