// SPDX-License-Identifier: MPL-2.0
//! Phrases: sound that begins after a pause and ends with one, as speech has them. The delay of captions is measured against their
//! beginnings, see [`delay`](super::delay).
//!
//! Not part of the public list of detectors: `defectbin` has it listen to the sound of a programme and keeps its messages.
//!
//! A phrase is loud between 200 and 4000 Hz by what the last ten seconds were: within 20 dB of the loudest, or in the upper half of the
//! levels if that is less. Music that is as loud as the voice has phrases, too, or hides those of the voice; the comparison with the text
//! tells.

use std::f64::consts::TAU;

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    sound::{AudioFormat, Block},
};

crate::settings! {
    /// Its settings.
    pub struct SpeechSettings {
        /// Level under which there is silence, in dBFS
        "threshold" threshold: f64 = -60.0, in -200.0..=0.0;
    }
}

crate::kinds! {
    /// What it reports.
    pub enum SpeechKind {
        Phrase {
            name: "phrase",
            value: "level from 200 to 4000 Hz, in dBFS",
            direction: Direction::HigherIsWorse,
        },
    }
}

crate::measures! {
    /// What it measures.
    pub struct SpeechMeasures {
        /// level from 200 to 4000 Hz at the end of the interval, in dBFS
        "level" level: f64
    }
}

/// Its only kind.
pub const PHRASE: &str = SpeechKind::LIST[0].name;

const INFO: Info = Info {
    element: "phrases",
    type_name: "GstDefectPhrases",
    long_name: "Phrases",
    description: "Tells when phrases of speech begin",
    kinds: SpeechKind::LIST,
    measures: SpeechMeasures::LIST,
};

/// Lower limit of the band, in Hz, and the rate of the means whose half is the upper one.
const LOW: f64 = 200.0;
const RATE: u32 = 8000;

/// Time constant of the level.
const SMOOTHED: Ns = 30 * MS;
/// Levels are compared with those of the last one to two times of this length.
const RECENT: Ns = 5 * SECOND;
/// The least difference of loud and soft, in dB, that speech with its pauses has.
const LEAST_RANGE: f64 = 10.0;
/// A phrase is no more than this much softer than the loudest, in dB.
const DEPTH: f64 = 20.0;

/// Softest and loudest level, in dBFS.
#[derive(Debug, Clone, Copy)]
struct Range(f64, f64);

impl Range {
    const NONE: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    fn with(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.max(other.1))
    }
}

/// The detector.
#[derive(Debug)]
pub struct Speech {
    /// Samples whose mean is taken as one.
    group: usize,
    /// Part of the difference that the filter takes for each of them, and its state: what is below the band.
    part: f64,
    low: f64,
    power: f64,
    began: Option<Ns>,
    /// Levels since the time `since`, and in the time before.
    since: Ns,
    ranges: [Range; 2],
}

impl Detector for Speech {
    type Medium = Audio;
    type Settings = SpeechSettings;
    type Kind = SpeechKind;
    type Measures = SpeechMeasures;
    const INFO: &'static Info = &INFO;
    // Shorter sounds are clicks; shorter pauses are those within a phrase, e.g. of a `p` or `t`.
    const COMMON: Common = Common::new(Severity::Info, 150 * MS, 300 * MS);

