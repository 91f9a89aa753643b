// SPDX-License-Identifier: MPL-2.0
//! Mains hum: steady lines at 50 or 60 Hz and their multiples.
//!
//! Each channel is decimated to about 2 kHz, and a window of 8 s is examined once a second. A bass note or an engine
//! spreads over many of the bins, which are 0.12 Hz wide, and doesn't keep its phase; mains stays in one bin and
//! keeps its phase. It is hum if lines at multiples of exactly one fundamental stand out of their neighbourhood in
//! two consecutive windows, together by enough, and the two strongest keep their phasor in the parts of the window;
//! or if one line does so very clearly. So an episode is announced 9 to 10 s after the hum began, with the time when
//! it began.
//!
//! Sources: stationarity against quantiles of the programme and the band up to 400 Hz are those of Brandt & Bitzer
//! (2014); here phase is used instead of quantiles, since it also tells a steady line from a steady note. The limits
//! of score and spread were set on recorded speech, music, street and room sound with hum added at -36 to -50 dBFS.
//!
//! A line is hum as well if its level stays the same for 12 s, even if its phase doesn't or it isn't at mains
//! (`envelope.rs`): hum of generators, of tapes that flutter by up to 1 %, of recordings played at another speed,
//! with a fundamental from 45 to 65 Hz. Away from mains a second line is needed, since a single one is a bass note
//! that is held. Not hum: the lines of a regular beat, which have others as strong at the same distance on both
//! sides; notes, which come and go.
//!
//! Not reported: 96 Hz of film perforations, engines that change their speed.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, channels,
    channels::ChannelObservation,
};
use crate::media::{
    Ns, SECOND, Span,
    dsp::spectrum::{Decimator, Frames, Spectrum},
    sound::{AudioFormat, Block, FLOOR_DB, power_db},
};

mod envelope;
mod lines;
mod steadiness;
mod tracker;
use envelope::Envelope;
use lines::{Family, Lines};
use steadiness::{PhaseMeter, Steadiness};
use tracker::{BEGIN, HumTracker, Ongoing, SECOND_LINE, stands_out};

crate::settings! {
    /// Settings of `humdetect`.
    pub struct HumSettings {
        /// Level of the hum (all its lines together) from which it is reported, in dBFS
        "threshold" threshold: f64 = -65.0, in -120.0..=0.0;
    }
}

crate::kinds! {
    /// What `humdetect` reports.
    pub enum HumKind {
        Hum {
            name: "hum",
            value: "level of the hum, all lines together, in dBFS; the field `frequency` has its fundamental in Hz",
            unit: "dBFS",
            direction: Direction::HigherIsWorse,
            details: &[
                ("mains-50", "a fundamental near 50 Hz, from 45 to 55 Hz"),
                ("mains-60", "a fundamental near 60 Hz, from 55 to 65 Hz"),
            ],
        },
    }
}

crate::measures! {
    /// What `humdetect` measures.
    pub struct HumMeasures {
        /// fundamental of the mains lines that stand out most, in Hz; absent if none do
        "frequency" frequency: f64 => "Hz",
        /// their level in dBFS, -200 if none stand out
        "level" level: f64 => "dBFS",
    }
}

const INFO: Info = Info {
    element: "humdetect",
    type_name: "GstDefectHumDetect",
    long_name: "Mains hum detector",
    description: "Reports steady lines at multiples of 50 or 60 Hz",
    kinds: HumKind::LIST,
    measures: HumMeasures::LIST,
};

/// Samples of the window at the lower rate: 8 s, 0.12 Hz a bin.
const WINDOW: usize = 16_384;
const STEPS: usize = 8;
/// By how much the score of hum elsewhere must exceed that of hum at mains.
const MORE: f64 = 6.0;
const RATE: u32 = 2000;
/// Mean square above 0.5 Hz up to which a channel is silent (-100 dBFS): a silent channel may share the hum of the
/// others.
const SILENCE: f32 = 1e-10;

/// The detector.
#[derive(Debug)]
pub struct Hum {
    spectrum: Spectrum,
    lines: Lines,
    phases: PhaseMeter,
    envelope: Envelope,
    channels: Vec<Channel>,
    observations: Vec<ChannelObservation>,
    /// Length of a window.
    window: Ns,
    /// The strongest family of the interval: fundamental in Hz and power.
    loudest: Option<(f64, f64)>,
    judged: bool,
}

#[derive(Debug)]
struct Channel {
    decimator: Decimator,
    low: Vec<f32>,
    frames: Frames,
    tracker: HumTracker,
}

