// SPDX-License-Identifier: MPL-2.0
//! Line-up tone on air.
//!
//! One sine wave is fitted to every block of 10 ms. A tone is reported if the blocks hold hardly anything but the sine (noise 17 dB
//! below it is allowed), and frequency and level are steady within 1 % and 0.6 dB: a generator's are, those of flutes and trumpets
//! aren't for long. The tone has to last `min-duration`, 2 s by default, so a censor's bleep and the pips of the hour aren't reported.
//! Seven or more short tones of equal pitch, level, length and distance are a line-up signal as well.
//!
//! Sources: GLITS and the idents of EBU Tech 3304 and BLITS as broadcasters describe them; 1 kHz at -18 dBFS is the alignment of EBU
//! R 68, -20 dBFS that of SMPTE RP 155, but every frequency from 190 Hz counts. The limits of purity and
//! steadiness are chosen: wide enough for a tone after a codec, too narrow for a player.
//!
//! Also reported, since nothing tells them from a line-up tone: the dial tone of a telephone, a whistle held by a synthesiser.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, channels,
    channels::ChannelObservation,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    dsp::sine::SineFit,
    sound::{AudioFormat, Block, FLOOR_DB, power_db},
};

mod ident;
mod runs;
use runs::{Run, Runs};

crate::settings! {
    /// Settings of `tonedetect`.
    pub struct ToneSettings {
        /// Level of the tone from which it is reported, in dBFS (that of a full-scale sine is -3)
        "threshold" threshold: f64 = -50.0, in -100.0..=0.0;
    }
}

crate::kinds! {
    /// What `tonedetect` reports.
    pub enum ToneKind {
        Tone {
            name: "tone",
            value: "level of the tone in dBFS; the field `frequency` has its frequency in Hz",
            unit: "dBFS",
            direction: Direction::HigherIsWorse,
            details: &[
                ("line-up", "a steady tone"),
                (
                    "interrupted",
                    "short tones of one sort at regular distance, seven or more",
                ),
                ("glits", "the stereo ident of British broadcasters"),
                ("blits", "the 5.1 ident of British broadcasters"),
                ("ebu-stereo", "the stereo ident of EBU Tech 3304"),
                ("ebu-5-1", "the 5.1 ident of EBU Tech 3304"),
            ],
        },
    }
}

crate::measures! {
    /// What `tonedetect` measures.
    pub struct ToneMeasures {
        /// frequency of the loudest pure tone in the interval, in Hz; absent if there was none
        "frequency" frequency: f64 => "Hz",
        /// its level in dBFS, -200 if there was none
        "level" level: f64 => "dBFS",
    }
}

const INFO: Info = Info {
    element: "tonedetect",
    type_name: "GstDefectToneDetect",
    long_name: "Line-up tone detector",
    description: "Reports line-up tone and idents on air",
    kinds: ToneKind::LIST,
    measures: ToneMeasures::LIST,
};

/// Shortest steady run that counts: every vowel has shorter ones.
const SHORTEST: Ns = 150 * MS;
/// How long a channel may be silent within an ident before the tone is over.
const BREAK: Ns = 300 * MS;
/// A channel this far (in dB) below the threshold is silent.
const BELOW: f64 = 10.0;

/// A channel that had only tone and silence for this time may share the tone of others.
const ALONE: Ns = SECOND;

/// The detector.
#[derive(Debug)]
pub struct Tone {
    fits: Vec<SineFit>,
    runs: Vec<Runs>,
    states: Vec<State>,
    observations: Vec<ChannelObservation>,
    /// The ident that was recognised, as long as the tone lasts.
    ident: Option<&'static str>,
    loudest: Option<(f64, f64)>,
    judged: bool,
}

/// The tone of a channel.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    since: Option<Ns>,
    /// When the tone was last there.
    seen: Ns,
    /// Its frequency and level then.
    frequency: f64,
    level: f64,
    /// When the channel last had something else than tone and silence.
    other: Ns,
}

/// How far a tone after a break may differ in frequency (relatively) and level (dB) and still be the same one.
const SAME: (f64, f64) = (0.005, 1.0);

impl Detector for Tone {
    type Medium = Audio;
    type Settings = ToneSettings;
    type Kind = ToneKind;
    type Measures = ToneMeasures;
    const INFO: &'static Info = &INFO;
    // Bleeps last up to 1 s, the last pip half a second.
    const COMMON: Common = Common::new(Severity::Error, 2 * SECOND, SECOND / 2);

