// SPDX-License-Identifier: MPL-2.0
//! Follows the losses that a stream reports: discontinuous and damaged buffers, and pictures missing in the
//! timestamps.

use crate::media::{Ns, SECOND, Span, picture::BufferFlags};

/// How long after a loss its damage may come to light: about half a group of pictures. Chosen.
const AFTERMATH: Ns = SECOND / 2;
/// Share of pictures after a loss from which "losses" are how the stream is paced. Chosen.
const USUAL: f64 = 0.2;
/// How fast that share is learnt, per picture.
const LEARN: f64 = 0.05;

/// Follows losses.
#[derive(Debug, Default)]
pub struct Losses {
    /// Where the last picture ended.
    last_end: Option<Ns>,
    /// Until when the last loss may show.
    aftermath_end: Ns,
    /// Share of the pictures that seem to follow a loss.
    usual: f64,
}

impl Losses {
    /// Takes the next picture. Returns whether something was lost shortly before it: the stream is discontinuous, at least half a picture
    /// is missing in its times, or a picture is flagged as damaged, on which others may build.
    pub fn step(&mut self, span: Span, health: BufferFlags) -> bool {
        let length = span.duration();
        let hole = |end: Ns| length > 0 && span.start > end.saturating_add(length / 2);
        let lost = (self.last_end).is_some_and(|end| health.discontinuous || hole(end));
        self.usual += (f64::from(u8::from(lost)) - self.usual) * LEARN;
        if (lost && self.usual < USUAL) || health.corrupted {
            self.aftermath_end = span.start.saturating_add(AFTERMATH);
        }
        self.last_end = Some(span.end);
        span.start < self.aftermath_end
    }
}
