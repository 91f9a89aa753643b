// SPDX-License-Identifier: MPL-2.0
//! Mains hum: steady lines at 50 or 60 Hz and their multiples.
//!
//! Each channel is thinned out to about 2 kHz and looked at through a window of 8 s once a second. A bass note or an engine
//! spreads over many of the bins, 0.12 Hz wide, and doesn't keep its phase; mains does both. It is hum if lines at multiples of
//! exactly one fundamental stand out of their neighbourhood in two windows running, together by enough, and the two strongest keep their
//! phasor in the parts of the window; or if one line does so very clearly. So an episode is announced 9 to 10 s after the hum began, with
//! the time when it began.
//!
//! Sources: stationarity against quantiles of the programme and the band up to 400 Hz are those of Brandt & Bitzer (2014);
//! here phase is used instead of quantiles, since it also tells a steady line from a steady note. The limits of score and spread were
//! set on recorded speech, music, street and room sound with hum added at -36 to -50 dBFS.
//!
//! Not mains: 96 Hz of film perforations, tuned bass notes, engines. A generator off its frequency by more than 0.5 % isn't found.

use crate::core::{
    Audio, Common, Detector, Evidence, Info, Kind, Measure, Ns, Observation, SECOND, Severity,
    Span, Watch, Worse,
    sound::{
        AudioFormat, Block, FLOOR_DB,
        lanes::{self, Voice},
        power_db,
        spectrum::{Decimator, Frames, Spectrum},
    },
};

mod lines;
use lines::{Family, Lines, Steadiness};

crate::settings! {
    /// What `humdetect` can be told.
    pub struct HumSettings {
        /// Level of the hum (all its lines together) from which it is reported, in dBFS
        "threshold" threshold: f64 = -65.0, in -120.0..=0.0;
    }
}

const INFO: Info = Info {
    element: "humdetect",
    type_name: "GstDefectHumDetect",
    long_name: "Mains hum detector",
    description: "Reports steady lines at multiples of 50 or 60 Hz",
    kinds: &[Kind {
        name: "hum",
        value: "level of the hum, all lines together, in dBFS; the field `frequency` has its fundamental in Hz",
        worse: Worse::Above,
        details: &[
            ("mains-50", "a fundamental near 50 Hz"),
            ("mains-60", "a fundamental near 60 Hz"),
        ],
    }],
    measures: &[
        Measure {
            name: "frequency",
            per_channel: false,
            doc: "fundamental of the mains lines that stand out most, in Hz; absent if none do",
        },
        Measure {
            name: "level",
            per_channel: false,
            doc: "their level in dBFS, -200 if none stand out",
        },
    ],
};

const HUM: usize = 0;
/// Samples of the window at the lower rate: 8 s, 0.12 Hz a bin.
const WINDOW: usize = 16_384;
const STEPS: usize = 8;
const RATE: u32 = 2000;
/// Score, less ten times the spread, from which a family is hum. Measured on 19 recordings without mains hum: at most 25
/// (street with an engine), music 14; with hum at -42 dBFS under loud pop 21 to 36 at the best moment, under speech 30 and more.
const BEGIN: f64 = 27.0;
/// Score and largest spread that keep it up at the same frequency.
const KEEP: f64 = 13.0;
const KEEP_SPREAD: f64 = 1.5;
/// The second strongest line has to stand out by so many dB, or the strongest alone by more, with less spread.
const SECOND_LINE: f64 = 10.0;
const LONE_LINE: f64 = 16.0;
const LONE_SPREAD: f64 = 0.3;
/// And that in so many windows running, so for 12 s: a bass note repeated for 7 s was the longest in pop music.
const LONE_WINDOWS: u32 = 5;
/// How far the fundamental may wander from window to window, in Hz: mains moves by some mHz a second.
const WANDER: f64 = 0.06;
/// And how far from where it was at first: else a bass note nearby could take over.
const WANDER_FAR: f64 = 0.1;
/// A hum begins when it fills so much of the window, and goes on after the last one ended: not with the end of that.
const FILLED: f64 = 0.4;
const APART: Ns = 3 * SECOND / 2;
/// Mean square above 0.5 Hz up to which a channel is silent (-100 dBFS): it may share what the others have.
const SILENCE: f32 = 1e-10;

/// The detector.
#[derive(Debug)]
pub struct Hum {
    spectrum: Spectrum,
    lines: Lines,
    channels: Vec<Channel>,
    voices: Vec<Voice>,
    /// Length of a window.
    window: Ns,
    /// What stood out most in the interval: fundamental and power.
    loudest: Option<(f64, f64)>,
    judged: bool,
}

#[derive(Debug)]
struct Channel {
    decimator: Decimator,
    low: Vec<f32>,
    frames: Frames,
    /// What the last window had.
    last: Option<Family>,
    hum: Option<Episode>,
    /// Windows running that had one steady line.
    lone: u32,
    /// When the last hum was last there.
    over: Ns,
}

/// Hum that goes on in a channel.
#[derive(Debug, Clone, Copy)]
struct Episode {
    /// Where it is now, and where it was at first.
    frequency: f64,
    first: f64,
    since: Ns,
    /// When its strongest line was there last.
    seen: Ns,
}

element!(Hum);

impl Detector for Hum {
    type Medium = Audio;
    type Settings = HumSettings;
    const INFO: &'static Info = &INFO;
    // The window is the waiting time. A loud passage may hide hum for some seconds.
    const COMMON: Common = Common::new(Severity::Warning, 5 * SECOND, 5 * SECOND);

