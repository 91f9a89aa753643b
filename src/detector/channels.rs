// SPDX-License-Identifier: MPL-2.0
//! Whose defect it is: one channel's, or that of the programme as a whole.

use crate::detector::{Episodes, Evidence, KindSet, Observation};
use crate::media::Span;

/// What one channel says in a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelObservation {
    /// What was observed in it.
    pub observation: Observation,
    /// It could share the defect that another channel shows clearly: it shows it faintly, or is silent.
    pub shares: bool,
}

impl ChannelObservation {
    /// Nothing wrong, and nothing in common with a channel that has something.
    pub fn clear() -> Self {
        Self {
            observation: Observation::new(Evidence::Absent, 0.0, 0.0),
            shares: false,
        }
    }

    fn is_present(&self) -> bool {
        self.observation.evidence == Evidence::Present
    }
}

/// Reports a unit in which each channel was judged by itself: as a defect of the programme if all channels share it when it
/// begins, or else of each channel that has it. Once begun, it stays so until it is over.
pub fn observe<K: KindSet>(
    episodes: &mut Episodes<K>,
    kind: K,
    span: Span,
    channels: &[ChannelObservation],
) {
    let each_open = (0..channels.len()).any(|c| episodes.is_open(kind, Some(c)));
    let whole = episodes.is_open(kind, None)
        || !each_open && channels.iter().all(|c| c.shares || c.is_present());
    if !whole {
        episodes.clear(kind, None, span);
        for (index, channel) in channels.iter().enumerate() {
            episodes.observe(kind, Some(index), span, channel.observation.clone());
        }
        return;
    }
    for index in 0..channels.len() {
        episodes.clear(kind, Some(index), span);
    }
    let worst = channels.iter().filter(|c| c.is_present()).max_by(|a, b| {
        a.observation
            .confidence
            .total_cmp(&b.observation.confidence)
    });
    // Nobody has it: the defect was over when the last one lost it.
    let last = channels.iter().max_by_key(|c| {
        (
            c.observation.evidence == Evidence::Unknown,
            c.observation.since.unwrap_or(0),
        )
    });
    if let Some(channel) = worst.or(last) {
        episodes.observe(kind, None, span, channel.observation.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::{Common, Direction, Info, Report, Severity, State};
    use crate::media::{MS, Ns, SECOND};

    crate::kinds! {
        /// One.
        enum TestKind {
            Test {
                name: "k",
                value: "",
                direction: Direction::HigherIsWorse,
                details: &[],
            },
        }
    }

    static INFO: Info = Info {
        element: "test",
        type_name: "Test",
        long_name: "",
        description: "",
        kinds: TestKind::LIST,
        measures: &[],
    };

    fn channel(evidence: Evidence, shares: bool) -> ChannelObservation {
        ChannelObservation {
            observation: Observation::new(evidence, 1.0, 0.5),
            shares,
        }
    }

    /// Channels of the episodes that begin in 1 s of that.
    fn begun(channels: &[ChannelObservation]) -> Vec<Option<usize>> {
        let common = Common::new(Severity::Warning, SECOND / 2, SECOND);
        let mut episodes = Episodes::new(&INFO, common, channels.len());
        for n in 0..100 as Ns {
            observe(
                &mut episodes,
                TestKind::Test,
                Span::new(n * 10 * MS, (n + 1) * 10 * MS),
                channels,
            );
        }
        let begun = episodes.take_reports().into_iter();
        begun
            .filter_map(|r| match r {
                Report::Defect(f) if f.state == State::Begin => Some(f.channel),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_defect_is_of_all_or_of_one() {
        use Evidence::{Absent, Present};
        assert_eq!(
            begun(&[channel(Present, true), channel(Absent, true)]),
            [None]
        );
        assert_eq!(
            begun(&[channel(Present, true), channel(Absent, false)]),
            [Some(0)]
        );
        assert_eq!(
            begun(&[
                channel(Present, true),
                channel(Present, false),
                ChannelObservation::clear()
            ]),
            [Some(0), Some(1)]
        );
        assert_eq!(
            begun(&[ChannelObservation::clear(), ChannelObservation::clear()]),
            []
        );
        assert_eq!(begun(&[channel(Present, true)]), [None]);
    }
}
