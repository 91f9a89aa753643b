// SPDX-License-Identifier: MPL-2.0
//! Line-up sequences: flashes that go with beeps.
//!
//! Programmes have flashes and bursts as well. So nothing is said before three flashes in a row each had a beep at
//! the same distance, and as long as there are flashes without beeps. All numbers are chosen.

use std::{collections::VecDeque, sync::Arc};

use super::{Estimate, Source, beep::Beeps, flash::Flashes};
use crate::media::{MS, Ns, SECOND, Span, picture::Grid, push_latest, sound::Block};

/// The largest offset that is looked for.
const FARTHEST: Ns = SECOND;

/// How long a beep may take to be over after it began, and a flash.
const SETTLED: Ns = 700 * MS;

/// Flashes that have to agree.
const AGREEING: usize = 3;

/// Most flashes over which the offset is averaged: each is known to a picture only.
const AVERAGED: usize = 5;

/// How far their offsets may lie apart, beyond the length of a picture, which quantises flashes.
const SPREAD: f64 = 3.0;

/// How long the last flash counts, if none follows.
const HOLD: Ns = 5 * SECOND;

/// How many are remembered: one stream may be far ahead of the other.
const MEMORY: usize = 256;

/// A flash or a beep.
#[derive(Debug, Clone, Copy)]
struct Event {
    at: Ns,
    /// When it was known to be one: before that, nothing depends on it.
    known: Ns,
}

/// Follows both streams.
#[derive(Debug)]
pub struct LineUp {
    beeps: Beeps,
    flashes: Flashes,
    heard: VecDeque<Event>,
    seen: VecDeque<Event>,
    picture: Ns,
}

impl LineUp {
    pub fn new() -> Self {
        Self {
            beeps: Beeps::new(),
            flashes: Flashes::default(),
            heard: VecDeque::with_capacity(MEMORY),
            seen: VecDeque::with_capacity(MEMORY),
            picture: 0,
        }
    }

    /// Sound of the programme.
    pub fn listen(&mut self, at: Span, block: &Block<'_>) {
        let heard = &mut self.heard;
        self.beeps.listen(at, block, |onset| {
            let known = at.end;
            keep(heard, Event { at: onset, known });
        });
    }

    /// A picture of the programme.
    pub fn look(&mut self, at: Span, grid: &Arc<Grid>) {
        self.picture = at.duration();
        if let Some(flash) = self.flashes.look(at, grid) {
            let known = at.end;
            keep(&mut self.seen, Event { at: flash, known });
        }
    }

    /// What the last flashes say.
    pub fn estimate(&self, now: Ns) -> Option<Estimate> {
        let mut offsets = [0f64; AVERAGED];
        let (mut count, mut since) = (0, None);
        let known = self.seen.iter().filter(|flash| flash.known <= now);
        for flash in known.rev().map(|flash| flash.at) {
            let Some(beep) = self.partner(flash, now) else {
                // Its beep may be yet to come.
                if now.saturating_sub(flash) < FARTHEST + SETTLED {
                    continue;
                }
                break;
            };
            if count == 0 && now.saturating_sub(flash) > HOLD {
                return None;
            }
            offsets[count] = (flash as f64 - beep as f64) / MS as f64;
            since = Some(flash.min(beep));
            count += 1;
            if count == AVERAGED || self.spread(&offsets[..count]) > self.allowed() {
                break;
            }
        }
        // A change ends the agreement: only what came after it counts.
        while count > 0 && self.spread(&offsets[..count]) > self.allowed() {
            count -= 1;
        }
        if count < AGREEING {
            return None;
        }
        let offset = offsets[..count].iter().sum::<f64>() / count as f64;
        Some(Estimate {
            offset,
            confidence: 1.0,
            since,
            source: Source::FlashBeep,
            uncertainty: 0.0,
        })
    }

    /// The nearest beep, if it is nearer to this flash than to any other.
    fn partner(&self, flash: Ns, now: Ns) -> Option<Ns> {
        let known = |event: &&Event| event.known <= now;
        let beeps = self.heard.iter().filter(known).map(|e| e.at);
        let beep = beeps.min_by_key(|beep| beep.abs_diff(flash))?;
        let distance = beep.abs_diff(flash);
        let others = self.seen.iter().filter(known).map(|e| e.at);
        let others = others.filter(|other| *other != flash);
        let nearest = others.map(|other| other.abs_diff(beep)).min();
        (distance <= FARTHEST && nearest.is_none_or(|n| n > distance)).then_some(beep)
    }

    fn spread(&self, offsets: &[f64]) -> f64 {
        let most = offsets.iter().copied().fold(f64::MIN, f64::max);
        let least = offsets.iter().copied().fold(f64::MAX, f64::min);
        most - least
    }

    fn allowed(&self) -> f64 {
        self.picture.min(50 * MS) as f64 / MS as f64 + SPREAD
    }
}

fn keep(events: &mut VecDeque<Event>, event: Event) {
    // Time went back: what was before has nothing to do with it.
    if events.back().is_some_and(|last| last.at >= event.at) {
        events.clear();
    }
    push_latest(events, event, MEMORY);
}
