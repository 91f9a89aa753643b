// SPDX-License-Identifier: MPL-2.0
//! Judges timestamps in the order in which buffers come.

use super::{
    Break, Content, StreamFormat, TimestampCheck,
    order::{DEPTH, Order},
    repeats::Repeats,
    rhythm::{Rhythm, difference},
};
use crate::media::{MS, Ns, SECOND, Span};

/// How far coded pictures may lie behind the latest so far and be in another order, not a jump: the deepest reordering that
/// H.264 and HEVC allow is 16 pictures, under a second from 17 pictures per second on.
const REORDERING: Ns = SECOND;

/// The times of a buffer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamps {
    /// Presentation time (PTS).
    pub pts: Option<Ns>,
    /// Decoding time (DTS).
    pub dts: Option<Ns>,
    /// Duration.
    pub duration: Option<Ns>,
    /// Whether it is flagged as the first buffer after missing data.
    pub discontinuous: bool,
}

/// Follows the timestamps of a stream.
#[derive(Debug, Clone)]
pub struct Sequence {
    format: StreamFormat,
    rhythm: Rhythm,
    order: Order,
    repeats: Repeats,
    axis: Option<JudgedTime>,
    /// Time and end of the last buffer.
    last: Option<(Ns, Option<Ns>)>,
    /// Whether the stream has announced a gap.
    interrupted: bool,
    /// End of the last buffer on the timeline of the stream.
    position: Option<Ns>,
    unstamped: Ns,
}

/// Which times of coded pictures are judged.
#[derive(Debug, Clone, Copy)]
enum JudgedTime {
    /// Decoding times, which are in order; presentation is later by this much.
    Decoding(Ns),
    /// Presentation times, after they were sorted.
    Presentation,
}

impl Default for Sequence {
    fn default() -> Self {
        Self::new(StreamFormat::default())
    }
}

impl Sequence {
    /// Of a stream of that format.
    pub fn new(format: StreamFormat) -> Self {
        Self {
            format,
            rhythm: Rhythm::new(format),
            order: Order::default(),
            repeats: Repeats::default(),
            axis: None,
            last: None,
            interrupted: false,
            position: None,
            unstamped: 0,
        }
    }

    /// The timeline begins anew.
    pub fn reset(&mut self) {
        *self = Self::new(self.format);
    }

    /// Skips to a time without buffers, as announced by the stream.
    pub fn skip(&mut self, to: Ns) {
        self.position = Some(to);
        self.interrupted = true;
    }

    /// Takes the end of the stream: returns a break in the times that were held back.
    pub fn end(&mut self) -> Option<Break> {
        let mut found = None;
        while let Some(time) = self.order.pop() {
            found = found.or(self.rhythm.next(time, None, false));
        }
        found.or(self.rhythm.end()).or(self.repeats.end())
    }

    /// Takes the next buffer; returns the time that it covers, and the check of its timestamp.
    pub fn next(&mut self, stamps: Stamps) -> (Span, TimestampCheck) {
        // Streams that don't know declare more than a thousand pictures per second.
        let own = stamps
            .duration
            .filter(|d| *d >= MS || self.format.frame_duration.is_none());
        let duration = own.or(self.format.frame_duration).or(self.rhythm.usual());
        let span = self.span(stamps, duration.unwrap_or(0));
        let time = stamps.pts.or(stamps.dts);
        self.unstamped = match time {
            Some(_) => 0,
            None => {
                // The next buffer is further away than one distance.
                self.rhythm.interrupt();
                self.unstamped.saturating_add(duration.unwrap_or(0))
            }
        };
        let late = match (time, self.last) {
            (Some(at), Some((_, Some(end)))) if !self.interrupted => Some(difference(at, end)),
            _ => None,
        };
        let check = TimestampCheck {
            late: late.filter(|_| !self.format.reorders),
            duration: duration.unwrap_or(0),
            broken: time.and_then(|time| self.judge(time, stamps)),
            unstamped: time.is_none().then_some(self.unstamped),
        };
        // Without a timestamp it is taken to be where it should be.
        let at = time.or(self.last.and_then(|(_, end)| end));
        self.last = at.map(|at| (at, duration.map(|d| at.saturating_add(d))));
        self.position = Some(span.end);
        (span, check)
    }

    fn judge(&mut self, time: Ns, stamps: Stamps) -> Option<Break> {
        if std::mem::take(&mut self.interrupted) {
            let found = self.end();
            self.rhythm.interrupt();
            self.feed(time, stamps);
            return found;
        }
        let found = self.feed(time, stamps);
        found.or(self.repeat(stamps.pts?))
    }

    /// A picture at that time, if it or one before is found to have the time of another.
    fn repeat(&mut self, time: Ns) -> Option<Break> {
        if self.format.content != Content::Pictures || self.format.parts {
            return None;
        }
        let depth = if self.format.reorders { DEPTH } else { 1 };
        self.repeats.next(time, self.rhythm.usual(), depth)
    }

    fn feed(&mut self, time: Ns, stamps: Stamps) -> Option<Break> {
        let flagged = stamps.discontinuous;
        if !self.format.reorders {
            return self.rhythm.next(time, stamps.duration, flagged);
        }
        let axis = *self.axis.get_or_insert(match stamps.dts {
            Some(dts) => JudgedTime::Decoding(time.saturating_sub(dts)),
            None => JudgedTime::Presentation,
        });
        match axis {
            JudgedTime::Decoding(shown_after) => {
                let found = self.rhythm.next(stamps.dts?, None, flagged)?;
                Some(Break {
                    expected: found.expected.saturating_add(shown_after),
                    at: found.at.saturating_add(shown_after),
                    ..found
                })
            }
            JudgedTime::Presentation => {
                let time = self.order.push(time)?;
                self.rhythm.next(time, None, false)
            }
        }
    }

    /// On a timeline that only goes back where time jumps.
    fn span(&self, stamps: Stamps, duration: Ns) -> Span {
        let counted = self.position.unwrap_or(0);
        let start = stamps.pts.or(stamps.dts).unwrap_or(counted);
        let end = start.saturating_add(duration);
        let shuffled = self.format.reorders && start < counted && counted - start <= REORDERING;
        if shuffled {
            Span::new(counted, end.max(counted))
        } else {
            Span::new(start, end)
        }
    }
}
