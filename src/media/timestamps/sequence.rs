// SPDX-License-Identifier: MPL-2.0
//! Timestamps in the order in which they come.

use super::{StreamFormat, TimestampCheck};
use crate::media::{MS, Ns, SECOND, Span};

/// How far coded pictures may lie behind the latest so far and be in another order, not a jump: the deepest reordering that
/// H.264 and HEVC allow is 16 pictures, under a second from 17 pictures per second on.
const REORDERING: Ns = SECOND;

/// What a buffer says of its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamps {
    /// When it is to be shown.
    pub pts: Option<Ns>,
    /// When it is to be decoded.
    pub dts: Option<Ns>,
    /// How long it lasts.
    pub duration: Option<Ns>,
}

/// Follows the timestamps of a stream.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    format: StreamFormat,
    /// Time and end of the last buffer, on the axis that is judged.
    last: Option<(Ns, Option<Ns>)>,
    /// End of the last buffer on the timeline of the stream.
    position: Option<Ns>,
    unstamped: Ns,
}

impl Sequence {
    /// Of a stream of that format.
    pub fn new(format: StreamFormat) -> Self {
        Self {
            format,
            ..Self::default()
        }
    }

    /// The timeline begins anew.
    pub fn reset(&mut self) {
        *self = Self::new(self.format);
    }

    /// Time goes on to there without buffers, as the stream says.
    pub fn skip(&mut self, to: Ns) {
        self.position = Some(to);
        if !self.format.reorders {
            self.last = Some((to, Some(to)));
        } else {
            self.last = None;
        }
    }

    /// The next buffer: the time that it covers, and how that goes with the one before.
    pub fn next(&mut self, stamps: Stamps) -> (Span, TimestampCheck) {
        let declared = self.format.frame_duration;
        let duration = stamps.duration.or(declared);
        // More than a thousand pictures per second is what streams say that don't know.
        let duration = duration.filter(|d| declared.is_none() || *d >= MS);
        let span = self.span(stamps, duration.unwrap_or(0));
        let at = if self.format.reorders {
            stamps.dts
        } else {
            stamps.pts.or(stamps.dts)
        };
        let stamped = stamps.pts.or(stamps.dts).is_some();
        self.unstamped = if stamped {
            0
        } else {
            self.unstamped.saturating_add(duration.unwrap_or(0))
        };
        let check = TimestampCheck {
            at,
            expected: self.last.and_then(|(_, end)| end),
            before: self.last.map(|(at, _)| at),
            duration: duration.unwrap_or(0),
            unstamped: (!stamped).then_some(self.unstamped),
        };
        // Without a timestamp it is taken to be where it should be.
        let next = at.or(check.expected);
        if let Some(at) = next {
            self.last = Some((at, duration.map(|d| at.saturating_add(d))));
        }
        self.position = Some(span.end);
        (span, check)
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
