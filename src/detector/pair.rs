// SPDX-License-Identifier: MPL-2.0
//! The medium of detectors that see sound and picture of a programme together, and the same programme from an earlier
//! point of the chain, on one timeline: running time.

use crate::media::{Ns, SECOND, Span, picture::Picture, sound::Block, timestamps::TimestampCheck};

/// The origin of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The programme that is judged.
    Programme,
    /// The same programme at an earlier point of the chain.
    Reference,
}

/// A unit of one of the streams.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Its origin.
    pub side: Side,
    /// The time that it covers. Pieces of one stream are in order, those of different streams needn't be.
    pub span: Span,
    /// Its content.
    pub content: Content<'a>,
}

/// The content of a piece.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// 10 ms of sound.
    Sound(Block<'a>),
    /// A picture.
    Picture(Picture<'a>),
    /// The check of the timestamp of a buffer of sound.
    SoundStamp(TimestampCheck),
    /// The check of the timestamp of a picture.
    PictureStamp(TimestampCheck),
    /// No content: all pieces of the programme up to the end of the span have come.
    Nothing,
}

/// The common timeline of two streams that needn't be equally far: it advances in even steps, with the stream that is
/// behind. So what is known at an instant doesn't depend on which of them comes first, or how far it is ahead.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairTimeline {
    streams: [Progress; 2],
    position: Option<Ns>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Whether it has begun, so that data may be waited for.
    begun: bool,
    /// Whether no more data will come.
    over: bool,
    /// Start of its first piece and end of its last, in ns.
    extent: Option<Span>,
}

/// The length of a step.
pub const STEP: Ns = SECOND / 10;

/// How far one stream may be ahead of another that has begun, before it goes on alone.
pub const AHEAD: Ns = 120 * SECOND;

/// The same, if the other one hasn't begun.
const ALONE: Ns = 10 * SECOND;

/// How far time may go back within the same programme.
const BACK: Ns = SECOND;

/// Distance in time from which time has jumped.
pub const JUMP: Ns = 2 * AHEAD;

impl PairTimeline {
    /// A stream begins, or begins anew.
    pub fn begin(&mut self, which: usize) {
        if let Some(stream) = self.streams.get_mut(which) {
            (stream.begun, stream.over) = (true, false);
        }
    }

    /// Called when a stream has come to the end of that span.
    pub fn take(&mut self, which: usize, span: Span) {
        let span = span.clamped();
        if let Some(stream) = self.streams.get_mut(which) {
            (stream.begun, stream.over) = (true, false);
            let start = stream
                .extent
                .map_or(span.start, |e| e.start.min(span.start));
            stream.extent = Some(Span::new(start, span.end));
        }
    }

    /// A stream has ended.
    pub fn end(&mut self, which: usize) {
        if let Some(stream) = self.streams.get_mut(which) {
            stream.over = true;
        }
    }

    /// Whether a stream has ended and the others have come to its end, too.
    pub fn is_over(&self) -> bool {
        let [a, b] = &self.streams;
        let past = |over: &Progress, other: &Progress| {
            let reached = match (over.extent, other.extent) {
                (Some(over), Some(other)) => other.end >= over.end,
                (None, _) => false,
                (Some(_), None) => !other.begun,
            };
            over.over && (other.over || reached)
        };
        past(a, b) || past(b, a)
    }

    /// The next step that all streams have made; `None` if one of them has yet to make it.
    pub fn step(&mut self) -> Option<Span> {
        let front = self.front()? / STEP * STEP;
        let position = *self.position.get_or_insert(self.first()? / STEP * STEP);
        // Where a stream ended, time may go on from between two steps.
        let next = position / STEP * STEP + STEP;
        let step = if front.saturating_add(BACK) < position {
            Span::new(front, front)
        } else if front > position.saturating_add(JUMP) {
            Span::new(front - STEP, front)
        } else if front >= next {
            Span::new(position, next)
        } else {
            return None;
        };
        self.position = Some(step.end);
        Some(step)
    }

