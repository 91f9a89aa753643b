// SPDX-License-Identifier: MPL-2.0
//! The delay of picture and of sound since an earlier point of the chain.

use super::{
    Estimate, Source,
    prints::Prints,
    track::{Match, search},
};
use crate::detector::pair::{Content, Piece, Side};
use crate::media::{MS, Ns, SECOND};

/// What is compared at a time: long enough that it isn't like another stretch (chosen).
const WINDOW: Ns = 5 * SECOND;

/// How often.
const TURN: Ns = SECOND;

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
    /// When each was looked up last.
    turns: [Option<Ns>; 2],
    linked: bool,
}

impl Reference {
    pub fn new() -> Self {
        Self {
            programme: Prints::new(),
            reference: Prints::new(),
            found: [None; 2],
            scores: Vec::with_capacity(2048),
            turns: [None; 2],
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
            let which = usize::from(matches!(piece.content, Content::Sound(_)));
            let now = piece.span.end;
            if self.turns[which].is_none_or(|at| now.abs_diff(at) >= TURN) {
                self.turns[which] = Some(now);
                self.look_up(now, which);
            }
        }
    }

    /// The programme breaks off; the reference goes on.
    pub fn reset(&mut self) {
        self.programme = Prints::new();
        (self.found, self.turns) = ([None; 2], [None; 2]);
    }

    fn look_up(&mut self, now: Ns, which: usize) {
        let (ours, theirs) = if which == 1 {
            (&self.programme.sound, &self.reference.sound)
        } else {
            (&self.programme.picture, &self.reference.picture)
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
            uncertainty: 0.0,
        })
    }
}

fn is_clear(found: &Match) -> bool {
    found.peak >= PEAK && found.peak - found.second >= LEAD
}
