// SPDX-License-Identifier: MPL-2.0
//! No sound: in the whole programme, or in one leg of it while the other goes on.
//!
//! A block of 10 ms is quiet if its rms without the offset is under the threshold. A channel is silent from a quiet block on,
//! until more than 30 ms in a second aren't quiet: neither a click a second nor an offset, dither or the hiss of a codec
//! hides silence. Starts and ends are found to the sample in the blocks at the edges. If every channel is silent (the LFE
//! doesn't count) the programme is, and nothing is said of the channels. A channel that is silent while its
//! partner clearly carries sound is a dead leg.
//!
//! Sources: -60 dB and 2 s are the defaults of ffmpeg's silencedetect; judged per channel as in EBU QC 0078B.
//! How clicks, partners and low level are judged is this project's own.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
    levels::{LevelMeasures, Levels},
    settings::MAX_TIME,
};
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block, Meter, power_db},
};

mod channel;
mod legs;
mod low;
mod terms;
use channel::{Channel, Hearing, Limits};
pub use legs::Legs;
use legs::Partners;
use low::Low;
use terms::{NOT_EXACT, Terms};

crate::settings! {
    /// What `silencedetect` can be told.
    pub struct SilenceSettings {
        /// Level under which 10 ms of sound are silence, in dBFS (rms without the DC offset; a full-scale square wave has 0)
        "threshold" threshold: f64 = -60.0, in -150.0..=-20.0;
        /// Which channels are reported on their own when they fall silent while sound goes on in others
        "legs" legs: Legs = Legs::Front;
        /// Level of the last 3 s, all channels together, under which the programme is too soft, in dBFS (-200 = never)
        "low-level" low_level: f64 = -45.0, in -200.0..=-20.0;
        /// How long the programme has to be too soft before it is reported, in ns
        "low-level-duration" low_level_duration: u64 = 20 * SECOND, in 0..=MAX_TIME;
    }
}

crate::kinds! {
    /// What `silencedetect` reports.
    pub enum SilenceKind {
        Silence {
            name: "silence",
            value: "level in dBFS, rms without the DC offset: of 10 ms of the loudest channel, or of 3 s for low-level",
            unit: "dBFS",
            direction: Direction::LowerIsWorse,
            details: &[
                (
                    "digital-zero",
                    "all samples have the same value: no signal at all",
                ),
                (
                    "silence",
                    "under the threshold, but for clicks, noise, an offset",
                ),
                ("low-level", "there is sound, but far too soft"),
            ],
        },
    }
}

const INFO: Info = Info {
    element: "silencedetect",
    type_name: "GstDefectSilenceDetect",
    long_name: "Silence detector",
    description: "Reports silence of the programme, dead channels, and programmes that are far too soft",
    kinds: SilenceKind::LIST,
    measures: LevelMeasures::LIST,
};

/// The detector.
#[derive(Debug)]
pub struct Silence {
    channels: Vec<Channel>,
    levels: Levels,
    partners: Partners,
    low: Low,
    /// End of the last silence of the programme that was announced: a leg that stays dead is dead from there.
    resumed: Ns,
}

impl Detector for Silence {
    type Medium = Audio;
    type Settings = SilenceSettings;
    type Kind = SilenceKind;
    type Measures = LevelMeasures;
    const INFO: &'static Info = &INFO;
    // 2 s as ffmpeg's silencedetect; a cough in dead air doesn't end it, a syllable does.
    const COMMON: Common = Common::new(Severity::Error, 2 * SECOND, SECOND / 5);

    fn new(format: &AudioFormat) -> Self {
        Self {
            channels: vec![Channel::default(); format.channels],
            levels: Levels::new(format.channels),
            partners: Partners::new(&format.positions),
            low: Low::new(format),
            resumed: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &SilenceSettings,
        episodes: &mut Episodes<SilenceKind>,
    ) {
        let limits = Limits::new(settings.threshold);
        for (index, samples) in block.iter().enumerate() {
            let meter = Meter::of(samples);
            self.levels.add(index, &meter);
            let Some(channel) = self.channels.get_mut(index) else {
                break;
            };
            channel.push(span, samples, &meter, &limits);
        }
        self.judge(span, settings, episodes);
    }

    fn gap(
        &mut self,
        span: Span,
        settings: &SilenceSettings,
        episodes: &mut Episodes<SilenceKind>,
    ) {
        self.channels.iter_mut().for_each(|c| c.gap(span));
        self.judge(span, settings, episodes);
    }

    fn measure(&mut self) -> LevelMeasures {
        self.levels.measure()
    }
}

impl Silence {
    fn judge(
        &mut self,
        span: Span,
        settings: &SilenceSettings,
        episodes: &mut Episodes<SilenceKind>,
    ) {
        let programme = self.programme();
        self.judge_level(span, programme, settings, episodes);
        let terms = Terms::new(span.end, settings, episodes.common());
        let seen = self.seen(programme, &terms);
        episodes.observe(SilenceKind::Silence, None, span, seen);
        if episodes.is_open(SilenceKind::Silence, None) {
            self.resumed = match programme {
                Hearing::Sound(since) => since,
                _ => span.end,
            };
        }
        for c in 0..self.channels.len() {
            let seen = self.seen_in_leg(c, span, programme, &terms);
            episodes.observe(SilenceKind::Silence, Some(c), span, seen);
        }
    }

