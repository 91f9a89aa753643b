// SPDX-License-Identifier: MPL-2.0
//! The clock of a stream, the only place that keeps a position. It says for each unit whether the stream goes on, has a gap or breaks off.
//!
//! Times count, rates don't: a picture lasts until the next one where its buffer has no duration, whatever frame rate the caps
//! declare. All times are 64 bits wide.

use crate::media::{MS, Ns, SECOND, Span};

/// How the units of a medium follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// Sound: each unit starts where the last one ends, so any time between them is missing.
    Seamless,
    /// Pictures and other buffers: each lasts until the next one, within limits.
    Spaced,
    /// Several streams on one timeline: a unit may take no time, because another stream is ahead.
    Merged,
}

/// What a unit means for the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It follows the last one.
    GoesOn,
    /// That stretch before it is missing; an empty one if time went back a little.
    Gap(Span),
    /// Time has jumped: what comes has nothing to do with what was.
    BreaksOff,
}

/// Time may jump forward by so much and be a gap in the same programme. Chosen.
const LONGEST_GAP: Ns = SECOND;

/// Spans of sound may lie apart or overlap by so much from rounding.
const ROUNDING: Ns = MS;

/// Units may overlap by so much, or by their own length if that is more: repeated fields, rounded times.
const LARGEST_OVERLAP: Ns = 40 * MS;

/// How many pictures that are shown later may come before one.
const MOST_SWAPPED: u64 = 2;

/// Less time than this between two pictures isn't a gap, only a rate that varies.
const SHORTEST_PICTURE_GAP: Ns = SECOND / 4;

/// The slowest stream that isn't a series of jumps: one unit a minute. Chosen.
const SLOWEST: Ns = 60 * SECOND;

/// See the module.
#[derive(Debug, Clone)]
pub struct StreamClock {
    succession: Succession,
    /// Length of a unit as the format declares it; counts only until a spacing was observed.
    declared: Option<Ns>,
    /// The last unit or gap.
    last: Option<Span>,
    /// How far the stream has come since it last broke off. How far time went back is counted from there, not from the last unit, so
    /// that small steps back add up.
    latest: Ns,
    /// Time from start to start of the last units.
    spacing: Option<Ns>,
    /// Length of the jump with which the last unit came, if it did.
    jump: Option<Ns>,
}

impl StreamClock {
    /// Before the first unit. `declared`: length of a unit according to the format.
    pub fn new(succession: Succession, declared: Option<Ns>) -> Self {
        Self {
            succession,
            declared: declared.filter(|length| *length > 0),
            last: None,
            latest: 0,
            spacing: None,
            jump: None,
        }
    }

    /// End of the last unit or gap.
    pub fn position(&self) -> Option<Ns> {
        self.last.map(|last| last.end)
    }

    /// Forgets the stream.
    pub fn reset(&mut self) {
        *self = Self::new(self.succession, self.declared);
    }

    /// What a unit or gap with that span means, before the clock [advances](Self::advance).
    pub fn step(&self, span: Span) -> Step {
        let Some(last) = self.last else {
            return Step::GoesOn;
        };
        let length = self.length(span);
        let overlap = match self.succession {
            Succession::Spaced => length.saturating_mul(MOST_SWAPPED),
            Succession::Seamless | Succession::Merged => length,
        };
        if span.start.saturating_add(overlap.max(LARGEST_OVERLAP)) < self.latest {
            return Step::BreaksOff;
        }
        let missing = span.start.saturating_sub(last.end);
        if missing > LONGEST_GAP.max(length.saturating_mul(2)) && !self.may_be_spacing(span) {
            return Step::BreaksOff;
        }
        match self.succession {
            Succession::Seamless if span.start.abs_diff(last.end) > ROUNDING => {
                let from = last.end.max(span.start.saturating_sub(LONGEST_GAP));
                Step::Gap(Span::new(from.min(span.start), span.start))
            }
            Succession::Spaced
                if missing > SHORTEST_PICTURE_GAP.max(length.saturating_mul(2))
                    && !self.may_be_spacing(span) =>
            {
                Step::Gap(Span::new(last.end, span.start))
            }
            _ => Step::GoesOn,
        }
    }

    /// Moves on with a unit; returns the time that it covers. `step`: what [`step`](Self::step) says of the same span.
    pub fn advance(&mut self, span: Span, step: Step) -> Span {
        if let Some(last) = self.last.filter(|_| self.succession != Succession::Merged) {
            let passed = span.start.saturating_sub(last.start);
            if step == Step::BreaksOff {
                (self.spacing, self.jump) = (None, Some(passed).filter(|time| *time > 0));
            } else {
                self.follow(passed);
            }
        }
        let end = span.start.saturating_add(self.length(span));
        let covered = Span::new(span.start, end.max(span.end)).clamped();
        self.move_to(covered, step);
        covered
    }

    /// Moves on to the end of a gap. `step`: what [`step`](Self::step) says of it.
    pub fn pass(&mut self, gap: Span, step: Step) {
        self.move_to(Span::new(gap.end, gap.end), step);
    }

    fn move_to(&mut self, last: Span, step: Step) {
        // A picture ends when the next one is shown, however long it says that it lasts.
        let reached = match self.succession {
            Succession::Spaced => last.start,
            Succession::Seamless | Succession::Merged => last.end,
        };
        self.latest = match step {
            Step::BreaksOff => reached,
            Step::GoesOn | Step::Gap(_) => self.latest.max(reached),
        };
        self.last = Some(last);
    }

    /// The spacing changes by at most a factor of two with a unit, so that one missing unit doesn't set it.
    fn follow(&mut self, passed: Ns) {
        self.jump = None;
        if passed > 0 {
            let slowly = |old: Ns| passed.clamp(old / 2, old.saturating_mul(2));
            self.spacing = Some(self.spacing.map_or(passed, slowly));
        }
    }

    /// How long a unit lasts: as it says, or as long as those before it.
    fn length(&self, span: Span) -> Ns {
        match (self.succession, span.duration()) {
            (Succession::Merged, own) => own,
            (_, 0) => self.spacing.or(self.declared).unwrap_or(0),
            (_, own) => own,
        }
    }

    /// Whether the stream may be so slow that nothing is missing before that unit: the first step of a stream without durations, or a jump
    /// that is about as long as the one before.
    fn may_be_spacing(&self, span: Span) -> bool {
        let Some(last) = self.last.filter(|_| self.succession == Succession::Spaced) else {
            return false;
        };
        let passed = span.start.saturating_sub(last.start);
        let first = span.duration() == 0 && self.spacing.is_none();
        let again = self
            .jump
            .is_some_and(|jump| passed.abs_diff(jump) <= jump / 2);
        let usual = self
            .spacing
            .is_some_and(|spacing| passed <= spacing.saturating_mul(2));
        passed <= SLOWEST && (first || again || usual)
    }
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