impl Detector for Hum {
    type Medium = Audio;
    type Settings = HumSettings;
    type Kind = HumKind;
    type Measures = HumMeasures;
    const INFO: &'static Info = &INFO;
    // `min-duration` is short since the window itself takes 8 s. A loud passage may hide hum for some seconds.
    const COMMON: Common = Common::new(Severity::Warning, 5 * SECOND, 5 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        let decimator = || Decimator::new(format.rate, RATE);
        let rate = f64::from(format.rate) / decimator().factor() as f64;
        let channel = || Channel {
            decimator: decimator(),
            low: Vec::with_capacity(64),
            frames: Frames::new(WINDOW, WINDOW / STEPS),
            tracker: HumTracker::default(),
        };
        let spectrum = Spectrum::new(WINDOW);
        Self {
            lines: Lines::new(WINDOW, rate, spectrum.sine()),
            phases: PhaseMeter::new(WINDOW, rate),
            envelope: Envelope::new(WINDOW, rate),
            spectrum,
            channels: (0..format.channels).map(|_| channel()).collect(),
            observations: vec![ChannelObservation::clear(); format.channels],
            window: (WINDOW as f64 / rate * 1e9) as Ns,
            loudest: None,
            judged: false,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &HumSettings,
        episodes: &mut Episodes<HumKind>,
    ) {
        let Self {
            spectrum,
            lines,
            phases,
            envelope,
            channels,
            observations,
            window,
            loudest,
            judged,
        } = self;
        let start = span.end.saturating_sub(*window);
        for ((channel, observed), samples) in
            channels.iter_mut().zip(observations).zip(block.iter())
        {
            channel.low.clear();
            channel.decimator.push(samples, &mut channel.low);
            let Channel {
                low,
                frames,
                tracker,
                ..
            } = channel;
            frames.push(low, |frame| {
                let power = spectrum.power(frame);
                let sounding = power.iter().skip(4).sum::<f32>() > SILENCE;
                let found = candidate(lines, (phases, envelope), power, frame);
                if let Some((family, _)) = found
                    && loudest.is_none_or(|(_, power)| family.power > power)
                {
                    *loudest = Some((family.frequency, family.power));
                }
                *judged = true;
                let over = tracker.push(found, start, *window);
                *observed = ChannelObservation {
                    observation: judge(tracker.hum(), found, over, settings.threshold),
                    shares: !sounding || found.is_some(),
                };
            });
        }
        channels::observe(episodes, HumKind::Hum, span, &self.observations);
    }

    fn gap(&mut self, _: Span, _: &HumSettings, _: &mut Episodes<HumKind>) {
        for channel in &mut self.channels {
            channel.decimator.clear();
            channel.frames.clear();
        }
    }

    fn measure(&mut self) -> HumMeasures {
        let (frequency, power) = self.loudest.take().unwrap_or((f64::NAN, 0.0));
        let judged = std::mem::take(&mut self.judged);
        HumMeasures {
            frequency: if judged { frequency } else { f64::NAN },
            level: if judged { power_db(power) } else { f64::NAN },
        }
    }
}

/// The candidate for hum in a frame: steady lines of mains, or else a line of constant level anywhere.
fn candidate(
    lines: &mut Lines,
    (phases, envelope): (&PhaseMeter, &mut Envelope),
    power: &[f32],
    frame: &[f32],
) -> Option<(Family, Steadiness)> {
    // `count`: how many of the strongest lines have to keep their level.
    let mut judge = |family: Family, count: usize, lines: &Lines| {
        let steady = phases.steadiness(&family, frame);
        let mut strongest = family.strongest.iter().take(count);
        let constant = strongest.all(|k| envelope.is_constant(family.frequency * *k as f64, frame));
        let is_other = lines.is_synthetic_wave(&family, power)
            || !constant && lines.is_beat_comb(&family, power);
        (!is_other).then_some((family, Steadiness { constant, ..steady }))
    };
    let mains = lines
        .find(power)
        .filter(|family| stands_out(family) && has_low_line(family));
    let mains = mains.and_then(|family| judge(family, 1, lines));
    // Overtones of hum elsewhere may be overtones of mains as well; so it needs a higher score.
    let least = mains.map_or(0.0, |(family, _)| family.score + MORE);
    let other = lines.find_elsewhere(power);
    let other = other.filter(|family| {
        stands_out(family)
            && family.score >= least
            && has_odd_lines(family)
            && has_low_line(family)
            && family.contrast[1] >= SECOND_LINE
    });
    let other = other.and_then(|family| judge(family, 2, lines));
    // Its phase proves nothing: a bass note has a steady phase, too.
    let by_level = |(family, steady): (Family, Steadiness)| {
        let spread = [f64::INFINITY; 2];
        (family, Steadiness { spread, ..steady })
    };
    other.filter(|(_, s)| s.constant).map(by_level).or(mains)
}

/// Whether one of the strongest lines is an odd multiple. If not, the family is one of twice the frequency, such as
/// the 96 Hz of film perforations at 24 pictures a second.
fn has_odd_lines(family: &Family) -> bool {
    family.strongest.iter().any(|multiple| multiple % 2 == 1)
}

/// Whether one of its two strongest lines is among the first three: a fourth and a fifth alone are notes of a chord.
fn has_low_line(family: &Family) -> bool {
    family.strongest.iter().any(|multiple| *multiple <= 3)
}

/// The observation of a channel. `over`: the end of the hum that was going on before.
fn judge(
    hum: Option<&Ongoing>,
    found: Option<(Family, Steadiness)>,
    over: Option<Ns>,
    threshold: f64,
) -> Observation {
    let level = found.map_or(FLOOR_DB, |(family, _)| power_db(family.power));
    let Some((hum, (family, steady))) = hum.zip(found).filter(|_| level >= threshold) else {
        let absent = Observation::new(Evidence::Absent, level, threshold);
        return match over {
            Some(over) => absent.since(over),
            None => absent,
        };
    };
    let detail = if family.frequency < 55.0 {
        "mains-50"
    } else {
        "mains-60"
    };
    // Twice the smallest score gives the highest confidence.
    let margin = (family.score - 10.0 * steady.spread[0] - BEGIN) / BEGIN;
    Observation::new(Evidence::Present, level, threshold)
        .detail(detail)
        .confidence(0.7 + 0.25 * margin.clamp(-1.0, 1.0))
        .extra("frequency", family.frequency)
        .since(hum.since)
}

#[cfg(test)]
mod tests;
