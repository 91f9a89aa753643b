// SPDX-License-Identifier: MPL-2.0
//! A constant offset of a channel: the mean over a second that stays away from zero.
//!
//! Converters and bad plug-ins shift the whole waveform; it costs headroom and clicks at every edit. The short-term mean of speech
//! and brass is off zero, too, but what passed a microphone and a transformer has no mean over a second that keeps its sign; so
//! the mean has to stay on one side for `min-duration`.
//!
//! Limits: no standard gives any; 0.5 % of full scale (-46 dBFS) is chosen. Of 28 recordings (speech, music, street, film), none keeps even
//! 0.1 % on one side for 5 s; the most is 0.3 % for 2 s.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
    levels::{ChannelMeters, LevelMeasures},
};
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block, Meter},
};

crate::settings! {
    /// Settings of `dcdetect`.
    pub struct DcSettings {
        /// Offset of a channel from which it is a defect: the mean over a second, as a fraction of full scale
        "threshold" threshold: f64 = 0.005, in 0.0..=1.0;
    }
}

crate::kinds! {
    /// What `dcdetect` reports.
    pub enum DcKind {
        DcOffset {
            name: "dc-offset",
            value: "mean over a second without its sign, as a fraction of full scale",
            direction: Direction::HigherIsWorse,
            details: &[
                ("positive", "shifted upwards"),
                ("negative", "shifted downwards"),
            ],
        },
    }
}

const INFO: Info = Info {
    element: "dcdetect",
    type_name: "GstDefectDcDetect",
    long_name: "DC offset detector",
    description: "Reports channels whose waveform is shifted away from zero",
    kinds: DcKind::LIST,
    measures: LevelMeasures::LIST,
};

/// Blocks of 10 ms in the window.
const WINDOW: usize = 100;

/// The detector.
#[derive(Debug)]
pub struct Dc {
    lanes: Vec<Lane>,
    levels: ChannelMeters,
}

impl Detector for Dc {
    type Medium = Audio;
    type Settings = DcSettings;
    type Kind = DcKind;
    type Measures = LevelMeasures;
    const INFO: &'static Info = &INFO;
    // 5 s on one side of zero: infrasound (wind, steps) has swung back by then. An offset doesn't pause, so 1 s of none is its end.
    const COMMON: Common = Common::new(Severity::Warning, 5 * SECOND, SECOND);

    fn new(format: &AudioFormat) -> Self {
        Self {
            lanes: vec![Lane::default(); format.channels],
            levels: ChannelMeters::new(format.channels),
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &DcSettings,
        episodes: &mut Episodes<DcKind>,
    ) {
        for (c, (lane, samples)) in self.lanes.iter_mut().zip(block.iter()).enumerate() {
            let level = Meter::of(samples);
            self.levels.add(c, &level);
            lane.push(level.mean());
            episodes.observe(
                DcKind::DcOffset,
                Some(c),
                span,
                lane.judge(span, settings.threshold),
            );
        }
    }

    fn measure(&mut self) -> LevelMeasures {
        self.levels.measure()
    }
}

/// One channel.
#[derive(Debug, Clone)]
struct Lane {
    /// Means of the last blocks.
    means: [f64; WINDOW],
    next: usize,
    filled: usize,
    /// The side of zero, and since when the mean is over the limit there.
    over: Option<(f64, Ns)>,
    /// The largest mean since then.
    most: f64,
    /// Start of the stream: an offset that the first full window has is there from then on.
    first: Option<Ns>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            means: [0.0; WINDOW],
            next: 0,
            filled: 0,
            over: None,
            most: 0.0,
            first: None,
        }
    }
}

impl Lane {
    fn push(&mut self, mean: f64) {
        self.means[self.next] = mean;
        self.next = (self.next + 1) % WINDOW;
        self.filled = (self.filled + 1).min(WINDOW);
    }

    fn judge(&mut self, span: Span, threshold: f64) -> Observation {
        self.first.get_or_insert(span.start);
        if self.filled < WINDOW {
            return Observation::unknown();
        }
        let mean = self.means.iter().sum::<f64>() / WINDOW as f64;
        let (size, side) = (mean.abs(), mean.signum());
        // How far the window reaches beyond an edge of the offset when its mean crosses the limit.
        let late = |part: f64| (part.clamp(0.0, 1.0) * SECOND as f64) as Ns;
        if size <= threshold {
            let most = std::mem::take(&mut self.most).max(threshold);
            let over = self.over.take();
            let gone = Observation::new(Evidence::Absent, size, threshold);
            return match over {
                Some(_) => gone.since(
                    span.end
                        .saturating_sub(late(1.0 - threshold / most.max(1e-9))),
                ),
                None => gone,
            };
        }
        if self.over.is_none_or(|(s, _)| s != side) {
            self.over = Some((side, span.end));
            self.most = 0.0;
            return Observation::new(Evidence::Absent, size, threshold);
        }
        self.most = self.most.max(size);
        let crossed = self.over.map_or(span.end, |(_, at)| at);
        if span.end < crossed + SECOND {
            return Observation::unknown();
        }
        let since = match self.first {
            Some(first) if crossed <= first + SECOND => first,
            _ => crossed.saturating_sub(late(threshold / self.most)),
        };
        Observation::new(Evidence::Present, size, threshold)
            .detail(if side > 0.0 { "positive" } else { "negative" })
            .since(since)
    }
}

#[cfg(test)]
mod tests;
