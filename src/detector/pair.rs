// SPDX-License-Identifier: MPL-2.0
//! Sound and picture together, and the same programme from an earlier point of the chain, on one timeline: running time.

use crate::media::{Ns, SECOND, Span, picture::Picture, sound::Block, timestamps::TimestampCheck};

/// Where a piece comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The programme that is judged.
    Programme,
    /// What it was before.
    Reference,
}

/// A piece of one of the streams.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Of which side.
    pub side: Side,
    /// The time that it covers. Pieces of one stream are in order, those of different streams needn't be.
    pub span: Span,
    /// What it is.
    pub content: Content<'a>,
}

/// What a piece is.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// 10 ms of sound.
    Sound(Block<'a>),
    /// A picture.
    Picture(Picture<'a>),
    /// How the timestamp of a buffer of sound goes with the one before.
    SoundStamp(TimestampCheck),
    /// How that of a picture does.
    PictureStamp(TimestampCheck),
}

/// Makes one timeline of two streams that needn't be equally far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeline {
    /// Ends of the latest pieces: sound, picture.
    ends: [Option<Ns>; 2],
    position: Option<Ns>,
}

/// So far a stream may go back or ahead before time has jumped.
const JUMP: Ns = SECOND;

impl Timeline {
    /// The time by which the programme has gone on with a piece of the first or second stream: nothing, if the other is ahead.
    pub fn advance(&mut self, which: usize, span: Span) -> Span {
        let span = span.clamped();
        if let Some(end) = self.ends.get_mut(which) {
            *end = Some(span.end);
        }
        let top = self.ends.iter().flatten().copied().max();
        let top = top.unwrap_or(span.end);
        let position = self.position.unwrap_or(span.start);
        let progress = if top.saturating_add(JUMP) < position || top > position.saturating_add(JUMP)
        {
            // All streams have gone back, or this one far ahead.
            Span::new(span.start.min(top), top)
        } else {
            Span::new(position, top.max(position))
        };
        self.position = Some(progress.end);
        progress
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{MS, SECOND};

    #[test]
    fn time_goes_on_with_the_stream_that_is_ahead() {
        let mut line = Timeline::default();
        let span = |from: u64, to: u64| Span::new(from * MS, to * MS);
        assert_eq!(line.advance(0, span(100, 200)), span(100, 200));
        assert_eq!(line.advance(1, span(80, 120)), span(200, 200));
        assert_eq!(line.advance(1, span(120, 260)), span(200, 260));
        assert_eq!(line.advance(0, span(200, 300)), span(260, 300));
        // One that goes back alone changes nothing, both are a jump.
        assert_eq!(line.advance(0, span(0, 10)), span(300, 300));
        let far = 10 * SECOND / MS;
        assert_eq!(line.advance(1, span(far, far + 40)), span(far, far + 40));
        assert_eq!(line.advance(1, span(20, 60)), span(20, 60));
    }
}
