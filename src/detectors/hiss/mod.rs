// SPDX-License-Identifier: MPL-2.0
//! Hiss: a broadband noise floor, as bad amplifiers, open faders, long analogue lines and failing converters make it.
//!
//! In each of nine bands from 2 to 20 kHz (fewer at low rates) the quietest moments of the last 4 s are measured. A
//! programme comes and goes, so its quietest 2 % lie well below its quietest 10 %; steady noise has less than 1 dB
//! between the two. It is hiss if that is so in three of the four uppermost bands that hold anything, if these are
//! about equally strong (electric noise is even or rises up to the edge of the spectrum; that of rooms, streets and
//! wind falls), and if its level is over a limit: an absolute one, or a lower one if the floor was still lower
//! before. A programme that comes and goes has to be heard above it (`programme_levels.rs`), and there has to be
//! noise between the lines of the spectrum as well (`between_lines.rs`): a waterfall is the programme itself, the
//! buzz of a telephone has lines only. A fault stays when the scene changes, the noise of a scene doesn't; so it has
//! to last for 12 s.
//!
//! Reported as well: steady rain, fans and waterfalls behind somebody who speaks for longer than that, if they are
//! new or loud. Not reported: air conditioning, street and room sound, which fall by more than 6 dB towards high
//! frequencies; hiss under music that never pauses and covers it in all bands.
//!
//! Sources: tracking of minima is Martin's (2001); quantiles instead of minima, and the limits, were set on 17
//! recordings of speech, music, rooms and streets, with white and pink noise added 10 to 30 dB under them.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, channels,
    channels::ChannelObservation,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    dsp::spectrum::Spectrum,
    sound::{AudioFormat, Block},
};

mod between_lines;
mod floor;
mod programme_levels;
use between_lines::NoiseBetweenLines;
use floor::{Bands, Floor, frame_length};
use programme_levels::ProgrammeLevels;

crate::settings! {
    /// Settings of `hissdetect`.
    pub struct HissSettings {
        /// Level of the noise floor from 2 to 16 kHz from which it is reported, in dBFS
        "threshold" threshold: f64 = -55.0, in -120.0..=0.0;
        /// Rise of the floor over the lowest of the last minute, in dB, from which a weaker one is reported, too (0: never)
        "rise" rise: f64 = 12.0, in 0.0..=60.0;
        /// Level from which a floor that has risen is reported, in dBFS
        "rise-threshold" rise_threshold: f64 = -74.0, in -120.0..=0.0;
    }
}

crate::kinds! {
    /// What `hissdetect` reports.
    pub enum HissKind {
        Hiss {
            name: "hiss",
            value: "level of the noise floor from 2 to 16 kHz in dBFS",
            unit: "dBFS",
            direction: Direction::HigherIsWorse,
            details: &[
                ("floor", "over the absolute limit"),
                ("rise", "under it, but risen over what it was before"),
            ],
        },
    }
}

crate::measures! {
    /// What `hissdetect` measures.
    pub struct HissMeasures {
        /// highest noise floor of a channel in the interval, 2 to 16 kHz in dBFS; where programme covers the noise, the level of the
        /// programme
        "floor" floor: f64 => "dBFS",
        /// by how much that floor varied in time, in dB: less than 1 for noise
        "unsteadiness" unsteadiness: f64 => "dB",
    }
}

const INFO: Info = Info {
    element: "hissdetect",
    type_name: "GstDefectHissDetect",
    long_name: "Hiss detector",
    description: "Reports a steady broadband noise floor",
    kinds: HissKind::LIST,
    measures: HissMeasures::LIST,
};

const WINDOW: Ns = 4 * SECOND;
const STEP: Ns = 250 * MS;
/// Largest difference between the quietest 2 and 10 %, in dB, at which a floor is steady: to begin, and to go on.
/// White noise has 0.3 to 0.7 dB in these bands; of 17 recordings only one with a real noise floor had three such
/// bands at 0.8 dB, under the threshold.
const BEGIN: f64 = 0.9;
const KEEP: f64 = 1.6;
/// Largest difference between the bands in dB: pink noise has 0, white noise 3.4; measured in most rooms and streets: 10 and more.
const SLOPE: f64 = 6.0;
/// Loud passages may cover hiss for so long.
const COVERED: Ns = 3 * SECOND;
/// How many steps the lowest floor is remembered; they are longer than `STEP`.
const PAST: usize = 12;
const PAST_STEP: Ns = 5 * SECOND;

/// The detector.
#[derive(Debug)]
pub struct Hiss {
    spectrum: Spectrum,
    /// The fine spectrum, [`FINER`](between_lines::FINER) times finer.
    fine: Spectrum,
    channels: Vec<Channel>,
    observations: Vec<ChannelObservation>,
    step: BlockCounter,
    past_step: BlockCounter,
    loudest: Option<Floor>,
}

/// Counts the blocks of a step.
#[derive(Debug)]
struct BlockCounter {
    blocks: usize,
    count: usize,
}

impl BlockCounter {
    fn new(format: &AudioFormat, length: Ns) -> Self {
        Self {
            blocks: format.blocks(length),
            count: 0,
        }
    }

    /// Counts a block; returns whether it completes a step.
    fn completes_step(&mut self) -> bool {
        self.count = (self.count + 1) % self.blocks;
        self.count == 0
    }
}