    /// The rest: the time up to where all have come, and from there to where one has.
    pub fn rest(&self) -> Option<[Span; 2]> {
        let ends = self.streams.iter().filter_map(|s| s.extent.map(|e| e.end));
        let from = self.position.or(self.first())?;
        let all = self.front().unwrap_or(from).max(from);
        let top = ends.max()?.max(all);
        Some([Span::new(from, all), Span::new(all, top)])
    }

    fn first(&self) -> Option<Ns> {
        let starts = self
            .streams
            .iter()
            .filter_map(|s| s.extent.map(|e| e.start));
        starts.min()
    }

    /// Time up to which everything is known.
    fn front(&self) -> Option<Ns> {
        match self.streams.map(|s| (s.extent, s)) {
            [(Some(a), one), (Some(b), other)] => {
                let (low, high) = if a.end <= b.end { (a, b) } else { (b, a) };
                let behind = if a.end <= b.end { one } else { other };
                let stopped = !behind.over && high.end - low.end > AHEAD;
                Some(if stopped { high.end } else { low.end })
            }
            [(Some(only), _), (None, other)] | [(None, other), (Some(only), _)] => {
                let patience = match (other.over, other.begun) {
                    (true, _) => 0,
                    (_, true) => AHEAD,
                    (_, false) => ALONE,
                };
                (only.duration() >= patience).then_some(only.end)
            }
            [(None, _), (None, _)] => None,
        }
    }

    /// Continues from an instant, or begins anew if there is none; streams that have ended remain so.
    pub fn restart(&mut self, position: Option<Ns>) {
        self.position = position;
        for stream in &mut self.streams {
            stream.extent = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::MS;

    fn span(from: u64, to: u64) -> Span {
        Span::new(from * MS, to * MS)
    }

    fn steps(line: &mut PairTimeline) -> Vec<u64> {
        std::iter::from_fn(|| line.step())
            .map(|step| step.end / MS)
            .collect()
    }

    #[test]
    fn time_goes_on_with_the_stream_that_is_behind() {
        let mut line = PairTimeline::default();
        line.take(0, span(100, 5000));
        assert!(line.step().is_none());
        line.take(1, span(80, 120));
        assert_eq!(steps(&mut line), [100]);
        line.take(1, span(120, 460));
        assert_eq!(steps(&mut line), [200, 300, 400]);
        assert_eq!(line.rest(), Some([span(400, 460), span(460, 5000)]));
    }

    #[test]
    fn the_steps_are_the_same_whoever_is_ahead() {
        let (mut one, mut other) = (PairTimeline::default(), PairTimeline::default());
        one.take(0, span(30, 4000));
        let mut early = Vec::new();
        for at in (0..4000).step_by(40) {
            one.take(1, span(at, at + 40));
            early.extend(steps(&mut one));
        }
        other.take(1, span(0, 4000));
        let mut late = Vec::new();
        for at in (30..4000).step_by(10) {
            other.take(0, span(at, at + 10));
            late.extend(steps(&mut other));
        }
        assert_eq!(early, late);
    }

    #[test]
    fn a_stream_that_ends_is_waited_for_no_more() {
        let mut line = PairTimeline::default();
        line.take(0, span(0, 2000));
        line.take(1, span(0, 1000));
        line.end(0);
        assert!(!line.is_over());
        steps(&mut line);
        line.take(1, span(1000, 2000));
        assert!(line.is_over());
        line.restart(Some(2046 * MS));
        line.take(1, span(2000, 3000));
        assert_eq!(line.step(), Some(span(2046, 2100)));
        assert_eq!(steps(&mut line).last(), Some(&3000));
    }

    #[test]
    fn a_stream_that_stands_still_is_left_behind_and_time_may_jump() {
        let mut line = PairTimeline::default();
        let far = AHEAD / MS + 2000;
        line.take(0, span(0, 1000));
        line.take(1, span(0, far));
        assert_eq!(steps(&mut line).last(), Some(&(far / 100 * 100)));
        line.take(0, span(0, 40));
        line.take(1, span(0, 40));
        assert_eq!(line.step(), Some(span(0, 0)));
    }
}
