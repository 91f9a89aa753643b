// SPDX-License-Identifier: MPL-2.0
//! Reports a defect once for the programme if all channels share it, otherwise for each channel that has it.

use crate::detector::{Episodes, Evidence, KindSet, Observation};
use crate::media::Span;

/// The observation of one channel in a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelObservation {
    /// The observation.
    pub observation: Observation,
    /// Whether it may count as sharing the defect of another channel: it shows the defect weakly, or is silent.
    pub shares: bool,
}

impl ChannelObservation {
    /// No defect, and none shared with another channel.
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

/// Observes a unit in which each channel was judged by itself: as a defect of the programme if all channels share it
/// when it begins, otherwise of each channel that has it. An episode stays what it was at its begin.
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
    // No channel has the defect: it ended when the last one lost it.
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
