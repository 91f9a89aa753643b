// SPDX-License-Identifier: MPL-2.0
//! Short gaps and held samples inside running sound.
//!
//! A gap is a stretch of digital or nearly digital silence, a hold one of equal samples (`lane.rs`). What makes them dropouts is that
//! sound runs right up to them and goes on right after: it falls and rises within a millisecond. Gates, stops and staccato
//! fade, at least on one side. A gap that is as long as whole frames of a codec tells that frames were lost.
//!
//! Most dropouts that a lossy codec coded afterwards aren't found: it smears their edges over its window, as long as a gate opens and
//! shuts. What a decoder leaves of lost frames is found if it puts silence in their place, and not if it conceals them.
//!
//! Essentia's GapsDetector has the idea (sound before, -50 dB inside, sound after); the slopes and frame lengths are this project's.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
};
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block},
};

mod lane;
use lane::{Gap, Lane};

crate::settings! {
    /// What `dropoutdetect` can be told.
    pub struct DropoutSettings {
        /// Shortest gap that matters, in ms
        "threshold" threshold: f64 = 2.0, in 1.0..=500.0;
        /// Longest gap that is a dropout, in ms; what is longer is silence
        "longest" longest: f64 = 500.0, in 1.0..=2000.0;
    }
}

crate::kinds! {
    /// What `dropoutdetect` reports.
    pub enum DropoutKind {
        Dropout {
            name: "dropout",
            value: "length in ms",
            direction: Direction::HigherIsWorse,
            details: &[
                ("gap", "silence, not as long as frames of a known codec"),
                ("hold", "one sample repeated"),
                (
                    "aac-frame",
                    "as long as 1 to 8 frames of AAC (1024 samples)",
                ),
                (
                    "mp2-frame",
                    "as long as 1 to 8 frames of MPEG layer 2 or 3 (1152 samples)",
                ),
                (
                    "ac3-frame",
                    "as long as 1 to 8 frames of AC-3 (1536 samples)",
                ),
                ("opus-frame", "as long as 1 to 8 frames of Opus (20 ms)"),
            ],
        },
    }
}

crate::measures! {
    /// What `dropoutdetect` measures.
    pub struct DropoutMeasures {
        /// dropouts in the interval, over all channels
        "dropouts" dropouts: f64,
    }
}

const INFO: Info = Info {
    element: "dropoutdetect",
    type_name: "GstDefectDropoutDetect",
    long_name: "Audio dropout detector",
    description: "Reports short gaps and held samples inside running sound",
    kinds: DropoutKind::LIST,
    measures: DropoutMeasures::LIST,
};

/// The detector.
#[derive(Debug)]
pub struct Dropout {
    lanes: Vec<Lane>,
    found: Vec<Option<Gap>>,
    /// End of the last dropout: of the programme, then of each channel.
    ends: Vec<Option<Ns>>,
    dropouts: u64,
}

impl Detector for Dropout {
    type Medium = Audio;
    type Settings = DropoutSettings;
    type Kind = DropoutKind;
    type Measures = DropoutMeasures;
    const INFO: &'static Info = &INFO;
    // A dropout is announced at once. Half a second apart they are still heard one by one.
    const COMMON: Common = Common::new(Severity::Error, 0, SECOND / 2);

    fn new(format: &AudioFormat) -> Self {
        Self {
            lanes: (0..format.channels).map(|_| Lane::new(format)).collect(),
            found: vec![None; format.channels],
            ends: vec![None; format.channels + 1],
            dropouts: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &DropoutSettings,
        episodes: &mut Episodes<DropoutKind>,
    ) {
        let lanes = self.lanes.iter_mut().zip(block.iter());
        for (found, (lane, samples)) in self.found.iter_mut().zip(lanes) {
            *found = lane.push(samples, settings);
        }
        let together = self.together(block.rate());
        let (rate, threshold) = (block.rate(), settings.threshold);
        let undecided = self.lanes.iter().any(|lane| lane.is_undecided(settings));
        self.report(None, together, undecided, span, rate, threshold, episodes);
        for c in 0..self.found.len() {
            let own = self.found[c].filter(|_| together.is_none());
            let undecided = self.lanes[c].is_undecided(settings);
            self.report(Some(c), own, undecided, span, rate, threshold, episodes);
        }
    }

    fn gap(&mut self, _: Span, _: &DropoutSettings, _: &mut Episodes<DropoutKind>) {
        self.lanes.iter_mut().for_each(Lane::reset);
    }

    fn measure(&mut self) -> DropoutMeasures {
        DropoutMeasures {
            dropouts: std::mem::take(&mut self.dropouts) as f64,
        }
    }
}

impl Dropout {
    /// A gap that all channels with sound have: at least two, within a millisecond.
    fn together(&self, rate: u32) -> Option<Gap> {
        let first = self.found.iter().copied().flatten().next()?;
        let near = |a: u64, b: u64| a.abs_diff(b) <= u64::from(rate / 1000);
        let mut count = 0;
        for (found, lane) in self.found.iter().zip(&self.lanes) {
            match found {
                Some(g) if near(g.start, first.start) && near(g.end(), first.end()) => count += 1,
                None if !lane.sounds() => {}
                _ => return None,
            }
        }
        (count > 1).then_some(first)
    }

    /// `undecided`: the sound of the present may turn out to be a gap. Gaps are found late, and an episode must not end meanwhile.
    #[allow(clippy::too_many_arguments, reason = "all of one block")]
    fn report(
        &mut self,
        channel: Option<usize>,
        found: Option<Gap>,
        undecided: bool,
        span: Span,
        rate: u32,
        threshold: f64,
        episodes: &mut Episodes<DropoutKind>,
    ) {
        let end = &mut self.ends[channel.map_or(0, |c| c + 1)];
        let Some(gap) = found else {
            if undecided {
                return episodes.observe(
                    DropoutKind::Dropout,
                    channel,
                    span,
                    Observation::unknown(),
                );
            }
            let seen = Observation::new(Evidence::Absent, 0.0, threshold);
            let seen = match end {
                Some(end) => seen.since(*end),
                None => seen,
            };
            return episodes.observe(DropoutKind::Dropout, channel, span, seen);
        };
        self.dropouts += 1;
        let ns = |samples: u64| {
            (u128::from(samples) * u128::from(SECOND) / u128::from(rate.max(1))) as Ns
        };
        // `start` counts back from the end of the block.
        let start = span.end.saturating_sub(ns(gap.start));
        let gone = Span::new(start, start + ns(gap.length));
        *end = Some(gone.end);
        let seen = Observation::present_if(true, gap.ms(rate), threshold).detail(gap.detail(rate));
        episodes.isolated(DropoutKind::Dropout, channel, gone, seen);
    }
}

#[cfg(test)]
mod tests;