    fn new(format: &AudioFormat) -> Self {
        let group = (format.rate / RATE).max(1);
        Self {
            group: group as usize,
            part: 1.0 - (-TAU * LOW * f64::from(group) / f64::from(format.rate.max(1))).exp(),
            low: 0.0,
            power: 0.0,
            began: None,
            since: 0,
            ranges: [Range::NONE; 2],
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &SpeechSettings,
        episodes: &mut Episodes<SpeechKind>,
    ) {
        let part = span.duration() as f64 / SMOOTHED as f64;
        self.power += (self.power_of(block) - self.power) * part.min(1.0);
        let observation = self.judge(span, settings.threshold);
        episodes.observe(SpeechKind::Phrase, None, span, observation);
    }

    fn measure(&mut self) -> SpeechMeasures {
        SpeechMeasures {
            level: self.level(),
        }
    }
}

impl Speech {
    /// Mean square of the mean of all channels, within the band.
    fn power_of(&mut self, block: Block<'_>) -> f64 {
        let mut sum = 0.0;
        let mut count = 0;
        for from in (0..block.length()).step_by(self.group) {
            let to = (from + self.group).min(block.length());
            let channels = block.iter().map(|channel| &channel[from..to]);
            let total: f32 = channels.map(|group| group.iter().sum::<f32>()).sum();
            let mean = f64::from(total) / (block.channels() * (to - from)) as f64;
            self.low += (mean - self.low) * self.part;
            sum += (mean - self.low).powi(2);
            count += 1;
        }
        if sum.is_finite() {
            return sum / f64::from(count.max(1));
        }
        self.low = 0.0;
        0.0
    }

    /// In dBFS.
    fn level(&self) -> f64 {
        10.0 * self.power.max(1e-20).log10()
    }

    fn judge(&mut self, span: Span, threshold: f64) -> Observation {
        let began = *self.began.get_or_insert(span.start);
        // The filter settles.
        if span.start < began + SECOND / 2 {
            return Observation::unknown();
        }
        if span.start.saturating_sub(self.since) >= RECENT {
            self.ranges = [Range::NONE, self.ranges[0]];
            self.since = span.start;
        }
        let level = self.level();
        self.ranges[0] = self.ranges[0].with(Range(level, level));
        let Range(soft, loud) = self.ranges[0].with(self.ranges[1]);
        let limit = threshold.max(loud - ((loud - soft) / 2.0).min(DEPTH));
        let is_loud = level > limit && loud - soft >= LEAST_RANGE;
        let evidence = match is_loud {
            true => Evidence::Present,
            false => Evidence::Absent,
        };
        Observation::new(evidence, level, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::testing::{hear_wave, noise};

    /// When phrases begin, in tenths of a second.
    fn begun(seconds: f64, mut wave: impl FnMut(f64) -> f64) -> Vec<u64> {
        let found = hear_wave::<Speech>(48_000, 1, seconds, |_, t| wave(t));
        let begun = found
            .iter()
            .filter(|f| f.state == crate::detector::State::Begin);
        begun.map(|f| (f.at + 50 * MS) / (100 * MS)).collect()
    }

    /// Four syllables a second of a voice at 120 Hz, from `from` to `to`.
    fn voice(t: f64, from: f64, to: f64) -> f64 {
        let tones = (1..20).map(|n| (TAU * 120.0 * f64::from(n) * t).sin() / f64::from(n));
        let syllable = (TAU * 2.0 * (t - from)).sin().abs().max(0.03);
        let is_on = (from..to).contains(&t);
        f64::from(u8::from(is_on)) * 0.1 * syllable * tones.sum::<f64>()
    }

    #[test]
    fn phrases_begin_after_pauses_not_with_each_syllable() {
        let said = |t: f64| voice(t, 2.0, 4.5) + voice(t, 5.2, 8.0) + voice(t, 11.0, 15.0);
        assert_eq!(begun(18.0, said), [20, 52, 110]);
        // In a room, and 20 dB softer.
        let mut hiss = noise(1);
        let soft = |t: f64| 0.1 * said(t) + 0.0005 * f64::from(hiss());
        assert_eq!(begun(18.0, soft), [20, 52, 110]);
    }

    #[test]
    fn what_goes_on_has_no_phrases() {
        assert_eq!(begun(20.0, |_| 0.0), [0; 0]);
        assert_eq!(begun(20.0, |t| 0.3 * (TAU * 440.0 * t).sin()), [0; 0]);
        let mut hiss = noise(1);
        assert_eq!(begun(20.0, |_| 0.1 * f64::from(hiss())), [0; 0]);
    }

    #[test]
    fn what_is_no_number_does_no_harm() {
        let said = |t: f64| voice(t, 6.0, 8.0);
        let broken = |t: f64| if t < 1.0 { f64::NAN } else { said(t) };
        assert_eq!(begun(10.0, broken), [60]);
    }
}
