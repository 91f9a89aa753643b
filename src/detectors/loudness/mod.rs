// SPDX-License-Identifier: MPL-2.0
//! Loudness and true peak by ITU-R BS.1770-5 and EBU R 128 (Tech 3341, 3342): measured throughout, and held against a target.
//!
//! `loudness` is a programme that misses its target. What decides is the integrated loudness by default: a live programme's
//! short-term loudness swings by far more than any tolerance. As long as a programme is young its integrated loudness says little yet:
//! the tolerance is wider at first and shrinks to what is set within the first minute of sound, and a quiet opening isn't held
//! against it. Silence (under the absolute gate of -70 LUFS) is never judged. `true-peak` is a peak of the waveform over the limit,
//! announced at once; each channel has episodes of its own, and `count` tells how many blocks of 10 ms exceeded the limit.
//!
//! A programme lasts until the stream breaks off (a new segment, flush, caps, a jump of time) or the property `reset`
//! is set to true. Mono on one channel reads 3 LU lower than the same on two, by the standard's definition.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    sound::{AudioFormat, Block, FLOOR_DB, amplitude_db},
};

pub mod histogram;
pub mod meter;
pub mod options;
pub mod true_peak;
pub mod weighting;

use histogram::ABSOLUTE_GATE;
use meter::Meter;
pub use options::{LoudnessSettings, Measure, Preset};
use true_peak::TruePeak;
use weighting::Weighting;

crate::kinds! {
    /// What `loudnessdetect` reports.
    pub enum LoudnessKind {
        Loudness {
            name: "loudness",
            value: "distance of the loudness from the target, in LU; the field loudness has it in LUFS",
            unit: "LU",
            direction: Direction::HigherIsWorse,
            details: &[
                ("too-loud", "louder than the target"),
                ("too-quiet", "quieter than the target"),
            ],
        },
        TruePeak {
            name: "true-peak",
            value: "largest true peak, in dBTP",
            unit: "dBTP",
            direction: Direction::HigherIsWorse,
            details: &[],
        },
    }
}

crate::measures! {
    /// What `loudnessdetect` measures.
    pub struct LoudnessMeasures {
        /// loudness of the last 400 ms, in LUFS
        "momentary" momentary: f64 => "LUFS",
        /// loudness of the last 3 s, in LUFS
        "short-term" short_term: f64 => "LUFS",
        /// gated loudness of the programme so far, in LUFS
        "integrated" integrated: f64 => "LUFS",
        /// loudness range of the programme so far, in LU; says little in the first minute
        "range" range: f64 => "LU",
        /// largest true peak so far, in dBTP
        "true-peak" true_peak: f64 => "dBTP",
        /// largest momentary loudness so far, in LUFS
        "momentary-max" momentary_max: f64 => "LUFS",
        /// largest short-term loudness so far, in LUFS
        "short-term-max" short_term_max: f64 => "LUFS",
    }
}

const INFO: Info = Info {
    element: "loudnessdetect",
    type_name: "GstDefectLoudnessDetect",
    long_name: "Loudness and true peak detector",
    description: "Reports programmes that miss their target of loudness or true peak, and measures both (ITU-R BS.1770-5, EBU R 128)",
    kinds: LoudnessKind::LIST,
    measures: LoudnessMeasures::LIST,
};

/// When the integrated loudness of a programme is final enough to be held to the tolerance itself, in seconds of sound.
/// Chosen: EBU Tech 3342 calls what is younger than a minute unstable.
const SETTLED: f64 = 60.0;

/// How much wider the tolerance is at the very beginning, in LU. Of ten recordings of 3 to 133 s (speech, music, film, animation)
/// all but one with a quiet opening came within 4.1 LU of their whole after 3 s, 2.3 after 5 s, 1.1 after 20 s.
const YOUTH: f64 = 6.0;

/// Seconds of sound before which nothing is reported: one short-term window.
const FIRST: f64 = 3.0;

/// Seconds of sound before which a programme isn't reported as too quiet: openings are often quiet (12 LU after 10 s in the
/// recording above, 0.6 after 20 s), seldom loud.
const OPENING: f64 = 20.0;

/// How far an integrated loudness must come back into the tolerance before it is fine again, in LU: half the step of common displays.
const BACK: f64 = 0.05;

/// The detector.
#[derive(Debug)]
pub struct Loudness {
    format: AudioFormat,
    weighting: Weighting,
    meter: Meter,
    peaks: TruePeak,
    resets: u64,
    /// Whether a programme went before this one.
    followed: bool,
    /// When the first sound over the gate came.
    began: Option<Ns>,
    /// Since when the integrated loudness has missed the target.
    missed: Option<Ns>,
}

