// SPDX-License-Identifier: MPL-2.0
//! Gaps that a stream announces. Demuxers announce one for a stream that is behind in the file, and then send the
//! data of that very time: so a gap counts only if the next data begins at its end or later.

use crate::media::{MS, Ns, Span};

/// By how much the buffer after a gap may begin before its end.
const EARLY: Ns = 20 * MS;

/// The last announced gap, until it is known whether data fills it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Announced(Option<Span>);

impl Announced {
    /// Takes an announced gap; returns the one before, if nothing filled it.
    pub fn announce(&mut self, gap: Span) -> Option<Span> {
        let before = self.next(gap.start);
        self.0 = Some(gap);
        before
    }

    /// Takes the start of the next data; returns the gap before it.
    pub fn next(&mut self, start: Ns) -> Option<Span> {
        let gap = self.0.take()?;
        (start.saturating_add(EARLY) >= gap.end).then_some(gap)
    }

    /// Takes the end of the stream; returns the last gap.
    pub fn end(&mut self) -> Option<Span> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_counts_unless_data_fills_it() {
        let gap = Span::new(0, 3000 * MS);
        for (next, counts) in [
            (0, false),
            (2900, false),
            (2990, true),
            (3000, true),
            (9000, true),
        ] {
            let mut announced = Announced::default();
            assert_eq!(announced.announce(gap), None);
            assert_eq!(announced.next(next * MS).is_some(), counts, "{next}");
            assert_eq!(announced.end(), None);
        }
        let mut announced = Announced::default();
        announced.announce(gap);
        assert_eq!(
            announced.announce(Span::new(3000 * MS, 6000 * MS)),
            Some(gap)
        );
        assert!(announced.end().is_some());
    }
}
