// SPDX-License-Identifier: MPL-2.0
//! The layer of the network: damage stays from picture to picture until the network finds it gone.

use super::super::{
    damage::Damage,
    layer::{Layer, PictureContext},
};
use super::{
    Scheduler,
    weights::{LEARNT, Weights},
};
use crate::media::{Ns, SECOND, Span, picture::VideoFormat};

/// How long damage counts without being confirmed. Chosen.
const UNCONFIRMED: Ns = 2 * SECOND;

/// The layer. Allocates nothing while it is switched off.
#[derive(Debug)]
pub struct NeuralLayer {
    format: VideoFormat,
    weights: &'static Weights,
    scheduler: Option<Scheduler>,
    found: Option<Known>,
    /// End of the damage, if that hasn't been reported yet.
    healed_at: Option<Ns>,
}

/// Damage that was found.
#[derive(Debug)]
struct Known {
    damage: Damage,
    /// The first and the last picture in which it was found.
    since: Ns,
    confirmed: Ns,
}

impl NeuralLayer {
    /// For pictures of that format.
    pub fn new(format: &VideoFormat) -> Self {
        Self::with(&LEARNT, format)
    }

    pub(super) fn with(weights: &'static Weights, format: &VideoFormat) -> Self {
        Self {
            weights,
            format: *format,
            scheduler: None,
            found: None,
            healed_at: None,
        }
    }

    /// End of damage that was found gone since the last call, once.
    pub fn take_healed(&mut self) -> Option<Ns> {
        self.healed_at.take()
    }

    /// Drops the work in progress at `at`, and takes the picture for undamaged.
    fn reset(&mut self, at: Ns) {
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.reset();
        }
        self.learn(at, None);
    }

    /// Takes the result for the picture at `at`.
    fn learn(&mut self, at: Ns, damage: Option<Damage>) {
        match (damage, self.found.take()) {
            (Some(damage), before) => {
                self.found = Some(Known {
                    damage,
                    since: before.map_or(at, |known| known.since),
                    confirmed: at,
                });
            }
            // Somewhere between the two pictures.
            (None, Some(Known { confirmed, .. })) => {
                self.healed_at = Some(confirmed + at.saturating_sub(confirmed) / 2);
            }
            (None, None) => {}
        }
    }
}

impl Layer for NeuralLayer {
    fn inspect(&mut self, context: &PictureContext<'_>) -> Option<Damage> {
        if !context.settings.map {
            (self.scheduler, self.found) = (None, None);
            return None;
        }
        let at = context.span.start;
        if context.coarse {
            self.reset(at);
            return None;
        }
        if self.scheduler.is_none() {
            self.scheduler = Scheduler::new(self.weights, &self.format);
        }
        if context.is_cut() {
            self.reset(at);
        }
        if let Some(verdict) = self.scheduler.as_mut()?.push(context) {
            let least = context.settings.threshold;
            let damage = verdict.damage.filter(|damage| damage.share >= least);
            self.learn(verdict.at, damage);
        }
        let is_old = |known: &Known| at.saturating_sub(known.confirmed) > UNCONFIRMED;
        if self.found.as_ref().is_some_and(is_old) {
            self.learn(at, None);
        }
        self.found.as_ref().map(|known| Damage {
            span: Span::new(known.since, context.span.end),
            ..known.damage.clone()
        })
    }
}
