// SPDX-License-Identifier: MPL-2.0
//! What a member does next about the claims on streams.

use std::sync::Arc;
use std::time::Instant;

use super::super::assign::{Load, Seat, assign};
use super::super::records::Claim;
use super::{Slot, View};

/// What a stream costs, in cores, before any was measured.
const USUAL_COST: f64 = 0.2;
/// Streams that a member hands over at a time: each is disturbed for about a second.
const MOST_OFFERS: usize = 8;

/// A change of the claim on a stream, if it still has that revision; 0: if there never was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The stream.
    pub stream: Arc<str>,
    /// The revision that it has to have.
    pub revision: u64,
    /// The new claim; none: nobody has it any more.
    pub claim: Option<Claim>,
}

impl View {
    /// What this member does next. `may_claim`: whether it may claim streams that nobody has; `strict`: nobody is to claim what doesn't
    /// fit.
    pub fn changes(&self, now: Instant, may_claim: bool, strict: bool) -> Vec<Change> {
        let live = self.live(now);
        let names: Vec<&Arc<str>> = live.keys().copied().collect();
        let index = |name: &str| names.binary_search_by(|other| (***other).cmp(name)).ok();
        let seats = live.values().map(|record| Seat {
            weight: record.cores,
            room: record.room,
        });
        let seats: Vec<Seat> = seats.collect();
        let mean = self.mean_cost();
        let (mut streams, mut loads) = (Vec::new(), Vec::new());
        for stream in &self.streams {
            let holder = self.holder(stream, now);
            let place = holder.and_then(|holder| index(holder));
            // Someone of whom it isn't known yet whether he lives.
            if holder.is_some_and(|holder| place.is_none() && !self.is_gone(holder, now)) {
                continue;
            }
            streams.push(stream);
            loads.push(Load {
                cost: self.cost(stream, mean),
                holder: place,
            });
        }
        let places = assign(&seats, &loads, strict);
        let mut offers = self.offers();
        let mut changes = self.withdrawn();
        for (stream, place) in streams.into_iter().zip(places) {
            let to = place.map(|place| names[place]);
            changes.extend(self.change(stream, to, may_claim, &mut offers, now));
        }
        changes
    }

    /// Who watches a stream, or is about to.
    fn holder(&self, stream: &Arc<str>, now: Instant) -> Option<&Arc<str>> {
        let Some(claim) = self.claim(stream) else {
            return self.held.contains(stream).then_some(&self.me);
        };
        let next = claim.to.as_ref().filter(|to| !self.is_gone(to, now));
        Some(next.unwrap_or(&claim.holder))
    }

    /// How many streams this member is handing over.
    fn offers(&self) -> usize {
        let claims = self.claims.values().filter_map(|slot| slot.claim.as_ref());
        claims
            .filter(|claim| claim.holder == self.me && claim.to.is_some())
            .count()
    }

    /// What streams cost together, in cores.
    pub fn cost_of<'a>(&self, streams: impl Iterator<Item = &'a Arc<str>>) -> f64 {
        let mean = self.mean_cost();
        streams.map(|stream| self.cost(stream, mean)).sum()
    }

    fn cost(&self, stream: &Arc<str>, mean: f64) -> f64 {
        self.costs.get(stream).copied().unwrap_or(mean)
    }

    fn mean_cost(&self) -> f64 {
        let known: Vec<f64> = self
            .streams
            .iter()
            .filter_map(|s| self.costs.get(s).copied())
            .collect();
        match known.len() {
            0 => USUAL_COST,
            n => known.iter().sum::<f64>() / n as f64,
        }
    }

    /// Claims of this member on streams that aren't to be watched any more.
    fn withdrawn(&self) -> Vec<Change> {
        let claims = self.claims.iter();
        let is_over = |(stream, slot): &(&Arc<str>, &Slot)| {
            let holder = slot.claim.as_ref().map(|claim| &claim.holder);
            holder == Some(&self.me) && !self.streams.contains(*stream)
        };
        let over = claims.filter(is_over);
        over.map(|(stream, slot)| Change {
            stream: Arc::clone(stream),
            revision: slot.revision,
            claim: None,
        })
        .collect()
    }

    /// What this member does about a stream that belongs to `to`.
    fn change(
        &self,
        stream: &Arc<str>,
        to: Option<&Arc<str>>,
        may_claim: bool,
        offers: &mut usize,
        now: Instant,
    ) -> Option<Change> {
        let slot = self.claims.get(stream);
        let change = |to: Option<&Arc<str>>| Change {
            stream: Arc::clone(stream),
            revision: slot.map_or(0, |slot| slot.revision),
            claim: Some(Claim {
                holder: Arc::clone(&self.me),
                to: to.cloned(),
            }),
        };
        let is_mine = to == Some(&self.me);
        let Some(claim) = self.claim(stream) else {
            let is_held = self.held.contains(stream);
            return (is_held || (is_mine && may_claim)).then(|| change(None));
        };
        if claim.holder != self.me {
            let is_offered = claim.to.as_ref() == Some(&self.me);
            let is_free = is_mine && may_claim && self.is_gone(&claim.holder, now);
            return (is_offered || is_free).then(|| change(None));
        }
        let next = to.filter(|_| !is_mine);
        if claim.to.as_ref() == next {
            return None;
        }
        if next.is_some() && claim.to.is_none() {
            if *offers >= MOST_OFFERS {
                return None;
            }
            *offers += 1;
        }
        Some(change(next))
    }
}
