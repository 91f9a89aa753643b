// SPDX-License-Identifier: MPL-2.0
//! The clock of a stream, the only place that keeps a position. It tells for each unit whether it continues the
//! stream, comes after a gap or breaks the stream.
//!
//! Only times count, not rates: a picture whose buffer has no duration lasts until the next one, whatever frame rate
//! the caps declare. All times are 64 bits wide.

use crate::media::{MS, Ns, SECOND, Span};

/// How the units of a medium follow one another in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// Sound: each unit starts where the last one ends, so any time between them is missing.
    Contiguous,
    /// Pictures and other buffers: each lasts until the next one, within limits.
    Spaced,
    /// Several streams on one timeline: a unit may take no time, because another stream is ahead.
    Merged,
}

/// How a unit continues the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuation {
    /// It follows the last unit.
    Continues,
    /// This time before it is missing; the span is empty if time went back a little.
    AfterGap(Span),
    /// Time has jumped: the unit has nothing to do with those before.
    Breaks,
}

/// Longest jump forward that is a gap in the same programme. Chosen.
const LONGEST_GAP: Ns = SECOND;

/// Largest distance or overlap of two spans of sound that is rounding.
const ROUNDING: Ns = MS;

/// Largest overlap of units, or their own length if that is more: repeated fields, rounded times.
const LARGEST_OVERLAP: Ns = 40 * MS;

/// How many later pictures may come before an earlier one.
const MOST_SWAPPED: u64 = 2;

/// Shortest time between two pictures that is a gap; less is a variable rate.
const SHORTEST_PICTURE_GAP: Ns = SECOND / 4;

/// The slowest stream that isn't a series of jumps: one unit a minute. Chosen.
const SLOWEST: Ns = 60 * SECOND;

/// The clock of a stream, see the module.
#[derive(Debug, Clone)]
pub struct StreamClock {
    continuity: Continuity,
    /// Length of a unit as the format declares it; counts only until a spacing was observed.
    declared: Option<Ns>,
    /// The last unit or gap.
    last: Option<Span>,
    /// The latest time since the stream last broke. Steps back are measured from there, not from the last unit, so
    /// that small ones add up.
    latest: Ns,
    /// Time from start to start of the last units.
    spacing: Option<Ns>,
    /// Length of the jump before the last unit, if there was one.
    jump: Option<Ns>,
}

impl StreamClock {
    /// Before the first unit. `declared`: length of a unit according to the format.
    pub fn new(continuity: Continuity, declared: Option<Ns>) -> Self {
        Self {
            continuity,
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
        *self = Self::new(self.continuity, self.declared);
    }

    /// Classifies a unit or gap with that span, before the clock [advances](Self::advance).
    pub fn classify(&self, span: Span) -> Continuation {
        let Some(last) = self.last else {
            return Continuation::Continues;
        };
        let length = self.length(span);
        let overlap = match self.continuity {
            Continuity::Spaced => length.saturating_mul(MOST_SWAPPED),
            Continuity::Contiguous | Continuity::Merged => length,
        };
        if span.start.saturating_add(overlap.max(LARGEST_OVERLAP)) < self.latest {
            return Continuation::Breaks;
        }
        let missing = span.start.saturating_sub(last.end);
        if missing > LONGEST_GAP.max(length.saturating_mul(2)) && !self.may_be_spacing(span) {
            return Continuation::Breaks;
        }
        match self.continuity {
            Continuity::Contiguous if span.start.abs_diff(last.end) > ROUNDING => {
                let from = last.end.max(span.start.saturating_sub(LONGEST_GAP));
                Continuation::AfterGap(Span::new(from.min(span.start), span.start))
            }
            Continuity::Spaced
                if missing > SHORTEST_PICTURE_GAP.max(length.saturating_mul(2))
                    && !self.may_be_spacing(span) =>
            {
                Continuation::AfterGap(Span::new(last.end, span.start))
            }
            _ => Continuation::Continues,
        }
    }

    /// Advances with a unit; returns the time that it covers. `step`: the result of [`classify`](Self::classify) for
    /// this span.
    pub fn advance(&mut self, span: Span, step: Continuation) -> Span {
        if let Some(last) = self.last.filter(|_| self.continuity != Continuity::Merged) {
            let passed = span.start.saturating_sub(last.start);
            if step == Continuation::Breaks {
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

    /// Advances to the end of a gap. `step`: the result of [`classify`](Self::classify) for it.
    pub fn pass(&mut self, gap: Span, step: Continuation) {
        self.move_to(Span::new(gap.end, gap.end), step);
    }

    fn move_to(&mut self, last: Span, step: Continuation) {
        // A picture ends when the next one is shown, whatever duration its buffer has.
        let reached = match self.continuity {
            Continuity::Spaced => last.start,
            Continuity::Contiguous | Continuity::Merged => last.end,
        };
        self.latest = match step {
            Continuation::Breaks => reached,
            Continuation::Continues | Continuation::AfterGap(_) => self.latest.max(reached),
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

    /// Length of a unit: its own duration, or the spacing of those before it.
    fn length(&self, span: Span) -> Ns {
        match (self.continuity, span.duration()) {
            (Continuity::Merged, own) => own,
            (_, 0) => self.spacing.or(self.declared).unwrap_or(0),
            (_, own) => own,
        }
    }

    /// Whether the stream may be so slow that nothing is missing before that unit: the first step of a stream without durations, or a jump
    /// that is about as long as the one before.
    fn may_be_spacing(&self, span: Span) -> bool {
        let Some(last) = self.last.filter(|_| self.continuity == Continuity::Spaced) else {
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