    /// The channels that make up the programme.
    fn members(&self) -> impl Iterator<Item = &Channel> {
        let members = self.channels.iter().enumerate();
        members
            .filter(|(c, _)| self.partners.is_member(*c))
            .map(|(_, channel)| channel)
    }

    /// Silent if every channel is; sound again with the first that has any.
    fn programme(&self) -> Hearing {
        self.members()
            .map(Channel::hearing)
            .reduce(|a, b| match (a, b) {
                (Hearing::Sound(a), Hearing::Sound(b)) => Hearing::Sound(a.min(b)),
                (Hearing::Sound(_), _) => a,
                (_, Hearing::Sound(_)) => b,
                (Hearing::Silence(a), Hearing::Silence(b)) => Hearing::Silence(a.max(b)),
                (
                    Hearing::Silence(a) | Hearing::Doubt(a),
                    Hearing::Silence(b) | Hearing::Doubt(b),
                ) => Hearing::Doubt(a.max(b)),
            })
            .unwrap_or(Hearing::Sound(0))
    }

    /// Decides about low level before silence is looked at.
    fn judge_level(
        &mut self,
        span: Span,
        programme: Hearing,
        settings: &SilenceSettings,
        episodes: &mut Episodes<SilenceKind>,
    ) {
        let power = self.members().map(Channel::power).sum();
        self.low.push(span, power, settings.low_level);
        // What is silent isn't soft: short, it is a pause of the programme, and longer a silence or nothing.
        if let Hearing::Silence(since) | Hearing::Doubt(since) = programme {
            if span.end.saturating_sub(since) >= low::WINDOW {
                self.low.clear();
            }
            return;
        }
        let duration = settings.low_level_duration;
        if self.low.since(span.end, duration).is_some() && self.low.establish() {
            // A silence that has just begun and isn't announced gives way to what began before it.
            episodes.clear(
                SilenceKind::Silence,
                None,
                Span::new(span.start, span.start),
            );
        }
    }

    fn seen(&self, programme: Hearing, terms: &Terms<'_>) -> Observation {
        let settings = terms.settings;
        let power = self.members().map(Channel::power).fold(0.0, f64::max);
        let duration = settings.low_level_duration;
        if let (true, Some(since), Some(level)) = (
            self.low.is_established(),
            self.low.since(terms.now, duration),
            self.low.level(),
        ) {
            return Observation::new(Evidence::Present, level, settings.low_level)
                .detail("low-level")
                .since(since)
                .confidence(NOT_EXACT)
                .min_duration(duration);
        }
        let exact = self.members().all(Channel::is_exact);
        let programme = match programme {
            Hearing::Sound(since) => Hearing::Sound(since.max(self.low.until())),
            other => other,
        };
        terms.observation(programme, power, exact)
    }

    /// A channel that is silent while one that has to do with it isn't.
    fn seen_in_leg(
        &mut self,
        c: usize,
        span: Span,
        programme: Hearing,
        terms: &Terms<'_>,
    ) -> Observation {
        let (hearing, exact) = (self.channels[c].hearing(), self.channels[c].is_exact());
        let Hearing::Silence(since) = hearing else {
            if matches!(hearing, Hearing::Sound(_)) {
                self.partners.revive(c);
            }
            return terms.observation(hearing, self.channels[c].power(), exact);
        };
        if self
            .partners
            .is_dead(c, span, (terms.settings.legs, terms.least), &self.channels)
        {
            if matches!(programme, Hearing::Sound(_)) {
                let hearing = Hearing::Silence(since.max(self.resumed));
                return terms.observation(hearing, self.channels[c].power(), exact);
            }
            return Observation::unknown();
        }
        Observation::new(
            Evidence::Absent,
            power_db(self.channels[c].power()),
            terms.settings.threshold,
        )
    }
}

#[cfg(test)]
mod tests;