    fn new(format: &AudioFormat) -> Self {
        let decimator = || Decimator::new(format.rate, RATE);
        let rate = f64::from(format.rate) / decimator().factor() as f64;
        let channel = || Channel {
            decimator: decimator(),
            low: Vec::with_capacity(64),
            frames: Frames::new(WINDOW, WINDOW / STEPS),
            last: None,
            hum: None,
            lone: 0,
            over: 0,
        };
        let spectrum = Spectrum::new(WINDOW);
        Self {
            lines: Lines::new(WINDOW, rate, spectrum.sine()),
            spectrum,
            channels: (0..format.channels).map(|_| channel()).collect(),
            voices: vec![Voice::clear(); format.channels],
            window: (WINDOW as f64 / rate * 1e9) as Ns,
            loudest: None,
            judged: false,
        }
    }

    fn push(&mut self, span: Span, block: Block<'_>, settings: &HumSettings, watch: &mut Watch) {
        let Self {
            spectrum,
            lines,
            channels,
            voices,
            window,
            loudest,
            judged,
        } = self;
        let start = span.end.saturating_sub(*window);
        for ((channel, voice), samples) in channels.iter_mut().zip(voices).zip(block.iter()) {
            channel.low.clear();
            channel.decimator.push(samples, &mut channel.low);
            let Channel {
                low,
                frames,
                last,
                hum,
                lone,
                over,
                ..
            } = channel;
            frames.push(low, |frame| {
                let power = spectrum.power(frame);
                let sounding = power.iter().skip(4).sum::<f32>() > SILENCE;
                let found = lines.find(power).filter(stands_out);
                let found = found.map(|family| (family, lines.steadiness(&family, frame)));
                if let Some((family, _)) = found
                    && loudest.is_none_or(|(_, power)| family.power > power)
                {
                    *loudest = Some((family.frequency, family.power));
                }
                *judged = true;
                *over = hum.map_or(*over, |hum| hum.seen);
                let had_hum = hum.is_some();
                follow(hum, lone, *last, found, (start, *window), *over);
                *last = found.map(|(family, _)| family);
                *voice = Voice {
                    seen: judge(
                        hum.as_ref(),
                        found,
                        had_hum.then_some(*over),
                        settings.threshold,
                    ),
                    shares: !sounding || found.is_some(),
                };
            });
        }
        lanes::observe(watch, HUM, span, &self.voices);
    }

    fn gap(&mut self, _: Span, _: &HumSettings, _: &mut Watch) {
        for channel in &mut self.channels {
            channel.decimator.clear();
            channel.frames.clear();
        }
    }

    fn measure(&mut self, values: &mut [f64]) {
        if let (true, [frequency, level]) = (self.judged, values) {
            let (hz, power) = self.loudest.unwrap_or((f64::NAN, 0.0));
            *frequency = hz;
            *level = power_db(power);
        }
        self.loudest = None;
        self.judged = false;
    }
}

/// Worth a closer look: what keeps hum up, or a single strong line.
fn stands_out(family: &Family) -> bool {
    family.score >= KEEP || family.contrast[0] >= LONE_LINE - 2.0
}

/// Begins, keeps up or ends the hum of a channel. `window`: start and length; `over`: when the last hum ended.
fn follow(
    hum: &mut Option<Episode>,
    lone: &mut u32,
    last: Option<Family>,
    found: Option<(Family, Steadiness)>,
    (start, window): (Ns, Ns),
    over: Ns,
) {
    let Some((family, steady)) = found else {
        *hum = None;
        *lone = 0;
        return;
    };
    let near = |frequency: f64, by: f64| (family.frequency - frequency).abs() <= by;
    let at = |share: f64| start + (window as f64 * share) as Ns;
    let goes_on = last.is_some_and(|l| near(l.frequency, WANDER));
    let alone = family.contrast[0] >= LONE_LINE && steady.spread[1] <= LONE_SPREAD;
    *lone = if alone && (goes_on || *lone == 0) {
        *lone + 1
    } else {
        0
    };
    let together =
        family.contrast[1] >= SECOND_LINE && family.score - 10.0 * steady.spread[0] >= BEGIN;
    let kept = family.score >= KEEP && steady.spread[0] <= KEEP_SPREAD || alone;
    let fresh = steady.extent.1 - steady.extent.0 >= FILLED
        && (over == 0 || at(steady.extent.1) > over + APART);
    match hum {
        Some(hum) if kept && near(hum.frequency, WANDER) && near(hum.first, WANDER_FAR) => {
            hum.frequency = family.frequency;
            hum.seen = hum.seen.max(at(steady.extent.1));
        }
        Some(_) => *hum = None,
        None if goes_on && fresh && (together || *lone >= LONE_WINDOWS) => {
            let before = Ns::from(lone.saturating_sub(1)) * window / STEPS as Ns;
            *hum = Some(Episode {
                frequency: family.frequency,
                first: family.frequency,
                since: at(steady.extent.0).saturating_sub(before).max(over),
                seen: at(steady.extent.1),
            });
        }
        None => {}
    }
}

/// `over`: when the hum that there was before was last there.
fn judge(
    hum: Option<&Episode>,
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
    // Twice the least score is as sure as it gets.
    let margin = (family.score - 10.0 * steady.spread[0] - BEGIN) / BEGIN;
    Observation::new(Evidence::Present, level, threshold)
        .detail(detail)
        .confidence(0.7 + 0.25 * margin.clamp(-1.0, 1.0))
        .extra("frequency", family.frequency)
        .since(hum.since)
}

#[cfg(test)]
mod tests;