impl Detector for Loudness {
    type Medium = Audio;
    type Settings = LoudnessSettings;
    type Kind = LoudnessKind;
    type Measures = LoudnessMeasures;
    const INFO: &'static Info = &INFO;
    // 10 s: alarms on less of the short-term loudness are noise, live programmes swing.
    const COMMON: Common = Common::new(Severity::Warning, 10 * SECOND, 5 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        Self {
            weighting: Weighting::new(format),
            meter: Meter::new(format),
            peaks: TruePeak::new(format.rate, format.channels),
            format: format.clone(),
            resets: 0,
            followed: false,
            began: None,
            missed: None,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &LoudnessSettings,
        episodes: &mut Episodes<LoudnessKind>,
    ) {
        if self.resets != settings.resets() {
            self.resets = settings.resets();
            self.reset();
        }
        let energy = self.weighting.push(&block);
        let changed = self.meter.push(energy);
        let seen = match settings.measure() {
            Measure::Momentary => window(self.meter.momentary(), settings),
            Measure::ShortTerm => window(self.meter.short_term(), settings),
            Measure::Integrated if changed => self.programme(span, settings),
            Measure::Integrated => self.unchanged(),
        };
        episodes.observe(LoudnessKind::Loudness, None, span, seen);
        self.judge_peaks(span, &block, settings, episodes);
    }

    fn gap(&mut self, _: Span, _: &LoudnessSettings, _: &mut Episodes<LoudnessKind>) {
        self.meter.interrupt();
        self.peaks.interrupt();
    }

    fn measure(&mut self) -> LoudnessMeasures {
        let or_nan = |v: Option<f64>| v.map_or(f64::NAN, |v| v.max(FLOOR_DB));
        LoudnessMeasures {
            momentary: or_nan(self.meter.momentary()),
            short_term: or_nan(self.meter.short_term()),
            integrated: or_nan(self.meter.integrated()),
            range: or_nan(self.meter.range()),
            true_peak: amplitude_db(self.peaks.largest().into()),
            momentary_max: or_nan(self.meter.momentary_max()),
            short_term_max: or_nan(self.meter.short_term_max()),
        }
    }
}

impl Loudness {
    /// A new programme begins; the filters go on.
    fn reset(&mut self) {
        self.meter = Meter::new(&self.format);
        self.peaks.reset();
        self.followed = self.began.is_some() || self.followed;
        self.began = None;
        self.missed = None;
    }

    /// The integrated loudness has changed.
    fn programme(&mut self, span: Span, settings: &LoudnessSettings) -> Observation {
        let began = *self
            .began
            .get_or_insert(span.end.saturating_sub(400 * MS).min(span.start));
        let Some(level) = self.meter.integrated() else {
            return self.unchanged();
        };
        let miss = (level - settings.target()).abs();
        if miss <= settings.tolerance() {
            self.missed = None;
        } else if self.missed.is_none() {
            // What was never within the tolerance has missed it from the start.
            self.missed = Some(if self.meter.heard() <= 1.0 {
                began
            } else {
                span.start
            });
        }
        if self.is_too_young(level, settings) {
            return self.unchanged();
        }
        let youth = (1.0 - self.meter.heard() / SETTLED).max(0.0);
        let limit = settings.tolerance() + YOUTH * youth;
        let mut seen = deviation(level, limit, settings);
        if seen.evidence == Evidence::Absent && miss > settings.tolerance() - BACK {
            seen.evidence = Evidence::Unknown;
        }
        match self.missed {
            Some(at) if seen.evidence == Evidence::Present => seen.since(at),
            _ => seen,
        }
    }

    /// Whether nothing can be said yet. A young programme isn't too quiet as soon as it is no longer quiet.
    fn is_too_young(&self, level: f64, settings: &LoudnessSettings) -> bool {
        let heard = self.meter.heard();
        let limit = settings.target() - settings.tolerance();
        let quiet_now = self.meter.short_term().is_some_and(|now| now < limit);
        heard < FIRST
            || level < settings.target() && (heard < OPENING || heard < SETTLED && !quiet_now)
    }

    /// Nothing new is known of the programme as a whole; one that was reset is over.
    fn unchanged(&self) -> Observation {
        if self.followed && self.meter.heard() < FIRST {
            return Observation::new(Evidence::Absent, 0.0, 0.0);
        }
        Observation::unknown()
    }

    fn judge_peaks(
        &mut self,
        span: Span,
        block: &Block<'_>,
        settings: &LoudnessSettings,
        episodes: &mut Episodes<LoudnessKind>,
    ) {
        let limit = settings.max_true_peak();
        let amplitude = 10f64.powf(limit / 20.0) as f32;
        for channel in 0..block.channels() {
            let peak = self.peaks.push(channel, block, amplitude);
            if peak > amplitude {
                let seen = Observation::new(Evidence::Present, amplitude_db(peak.into()), limit);
                episodes.observe_isolated(LoudnessKind::TruePeak, Some(channel), span, seen);
            } else {
                episodes.clear(LoudnessKind::TruePeak, Some(channel), span);
            }
        }
    }
}

/// A window of its own; one under the gate is silence, and nobody's loudness.
fn window(level: Option<f64>, settings: &LoudnessSettings) -> Observation {
    match level {
        None => Observation::unknown(),
        Some(level) if level < ABSOLUTE_GATE => {
            Observation::new(Evidence::Absent, 0.0, settings.tolerance())
        }
        Some(level) => deviation(level, settings.tolerance(), settings),
    }
}

fn deviation(level: f64, limit: f64, settings: &LoudnessSettings) -> Observation {
    let miss = level - settings.target();
    Observation::present_if(miss.abs() > limit, miss.abs(), limit)
        .detail(if miss > 0.0 { "too-loud" } else { "too-quiet" })
        .extra("loudness", level)
}

#[cfg(test)]
mod tests;