    fn new(format: &AudioFormat) -> Self {
        let n = format.channels;
        Self {
            fits: vec![SineFit::new(format.rate); n],
            runs: (0..n).map(|_| Runs::new()).collect(),
            states: vec![State::default(); n],
            observations: vec![ChannelObservation::clear(); n],
            ident: None,
            loudest: None,
            judged: false,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &ToneSettings,
        episodes: &mut Episodes<ToneKind>,
    ) {
        self.judged = true;
        let mut any = false;
        for (channel, samples) in block.iter().enumerate() {
            let Some((fit, runs)) = self.fits.get_mut(channel).zip(self.runs.get_mut(channel))
            else {
                continue;
            };
            let sine = fit.fit(samples).map(|s| (s, power_db(s.power)));
            runs.push(span, sine, settings.threshold);
            let level = sine.map_or(FLOOR_DB, |(_, level)| level);
            let silent = level < settings.threshold - BELOW;
            let state = &mut self.states[channel];
            let observed = &mut self.observations[channel];
            let limits = Limits {
                threshold: settings.threshold,
                wait: episodes.common().min_duration,
                silent,
            };
            observed.observation = judge(runs, state, span, &limits, self.ident);
            if !silent && observed.observation.evidence == Evidence::Absent {
                state.other = span.end;
            }
            observed.shares = span.end >= state.other + ALONE;
            any |= state.since.is_some();
            if let Some(run) = runs
                .current()
                .filter(|r| r.steady && r.duration() >= SHORTEST)
                && self.loudest.is_none_or(|l| run.level > l.1)
            {
                self.loudest = Some((run.frequency, run.level));
            }
        }
        self.ident = if any {
            ident::name(&self.runs).or(self.ident)
        } else {
            None
        };
        channels::observe(episodes, ToneKind::Tone, span, &self.observations);
    }

    fn gap(&mut self, _: Span, _: &ToneSettings, _: &mut Episodes<ToneKind>) {
        self.runs.iter_mut().for_each(Runs::clear);
    }

    fn measure(&mut self) -> ToneMeasures {
        let (frequency, level) = self.loudest.take().unwrap_or((f64::NAN, FLOOR_DB));
        let judged = std::mem::take(&mut self.judged);
        ToneMeasures {
            frequency: if judged { frequency } else { f64::NAN },
            level: if judged { level } else { f64::NAN },
        }
    }
}

/// Limits for a channel in a block.
struct Limits {
    /// Level of a tone, in dBFS.
    threshold: f64,
    /// How long a tone has to last, in ns.
    wait: Ns,
    /// The block is silent.
    silent: bool,
}

/// The observation of a channel in a block.
fn judge(
    runs: &Runs,
    state: &mut State,
    span: Span,
    limits: &Limits,
    ident: Option<&'static str>,
) -> Observation {
    let (threshold, silent) = (limits.threshold, limits.silent);
    let steady = runs
        .current()
        .filter(|r| r.steady && r.duration() >= SHORTEST && state.continues(r));
    let whole = steady.filter(|r| r.span.end >= span.end);
    // The tone may end within the block.
    let ends_here = |r: &&Run| (span.start + 1..span.end).contains(&r.span.end);
    let last = runs
        .all()
        .find(ends_here)
        .filter(|_| state.lasts_until(span));
    let pulses = ident::interrupted(runs).filter(|(_, until)| *until >= span.end);
    let (run, since, detail) = match (whole.or(last), pulses) {
        (run, Some((since, _))) => (run.or(runs.past().next()), since, "interrupted"),
        (Some(run), None) => (Some(run), run.span.start, "line-up"),
        // The tone is disturbed for a moment.
        (None, None) if steady.is_some() => return Observation::unknown(),
        // The break of an ident, or the first moments after it: the tone may come back.
        (None, None) if state.may_return(runs, span, silent) => return Observation::unknown(),
        (None, None) => {
            let absent = Observation::new(Evidence::Absent, FLOOR_DB, threshold);
            return if state.since.take().is_some() {
                absent.since(state.seen)
            } else {
                absent
            };
        }
    };
    let first = *state.since.get_or_insert(since);
    let (frequency, level) = run.map_or((0.0, FLOOR_DB), |r| (r.frequency, r.peak));
    state.seen = match (whole, last, pulses) {
        (None, Some(run), None) => run.span.end,
        _ => span.end,
    };
    state.frequency = frequency;
    state.level = run.map_or(FLOOR_DB, |r| r.level);
    Observation::new(Evidence::Present, level, threshold)
        .detail(ident.unwrap_or(detail))
        .confidence(if detail == "interrupted" { 0.8 } else { 0.95 })
        .extra("frequency", frequency)
        .since(first.min(since))
        .min_duration(limits.wait.saturating_add(span.end - state.seen))
}

impl State {
    /// Whether a run continues the tone, or there was none.
    fn continues(&self, run: &Run) -> bool {
        self.since.is_none()
            || (run.frequency / self.frequency.max(1.0) - 1.0).abs() <= SAME.0
                && (run.level - self.level).abs() <= SAME.1
    }

    /// Whether there was a tone up to the start of a block.
    fn lasts_until(&self, span: Span) -> bool {
        self.since.is_some() && self.seen >= span.start
    }

    /// Whether the tone may come back.
    fn may_return(&self, runs: &Runs, span: Span, silent: bool) -> bool {
        let young = runs
            .current()
            .is_some_and(|r| r.steady && r.duration() < SHORTEST && self.continues(r));
        let limit = if young { BREAK + SHORTEST } else { BREAK };
        self.since.is_some() && span.end <= self.seen + limit && (silent || young)
    }
}

#[cfg(test)]
mod tests;
