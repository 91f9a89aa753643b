// SPDX-License-Identifier: MPL-2.0
//! Left against right, in every pair of a layout: a channel with its polarity inverted, both the same, one too low or dead.
//!
//! A pair is judged by the correlation of its channels in windows of 100 ms, without rumble and, where it counts, in bands, and a
//! verdict needs four fifths of the windows with sound in 3 s. Silence isn't judged.
//! - `phase-inversion`: the channels cancel in mono: correlation at or under -0.7, which leaves less than a third of the power.
//!   Room, wide effects, spaced microphones and ordinary stereo stay above 0, or change. If the rest of the spectrum doesn't follow, it
//!   may be an effect: then a band alone has to cancel nearly completely, and confidence is low. A programme that plays from the
//!   surrounds of a matrix (Lt/Rt) alone for that long can't be told from it.
//! - `dual-mono`: what is left of one channel if the other is taken from it, at the level that fits best, is codec noise. Mono
//!   is often meant; the message says what is on air.
//! - `imbalance`: the levels of the two differ over 3 s. `dead-leg`: one is silent.
//!
//! `dual-mono` and `imbalance`, which may be intended for a while, have to last one and a half times `min-duration`.
//!
//! Sources: correlation under -0.8 in four fifths of the windows over 10 s is this project's own rule of thumb (-0.7
//! also finds inverted sound with a room or codec noise on it). The residual was set on dual mono after AAC, MP2,
//! MP3, AC-3 and Opus at 64 to 384 kbit/s: except at the lowest rates, 80 % of its windows are under -22 dB, against
//! -18 dB and more in recordings of mono films and -15 in narrow stereo.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    sound::{AudioFormat, Block},
};

mod bands;
mod history;
mod judge;
mod pairs;

use judge::Pair;

crate::settings! {
    /// Settings of `phasedetect`.
    pub struct PhaseSettings {
        /// Correlation of a pair at which it counts as inverted, -1 to 0
        "inversion-threshold" inversion: f64 = -0.7, in -1.0..=0.0;
        /// Difference between a pair's channels, at levels that fit, up to which they count as the same: in dB of their power
        "mono-threshold" mono: f64 = -22.0, in -80.0..=-6.0;
        /// Difference of level in dB at which a pair is out of balance
        "imbalance-threshold" imbalance: f64 = 6.0, in 1.0..=60.0;
    }
}

crate::kinds! {
    /// What `phasedetect` reports.
    pub enum PhaseKind {
        PhaseInversion {
            name: "phase-inversion",
            value: "80th percentile of the correlation of the pair over windows of a tenth of a second, -1 (inverted) to 1; `channel` is \
            the second of the pair if the stream has more than two",
            direction: Direction::LowerIsWorse,
            details: &[
                ("full", "throughout the spectrum"),
                ("low-band", "150 Hz to 1 kHz only: maybe an effect"),
                ("high-band", "1 to 4 kHz only: maybe an effect"),
            ],
        },
        DualMono {
            name: "dual-mono",
            value: "80th percentile of the difference of the pair over windows of a tenth of a second, in dB of its power; `channel` is \
            the second of the pair if the stream has more than two; announced after one and a half times `min-duration`",
            unit: "dB",
            direction: Direction::LowerIsWorse,
            details: &[
                ("identical", "sample by sample"),
                ("coded", "but for a codec's noise or a difference of level"),
            ],
        },
        Imbalance {
            name: "imbalance",
            value: "attenuation of the channel against its partner, in dB; announced after one and a half times `min-duration`",
            unit: "dB",
            direction: Direction::HigherIsWorse,
            details: &[
                ("level", "lower"),
                ("dead-leg", "silent, while its partner isn't"),
            ],
        },
    }
}

crate::measures! {
    /// What `phasedetect` measures.
    pub struct PhaseMeasures {
        /// lowest mean correlation of a pair in the interval, -1 to 1
        "correlation" correlation: f64,
        /// largest difference of level within a pair in the interval, in dB
        "difference" difference: f64 => "dB",
    }
}

const INFO: Info = Info {
    element: "phasedetect",
    type_name: "GstDefectPhaseDetect",
    long_name: "Phase and balance detector",
    description: "Reports pairs of channels of which one is inverted, the same as the other, too low or dead",
    kinds: PhaseKind::LIST,
    measures: PhaseMeasures::LIST,
};

/// The detector.
#[derive(Debug)]
pub struct Phase {
    pairs: Vec<Pair>,
}

impl Detector for Phase {
    type Medium = Audio;
    type Settings = PhaseSettings;
    type Kind = PhaseKind;
    type Measures = PhaseMeasures;
    const INFO: &'static Info = &INFO;
    // Chosen: longer than the effects and hard-panned moments of programmes, short enough for a fault that listeners in mono suffer from.
    const COMMON: Common = Common::new(Severity::Warning, 8 * SECOND, 3 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        let several = format.channels > 2;
        Self {
            pairs: pairs::pairs(format)
                .into_iter()
                .map(|channels| Pair::new(channels, format.rate, several))
                .collect(),
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &PhaseSettings,
        episodes: &mut Episodes<PhaseKind>,
    ) {
        for pair in &mut self.pairs {
            pair.push(span, &block, settings, episodes);
        }
        if self.pairs.is_empty() {
            for kind in [
                PhaseKind::PhaseInversion,
                PhaseKind::DualMono,
                PhaseKind::Imbalance,
            ] {
                episodes.observe(kind, None, span, Observation::unknown());
            }
        }
    }

    fn gap(&mut self, _: Span, _: &PhaseSettings, _: &mut Episodes<PhaseKind>) {
        self.pairs.iter_mut().for_each(Pair::interrupt);
    }

    fn measure(&mut self) -> PhaseMeasures {
        let sums: Vec<_> = self
            .pairs
            .iter_mut()
            .filter_map(Pair::take_interval)
            .collect();
        let correlations = sums.iter().map(bands::Products::correlation);
        let differences = sums.iter().map(|s| s.difference().abs());
        PhaseMeasures {
            correlation: correlations.reduce(f64::min).unwrap_or(f64::NAN),
            difference: differences.reduce(f64::max).unwrap_or(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests;
