// SPDX-License-Identifier: MPL-2.0
//! What the looks say from picture to picture: damage stays until a look finds the picture whole again.

use super::super::{CorruptionSettings, damage::Damage};
use super::{
    Map,
    weights::{LEARNT, Weights},
};
use crate::detector::{Evidence, Observation};
use crate::media::{
    Ns, SECOND, Span,
    picture::{Cells, Picture, SceneCutDetector, VideoFormat},
};

/// So long damage is believed without another look. Chosen.
const BELIEF: Ns = 2 * SECOND;

/// The map, as long as it is switched on, and what it has found.
#[derive(Debug)]
pub struct Mapped {
    format: VideoFormat,
    weights: &'static Weights,
    map: Option<Map>,
    /// The damage, since when it is known, and when it was seen last.
    found: Option<(Damage, Ns, Ns)>,
    /// When it was gone, if that hasn't been said yet.
    gone: Option<Ns>,
}

impl Mapped {
    /// For pictures of that format. Takes no memory as long as it isn't switched on.
    pub fn new(format: &VideoFormat) -> Self {
        Self::with(&LEARNT, format)
    }

    pub(super) fn with(weights: &'static Weights, format: &VideoFormat) -> Self {
        Self {
            weights,
            format: *format,
            map: None,
            found: None,
            gone: None,
        }
    }

    /// Takes the next picture; what is damaged in it as far as is known. `suspicious`: it is worth a look at once.
    pub fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        cells: &Cells,
        settings: &CorruptionSettings,
        cuts: &SceneCutDetector,
        suspicious: bool,
    ) -> Option<Damage> {
        if !settings.map {
            (self.map, self.found) = (None, None);
            return None;
        }
        if self.map.is_none() {
            self.map = Map::new(self.weights, &self.format);
        }
        if cuts.is_cut(span.start) {
            self.restart(span.start);
        }
        let map = self.map.as_mut()?;
        let steady = cuts.is_steady(span.start);
        if let Some(verdict) = map.push(span, picture, cells, steady, suspicious) {
            let least = settings.threshold;
            let damage = verdict.damage.filter(|damage| damage.share >= least);
            self.learn(verdict.at, damage);
        }
        let old = |(_, _, seen): &(_, _, Ns)| span.start.saturating_sub(*seen) > BELIEF;
        if self.found.as_ref().is_some_and(old) {
            self.learn(span.start, None);
        }
        self.found.as_ref().map(|(damage, ..)| damage.clone())
    }

    /// What was seen is of no interest any more.
    pub fn restart(&mut self, at: Ns) {
        if let Some(map) = &mut self.map {
            map.restart();
        }
        self.learn(at, None);
    }

    fn learn(&mut self, at: Ns, damage: Option<Damage>) {
        let before = self.found.take();
        match (damage, before) {
            (Some(damage), before) => {
                let since = before.map_or(at, |(_, since, _)| since);
                self.found = Some((damage, since, at));
            }
            // Somewhere between the two looks.
            (None, Some((_, _, seen))) => self.gone = Some(seen + at.saturating_sub(seen) / 2),
            (None, None) => {}
        }
    }

    /// Says since when it has been so, where that is before the picture.
    pub fn date(&mut self, seen: Observation) -> Observation {
        let gone = self.gone.take();
        let since = match seen.evidence {
            Evidence::Present => self.found.as_ref().map(|(_, since, _)| *since),
            _ => gone,
        };
        Observation { since, ..seen }
    }
}
