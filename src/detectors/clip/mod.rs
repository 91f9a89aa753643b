// SPDX-License-Identifier: MPL-2.0
//! Clipping: a waveform whose peaks are cut off flat.
//!
//! What is counted are flat tops (`tops.rs`): runs of equal samples at the largest level there is, which the wave meets and leaves steeply
//! enough that its peak must have been higher. Nothing in that depends on the level, so sound that was clipped and turned down
//! afterwards is found as well. One such run is inaudible, and mastered music has a few; so the share of samples in flat tops over
//! a second decides.
//!
//! Not found: clipping that was turned down and then went through a lossy codec, which bends the flat tops again.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Info, Observation, Severity,
    levels::{ChannelMeters, LevelMeasures},
};
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block},
};

mod ceiling;
mod tops;
use ceiling::Ceiling;
use tops::{RAIL, Tops};

crate::settings! {
    /// Settings of `clipdetect`.
    pub struct ClipSettings {
        /// Share of the samples of a second, in one channel, that clipping may have cut off
        "threshold" threshold: f64 = 0.001, in 0.0..=1.0;
        /// Flat peaks in that second before it counts as clipping
        "peaks" peaks: u64 = 5, in 1..=100_000;
    }
}

crate::kinds! {
    /// What `clipdetect` reports.
    pub enum ClipKind {
        Clipping {
            name: "clipping",
            value: "share of the samples of a second that are cut off, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[
                ("full-scale", "cut off within 1 dB of full scale"),
                ("lowered", "cut off and turned down afterwards"),
            ],
        },
    }
}

const INFO: Info = Info {
    element: "clipdetect",
    type_name: "GstDefectClipDetect",
    long_name: "Clipping detector",
    description: "Reports sound whose peaks are cut off, also if it was turned down afterwards",
    kinds: ClipKind::LIST,
    measures: LevelMeasures::LIST,
};

/// The detector.
#[derive(Debug)]
pub struct Clip {
    lanes: Vec<Lane>,
    levels: ChannelMeters,
}

impl Detector for Clip {
    type Medium = Audio;
    type Settings = ClipSettings;
    type Kind = ClipKind;
    type Measures = LevelMeasures;
    const INFO: &'static Info = &INFO;
    // Audible at once, so it has to last a second only; speech clips in its loudest vowels, so it isn't over before 2 s without.
    const COMMON: Common = Common::new(Severity::Warning, SECOND, 2 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        Self {
            lanes: (0..format.channels).map(|_| Lane::new()).collect(),
            levels: ChannelMeters::new(format.channels),
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &ClipSettings,
        episodes: &mut Episodes<ClipKind>,
    ) {
        self.levels.push(block);
        for (c, (lane, samples)) in self.lanes.iter_mut().zip(block.iter()).enumerate() {
            episodes.observe(
                ClipKind::Clipping,
                Some(c),
                span,
                lane.judge(span, samples, settings),
            );
        }
    }

    fn measure(&mut self) -> LevelMeasures {
        self.levels.measure()
    }
}

/// One channel.
#[derive(Debug)]
struct Lane {
    tops: Tops,
    ceiling: Ceiling,
    /// When the last flat top at the ceiling ended.
    last: Option<Ns>,
}

impl Lane {
    fn new() -> Self {
        Self {
            tops: Tops::default(),
            ceiling: Ceiling::new(),
            last: None,
        }
    }

    fn judge(&mut self, span: Span, samples: &[f32], settings: &ClipSettings) -> Observation {
        let cut = self.ceiling.push(self.tops.block(samples));
        let share = f64::from(cut.samples) / (samples.len() * Ceiling::BLOCKS) as f64;
        if cut.fresh {
            self.last = Some(span.end);
        }
        let enough = u64::from(cut.runs) >= settings.peaks;
        let present = share > settings.threshold && enough;
        let seen = Observation::present_if(present, share, settings.threshold);
        if present {
            let back = cut.first as u64 * span.duration();
            let detail = if cut.level >= RAIL {
                "full-scale"
            } else {
                "lowered"
            };
            return seen.since(span.end.saturating_sub(back)).detail(detail);
        }
        match self.last {
            Some(last) => seen.since(last),
            None => seen,
        }
    }
}

#[cfg(test)]
mod tests;