#[derive(Debug)]
struct Channel {
    bands: Bands,
    between_lines: NoiseBetweenLines,
    programme: ProgrammeLevels,
    /// Lowest floor of each of the last steps, the oldest first.
    past: [f64; PAST],
    present: bool,
    /// When hiss was last there.
    last: Option<Ns>,
}

impl Detector for Hiss {
    type Medium = Audio;
    type Settings = HissSettings;
    type Kind = HissKind;
    type Measures = HissMeasures;
    const INFO: &'static Info = &INFO;
    // Longer than most shots. Loud passages may cover the noise for some seconds.
    const COMMON: Common = Common::new(Severity::Warning, 12 * SECOND, 5 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        let seconds = WINDOW as f64 / SECOND as f64;
        let channel = || Channel {
            bands: Bands::new(format.rate, seconds),
            between_lines: NoiseBetweenLines::new(frame_length(format.rate)),
            programme: ProgrammeLevels::new(),
            past: [f64::INFINITY; PAST],
            present: false,
            last: None,
        };
        Self {
            spectrum: Spectrum::new(frame_length(format.rate)),
            fine: Spectrum::new(between_lines::FINER * frame_length(format.rate)),
            channels: (0..format.channels).map(|_| channel()).collect(),
            observations: vec![unknown(); format.channels],
            step: BlockCounter::new(format, STEP),
            past_step: BlockCounter::new(format, PAST_STEP),
            loudest: None,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &HissSettings,
        episodes: &mut Episodes<HissKind>,
    ) {
        for (channel, samples) in self.channels.iter_mut().zip(block.iter()) {
            let spectrum = &mut self.spectrum;
            channel
                .bands
                .push(samples, |frame, take| take(spectrum.power(frame)));
            channel.between_lines.push(samples, &mut self.fine);
            channel.programme.push(samples);
        }
        if self.step.completes_step() {
            for (channel, observed) in self.channels.iter_mut().zip(&mut self.observations) {
                channel.programme.end_step();
                let Some(floor) = channel.bands.floor() else {
                    continue;
                };
                if self.loudest.is_none_or(|l| floor.level > l.level) {
                    self.loudest = Some(floor);
                }
                *observed = channel.judge(&floor, span.end, settings);
            }
        }
        if self.past_step.completes_step() {
            for channel in &mut self.channels {
                channel.past.rotate_left(1);
                channel.past[PAST - 1] = f64::INFINITY;
            }
        }
        channels::observe(episodes, HissKind::Hiss, span, &self.observations);
    }

    fn gap(&mut self, _: Span, _: &HissSettings, _: &mut Episodes<HissKind>) {
        for channel in &mut self.channels {
            channel.bands.clear();
            channel.between_lines.clear();
            channel.programme.clear();
        }
        self.observations.fill(unknown());
    }

    fn measure(&mut self) -> HissMeasures {
        let floor = self.loudest.take();
        let unsteadiness = floor.as_ref().map_or(f64::NAN, |f| f.unsteadiness);
        HissMeasures {
            floor: floor.as_ref().map_or(f64::NAN, |f| f.level),
            unsteadiness: if unsteadiness.is_finite() {
                unsteadiness
            } else {
                f64::NAN
            },
        }
    }
}

fn unknown() -> ChannelObservation {
    ChannelObservation {
        observation: Observation::unknown(),
        shares: true,
    }
}

impl Channel {
    fn judge(&mut self, floor: &Floor, now: Ns, settings: &HissSettings) -> ChannelObservation {
        let before = self.past.iter().copied().fold(f64::INFINITY, f64::min);
        let rise = floor.level - before.max(-120.0);
        if let Some(last) = self.past.last_mut() {
            *last = last.min(floor.level);
        }
        let risen = settings.rise > 0.0 && rise.is_finite() && rise >= settings.rise;
        let (limit, detail) = if floor.level >= settings.threshold || !risen {
            (settings.threshold, "floor")
        } else {
            (settings.rise_threshold, "rise")
        };
        let unsteady = if self.present { KEEP } else { BEGIN };
        let even = floor.unsteadiness <= unsteady && floor.slope <= SLOPE;
        let noise = even && floor.level >= limit && {
            let bins = self.bands.bins(floor.top.0);
            self.between_lines.has_noise(bins, floor.top.1)
        };
        self.present = noise && (self.present || self.programme.stands_above(floor.level));
        if self.present {
            self.last = Some(now);
        }
        let covered = self
            .last
            .is_some_and(|at| now.saturating_sub(at) <= COVERED);
        let evidence = if self.present {
            Evidence::Present
        } else {
            Evidence::Absent
        };
        let seen = Observation::new(evidence, floor.level, limit)
            .detail(detail)
            .confidence(1.0 - 0.5 * floor.unsteadiness / KEEP);
        ChannelObservation {
            shares: !floor.sounding || floor.unsteadiness <= 2.0 * KEEP,
            // Hiss that is found fills the whole window, so it began with the window.
            observation: if self.present {
                seen.since(now.saturating_sub(WINDOW))
            } else if covered {
                Observation::unknown()
            } else if let Some(last) = self.last {
                seen.since(last)
            } else {
                seen
            },
        }
    }
}

#[cfg(test)]
mod tests;
