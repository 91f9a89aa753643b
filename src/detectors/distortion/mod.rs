// SPDX-License-Identifier: MPL-2.0
//! Sound that was damaged on its way: overdriven, with too few bits, its bytes swapped, data taken for sound, played at a wrong rate.
//!
//! Each channel is judged in stretches of half a second; a mark that half of those of the last 3 s bear is reported, and `detail`
//! names it:
//! - `data`: the preambles of SMPTE ST 337 (Pa, Pb for 16, 20 and 24 bits), also with swapped bytes. Certain.
//! - `byte-swap`: noise that becomes smooth when the bytes of each sample are put the other way round (16 or 24 bits). Nearly certain.
//! - `bit-crush`: few levels, all multiples of one step, far apart for their peak. Sure as long as no codec or resampling came after.
//! - `overdrive`: the waveform has flat tops: many samples within 2 % of a peak that stays the same, few just below. Driven by 15 dB and more it is
//!   found at any level, also after the gain was lowered again; less is what mastering does. Square waves of old games have it, too.
//! - `wrong-rate`: a steady tone whose frequency is that of a line-up tone times the ratio of two usual rates. A hint only.
//!
//! What isn't promised (EBU QC 0231B leaves distortion to the ear): crossover and intermodulation distortion, overdrive that was filtered
//! afterwards, words of 32 bits swapped.
//!
//! Sources: preambles: SMPTE ST 337. The other limits were set on recorded speech, music and street sound and on loud mastered pop, driven, crushed
//! and swapped.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, channels,
    channels::ChannelObservation,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    dsp::sine::SineFit,
    sound::{AudioFormat, Block},
};

mod data;
mod ear;
mod marks;
use ear::Ear;
use marks::Mark;

crate::settings! {
    /// What `distortiondetect` can be told.
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
        /// largest share of samples within 2 % of the peak, less those between 2 and 10 % below, in half a second
        "flat-tops" flat_tops: f64,
        /// share of the stretches of half a second that bore a mark, 0 to 1
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
/// So many have to bear the mark.
const FEWEST: usize = 2;
/// Such a long tone may be a line-up tone at a wrong rate.
const TONE_BLOCKS: u32 = 45;

/// The detector.
#[derive(Debug)]
pub struct Distortion {
    ears: Vec<Ear>,
    voices: Vec<ChannelObservation>,
    blocks: usize,
    count: usize,
    flat: f64,
    stretches: f64,
    marked: f64,
}

impl Detector for Distortion {
    type Medium = Audio;
    type Settings = DistortionSettings;
    type Kind = DistortionKind;
    type Measures = DistortionMeasures;
    const INFO: &'static Info = &INFO;
    // Two or three stretches are the proof; speech pauses between them.
    const COMMON: Common = Common::new(Severity::Error, SECOND, 2 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        let ear = || Ear::new(SineFit::new(format.rate));
        Self {
            ears: (0..format.channels).map(|_| ear()).collect(),
            voices: vec![ChannelObservation::clear(); format.channels],
            blocks: format.blocks(STRETCH),
            count: 0,
            flat: f64::NAN,
            stretches: 0.0,
            marked: 0.0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &DistortionSettings,
        episodes: &mut Episodes<DistortionKind>,
    ) {
        for (channel, ear) in self.ears.iter_mut().enumerate() {
            ear.listen(span, &block, channel);
        }
        self.count += 1;
        if self.count >= self.blocks {
            self.count = 0;
            for (ear, voice) in self.ears.iter_mut().zip(&mut self.voices) {
                let (mark, flat) = ear.conclude(span.end);
                self.flat = self.flat.max(flat);
                self.stretches += 1.0;
                self.marked += f64::from(u8::from(Mark::DEFECTS.contains(&mark)));
                *voice = judge(ear, settings.threshold);
            }
        }
        channels::observe(episodes, DistortionKind::Distortion, span, &self.voices);
    }

    fn measure(&mut self) -> DistortionMeasures {
        let judged = self.stretches > 0.0;
        let measures = DistortionMeasures {
            flat_tops: if judged { self.flat } else { f64::NAN },
            distorted: if judged {
                self.marked / self.stretches
            } else {
                f64::NAN
            },
        };
        self.flat = f64::NAN;
        self.stretches = 0.0;
        self.marked = 0.0;
        measures
    }
}

/// What a channel says after a stretch.
fn judge(ear: &Ear, threshold: f64) -> ChannelObservation {
    let known = ear.count(|m| m != Mark::Unknown).max(1) as f64;
    let best = Mark::DEFECTS
        .into_iter()
        .map(|m| (m, ear.count(|other| other == m)))
        .find(|(_, n)| *n >= FEWEST && *n as f64 / known >= threshold);
    if best.is_none() && ear.holds() {
        return ChannelObservation {
            observation: Observation::unknown(),
            shares: true,
        };
    }
    let Some((found, n)) = best else {
        let seen = Observation::new(Evidence::Absent, 0.0, threshold);
        return ChannelObservation {
            observation: match ear.last_defect() {
                Some(end) => seen.since(end),
                None => seen,
            },
            shares: ear.count(|m| m == Mark::Clean) == 0,
        };
    };
    let observation = Observation::new(Evidence::Present, n as f64 / known, threshold)
        .detail(found.name())
        .confidence(found.confidence());
    ChannelObservation {
        observation: match ear.first(found) {
            Some(start) => observation.since(start),
            None => observation,
        },
        shares: true,
    }
}

#[cfg(test)]
mod tests;
