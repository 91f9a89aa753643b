// SPDX-License-Identifier: MPL-2.0
//! Drives the [`Runner`] of a detector of sound and picture with the time of two streams.

use super::pair::{Content, JUMP, PairTimeline, Piece, STEP, Side};
use super::{Detector, Pair, Reason, Runner};
use crate::media::{Ns, Span};

/// See the module. The programme's sound is stream 0, its picture stream 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairDriver {
    timeline: PairTimeline,
}

impl PairDriver {
    /// Takes a piece of one of the streams.
    pub fn push<D: Detector<Medium = Pair>>(&mut self, runner: &mut Runner<D>, piece: Piece<'_>) {
        runner.push_untimed(piece);
        if piece.side == Side::Programme {
            match piece.content {
                Content::Sound(_) => self.advance(runner, 0, piece.span),
                Content::Picture(_) => self.advance(runner, 1, piece.span),
                _ => {}
            }
        }
    }

    /// A stream begins, or begins anew.
    pub fn begin(&mut self, which: usize) {
        self.timeline.begin(which);
    }

    /// A stream has come to the end of that span, with data or without.
    pub fn advance<D: Detector<Medium = Pair>>(
        &mut self,
        runner: &mut Runner<D>,
        which: usize,
        span: Span,
    ) {
        self.timeline.take(which, span);
        self.step(runner);
    }

    /// A stream has ended. What it had is kept until the other has come to that time.
    pub fn end<D: Detector<Medium = Pair>>(&mut self, runner: &mut Runner<D>, which: usize) {
        self.timeline.end(which);
        self.step(runner);
    }

    /// Passes the time that is left, up to where one of the streams has come; nothing comes after it.
    pub fn finish<D: Detector<Medium = Pair>>(&mut self, runner: &mut Runner<D>) {
        self.pass_rest(runner);
        self.timeline.restart(None);
    }

    /// Passes the rest; returns its end.
    fn pass_rest<D: Detector<Medium = Pair>>(&mut self, runner: &mut Runner<D>) -> Option<Ns> {
        let rest = self.timeline.rest()?;
        for part in rest {
            let mut at = part.start;
            while at < part.end {
                let step = match part.end - at {
                    left if left > JUMP => left,
                    left => left.min(STEP),
                };
                let span = Span::new(at, at + step);
                runner.push(span, nothing(span));
                at = span.end;
            }
        }
        Some(rest[1].end)
    }

    fn step<D: Detector<Medium = Pair>>(&mut self, runner: &mut Runner<D>) {
        while let Some(span) = self.timeline.step() {
            runner.push(span, nothing(span));
        }
        if self.timeline.is_over() {
            // The rest of the other stream goes on from here.
            let end = self.pass_rest(runner);
            self.timeline.restart(end);
            runner.close(Reason::Eos);
        }
    }
}

/// A piece without content.
fn nothing(span: Span) -> Piece<'static> {
    Piece {
        side: Side::Programme,
        span,
        content: Content::Nothing,
    }
}
