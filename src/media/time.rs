// SPDX-License-Identifier: MPL-2.0
//! Media time.

/// Media time in nanoseconds, on the timeline of the buffers.
pub type Ns = u64;

/// One millisecond.
pub const MS: Ns = 1_000_000;
/// One second.
pub const SECOND: Ns = 1_000_000_000;

/// The latest time that is taken as it is, 146 years. Later times can't be right, and adding to them could overflow.
pub const LATEST: Ns = u64::MAX / 4;

/// The time that one picture or block covers; `end` is exclusive and never before `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub start: Ns,
    /// First instant after it.
    pub end: Ns,
}

impl Span {
    /// From `start` to `end`; empty if `end` lies before `start`.
    pub fn new(start: Ns, end: Ns) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// The same, with both ends limited to [`LATEST`].
    pub fn clamped(self) -> Self {
        Self::new(self.start.min(LATEST), self.end.min(LATEST))
    }

    /// Its length.
    pub fn duration(&self) -> Ns {
        self.end - self.start
    }
}
