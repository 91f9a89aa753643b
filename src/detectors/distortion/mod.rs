// SPDX-License-Identifier: MPL-2.0
//! Sound that was damaged on its way: overdriven, with too few bits, its bytes swapped, data taken for sound, played at a wrong rate.
//!
//! Each channel is judged in stretches of half a second. A defect that half of the stretches of the last 3 s have is
//! reported, and `detail` names it:
//! - `data`: the preambles of SMPTE ST 337 (Pa, Pb for 16, 20 and 24 bits) and the sync words of DTS, also with swapped bytes, three or
//!   four of them at even distances. Certain.
//! - `byte-swap`: noise that becomes smooth when the bytes of each sample are put the other way round (16 or 24 bits). Nearly certain.
//! - `bit-crush`: few levels, all multiples of one step, far apart for their peak. Sure as long as no codec or resampling came after.
//! - `overdrive`: the waveform has flat tops: many samples within 2 % of a peak that stays the same, few just below.
//!   Sound driven by 15 dB and more is found at any level, also after the gain was lowered again; mastering drives by
//!   less. Square waves of old games are reported, too.
//! - `wrong-rate`: a steady tone whose frequency is that of a line-up tone times the ratio of two usual rates. A hint only.
//!
//! Not reported (EBU QC 0231B leaves distortion to the ear): crossover and intermodulation distortion, overdrive that
//! was filtered afterwards, words of 32 bits swapped.
//!
//! Sources: preambles: SMPTE ST 337. The other limits were set on recorded speech, music and street sound and on loud
//! mastered pop, driven, crushed and swapped.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, channels,
    channels::ChannelObservation,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    dsp::sine::SineFit,
    sound::{AudioFormat, Block},
};

mod byte_swap;
mod channel;
mod histogram;
mod preambles;
mod verdict;
use channel::ChannelJudge;
use verdict::StretchVerdict;

crate::settings! {
    /// Settings of `distortiondetect`.
    pub struct DistortionSettings {
        /// Share of the last 3 s (of what could be judged) that has to be distorted, 0 to 1
        "threshold" threshold: f64 = 0.5, in 0.1..=1.0;
    }
}

crate::kinds! {
    /// What `distortiondetect` reports.
    pub enum DistortionKind {
        Distortion {
            name: "distortion",
            value: "share of the last 3 s that is distorted, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[
                ("data", "bursts of SMPTE ST 337, not sound"),
                ("byte-swap", "samples with their bytes in the wrong order"),
                ("bit-crush", "too few bits, on a lattice of levels"),
                ("overdrive", "flat tops, at whatever level"),
                (
                    "wrong-rate",
                    "a line-up tone as another sample rate would have it",
                ),
            ],
        },
    }
}

crate::measures! {
    /// What `distortiondetect` measures.
    pub struct DistortionMeasures {
        /// largest share, in any half second, of samples within 2 % of the peak, minus those 2 to 10 % below it
        "flat-tops" flat_tops: f64,
        /// share of the stretches of half a second that were judged distorted, 0 to 1
        "distorted" distorted: f64,
    }
}

const INFO: Info = Info {
    element: "distortiondetect",
    type_name: "GstDefectDistortionDetect",
    long_name: "Distortion detector",
    description: "Reports overdriven, bit-crushed, byte-swapped sound and data taken for sound",
    kinds: DistortionKind::LIST,
    measures: DistortionMeasures::LIST,
};

const STRETCH: Ns = 500 * MS;
/// Stretches that are remembered: 3 s.
const PAST: usize = 6;
/// Least number of stretches with the same defect.
const FEWEST: usize = 2;
/// Blocks of a steady tone in a stretch from which it may be a line-up tone at a wrong rate.
const TONE_BLOCKS: u32 = 45;

/// The detector.
#[derive(Debug)]
pub struct Distortion {
    channels: Vec<ChannelJudge>,
    observations: Vec<ChannelObservation>,
    blocks: usize,
    count: usize,
    flat: f64,
    stretches: f64,
    distorted_stretches: f64,
}

impl Detector for Distortion {
    type Medium = Audio;
    type Settings = DistortionSettings;
    type Kind = DistortionKind;
    type Measures = DistortionMeasures;
    const INFO: &'static Info = &INFO;
    // The two or three stretches are evidence enough; a pause of speech doesn't end it.
    const COMMON: Common = Common::new(Severity::Error, SECOND, 2 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        let judge = || ChannelJudge::new(SineFit::new(format.rate));
        Self {
            channels: (0..format.channels).map(|_| judge()).collect(),
            observations: vec![ChannelObservation::clear(); format.channels],
            blocks: format.blocks(STRETCH),
            count: 0,
            flat: f64::NAN,
            stretches: 0.0,
            distorted_stretches: 0.0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &DistortionSettings,
        episodes: &mut Episodes<DistortionKind>,
    ) {
        for (index, channel) in self.channels.iter_mut().enumerate() {
            channel.push(span, &block, index);
        }
        self.count += 1;
        if self.count >= self.blocks {
            self.count = 0;
            for (channel, observed) in self.channels.iter_mut().zip(&mut self.observations) {
                let (verdict, flat) = channel.end_stretch(span.end);
                self.flat = self.flat.max(flat);
                self.stretches += 1.0;
                self.distorted_stretches +=
                    f64::from(u8::from(StretchVerdict::DEFECTS.contains(&verdict)));
                *observed = judge(channel, settings.threshold);
            }
        }
        channels::observe(
            episodes,
            DistortionKind::Distortion,
            span,
            &self.observations,
        );
    }

    fn measure(&mut self) -> DistortionMeasures {
        let judged = self.stretches > 0.0;
        let measures = DistortionMeasures {
            flat_tops: if judged { self.flat } else { f64::NAN },
            distorted: if judged {
                self.distorted_stretches / self.stretches
            } else {
                f64::NAN
            },
        };
        self.flat = f64::NAN;
        self.stretches = 0.0;
        self.distorted_stretches = 0.0;
        measures
    }
}

/// The observation of a channel after a stretch.
fn judge(channel: &ChannelJudge, threshold: f64) -> ChannelObservation {
    let known = channel.count(|m| m != StretchVerdict::Unknown).max(1) as f64;
    let best = StretchVerdict::DEFECTS
        .into_iter()
        .map(|m| (m, channel.count(|other| other == m)))
        .find(|(_, n)| *n >= FEWEST && *n as f64 / known >= threshold);
    if best.is_none() && channel.may_still_be_overdriven() {
        return ChannelObservation {
            observation: Observation::unknown(),
            shares: true,
        };
    }
    let Some((found, n)) = best else {
        let seen = Observation::new(Evidence::Absent, 0.0, threshold);
        return ChannelObservation {
            observation: match channel.last_defect() {
                Some(end) => seen.since(end),
                None => seen,
            },
            shares: channel.count(|m| m == StretchVerdict::Clean) == 0,
        };
    };
    let observation = Observation::new(Evidence::Present, n as f64 / known, threshold)
        .detail(found.name())
        .confidence(found.confidence());
    ChannelObservation {
        observation: match channel.first(found) {
            Some(start) => observation.since(start),
            None => observation,
        },
        shares: true,
    }
}

#[cfg(test)]
mod tests;
