// SPDX-License-Identifier: MPL-2.0
//! The delay of picture and of sound since an earlier point of the chain.

use super::{
    Estimate, Source,
    prints::{Match, Prints, search},
};
use crate::core::{
    MS, Ns, SECOND,
    pair::{Content, Piece, Side},
};

/// What is compared at a time: long enough that it isn't like another stretch (chosen).
const WINDOW: Ns = 5 * SECOND;

/// How often; picture and sound take turns.
const TURN: Ns = SECOND / 2;

/// Least correlation, and how much it has to be over the best at any other delay. Measured on transcoded programmes: over 0.8 at the right
/// delay, under 0.5 elsewhere.
const PEAK: f32 = 0.5;
const LEAD: f32 = 0.15;

/// How far two searches in a row may lie apart.
const AGREEMENT: f64 = 25.0 * MS as f64;

/// How long what was found holds if nothing is found any more.
const HOLD: Ns = 4 * SECOND;

/// A delay that was found.
#[derive(Debug, Clone, Copy)]
struct Found {
    delay: f64,
    correlation: f32,
    at: Ns,
    since: Ns,
    agreed: bool,
}

/// Follows both sides.
#[derive(Debug)]
pub struct Reference {
    programme: Prints,
    reference: Prints,
    /// Of picture and sound.
    found: [Option<Found>; 2],
    scores: Vec<f32>,
    turn: Option<Ns>,
    sound_next: bool,
    linked: bool,
}

impl Reference {
    pub fn new() -> Self {
        Self {
            programme: Prints::new(),
            reference: Prints::new(),
            found: [None; 2],
            scores: Vec::with_capacity(2048),
            turn: None,
            sound_next: false,
            linked: false,
        }
    }

    /// Takes a piece of either side.
    pub fn take(&mut self, piece: &Piece<'_>) {
        let prints = match piece.side {
            Side::Programme => &mut self.programme,
            Side::Reference => {
                self.linked = true;
                &mut self.reference
            }
        };
        // Without a reference there is nothing to compare with, yet: what came before it will be needed.
        match piece.content {
            Content::Sound(block) => prints.listen(piece.span, &block),
            Content::Picture(picture) => prints.look(piece.span, picture.grid),
            _ => return,
        }
        if self.linked && piece.side == Side::Programme {
            let now = piece.span.end;
            if self.turn.is_none_or(|at| now.abs_diff(at) >= TURN) {
                self.turn = Some(now);
                self.look_up(now);
            }
        }
    }

    fn look_up(&mut self, now: Ns) {
        self.sound_next = !self.sound_next;
        let (ours, theirs, which) = if self.sound_next {
            (&self.programme.sound, &self.reference.sound, 1)
        } else {
            (&self.programme.picture, &self.reference.picture, 0)
        };
        let Some(best) = search(ours, theirs, WINDOW, &mut self.scores).filter(is_clear) else {
            return;
        };
        let before = self.found[which].filter(|f| (f.delay - best.delay).abs() <= AGREEMENT);
        self.found[which] = Some(Found {
            delay: best.delay,
            correlation: best.peak,
            at: now,
            since: before.map_or(now.saturating_sub(WINDOW), |f| f.since),
            agreed: before.is_some(),
        });
    }

    /// Delays of picture and sound, in ms; NaN if not known.
    pub fn delays(&self) -> [f64; 2] {
        self.found.map(|found| {
            let sure = found.filter(|f| f.agreed);
            sure.map_or(f64::NAN, |f| f.delay / MS as f64)
        })
    }

    /// What they say.
    pub fn estimate(&self, now: Ns) -> Option<Estimate> {
        let fresh = |f: &Found| f.agreed && now.saturating_sub(f.at) <= HOLD;
        let picture = self.found[0].filter(fresh)?;
        let sound = self.found[1].filter(fresh)?;
        let correlation = picture.correlation.min(sound.correlation);
        Some(Estimate {
            offset: (picture.delay - sound.delay) / MS as f64,
            confidence: f64::from(correlation).clamp(0.0, 1.0),
            since: Some(picture.since.max(sound.since)),
            source: Source::Reference,
        })
    }
}

fn is_clear(found: &Match) -> bool {
    found.peak >= PEAK && found.peak - found.second >= LEAD
}
