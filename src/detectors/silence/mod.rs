// SPDX-License-Identifier: MPL-2.0
//! Silence: of the whole programme, or of one channel ("leg") while the other goes on.
//!
//! A block of 10 ms is quiet if its rms without the offset is under the threshold. A channel is silent from a quiet
//! block on, until more than 30 ms in a second aren't quiet: neither a click a second nor an offset, dither or the
//! hiss of a codec hides silence. Starts and ends are found to the sample in the blocks at the edges. If every
//! channel except the LFE is silent, the programme is, and its channels aren't reported. A channel that is silent
//! while its partner clearly carries sound is a dead leg.
//!
//! Sources: -60 dB and 2 s are the defaults of ffmpeg's silencedetect; judged per channel as in EBU QC 0078B.
//! How clicks, partners and low level are judged is this project's own.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
    levels::{ChannelMeters, LevelMeasures},
    settings::MAX_TIME,
};
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block, Meter, power_db},
};

mod channel;
mod legs;
mod low_level;
mod observe;
use channel::{Audibility, Channel, Limits};
pub use legs::Legs;
use legs::Partners;
use low_level::LowLevel;
use observe::{NOT_EXACT, Terms};

crate::settings! {
    /// Settings of `silencedetect`.
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
    levels: ChannelMeters,
    partners: Partners,
    low_level: LowLevel,
    /// End of the last announced silence of the programme: a leg that stays dead after it is dead from there.
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
            levels: ChannelMeters::new(format.channels),
            partners: Partners::new(&format.positions),
            low_level: LowLevel::new(format),
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
        let seen = self.programme_observation(programme, &terms);
        episodes.observe(SilenceKind::Silence, None, span, seen);
        if episodes.is_open(SilenceKind::Silence, None) {
            self.resumed = match programme {
                Audibility::Sound(since) => since,
                _ => span.end,
            };
        }
        for c in 0..self.channels.len() {
            let seen = self.channel_observation(c, span, programme, &terms);
            episodes.observe(SilenceKind::Silence, Some(c), span, seen);
        }
    }

    /// The channels of the programme.
    fn members(&self) -> impl Iterator<Item = &Channel> {
        let members = self.channels.iter().enumerate();
        members
            .filter(|(c, _)| self.partners.is_member(*c))
            .map(|(_, channel)| channel)
    }

    /// The programme is silent if every channel is; it has sound again with the first channel that has.
    fn programme(&self) -> Audibility {
        self.members()
            .map(Channel::audibility)
            .reduce(|a, b| match (a, b) {
                (Audibility::Sound(a), Audibility::Sound(b)) => Audibility::Sound(a.min(b)),
                (Audibility::Sound(_), _) => a,
                (_, Audibility::Sound(_)) => b,
                (Audibility::Silence(a), Audibility::Silence(b)) => Audibility::Silence(a.max(b)),
                (
                    Audibility::Silence(a) | Audibility::Undecided(a),
                    Audibility::Silence(b) | Audibility::Undecided(b),
                ) => Audibility::Undecided(a.max(b)),
            })
            .unwrap_or(Audibility::Sound(0))
    }

    /// Decides about low level before silence is looked at.
    fn judge_level(
        &mut self,
        span: Span,
        programme: Audibility,
        settings: &SilenceSettings,
        episodes: &mut Episodes<SilenceKind>,
    ) {
        let power = self.members().map(Channel::power).sum();
        self.low_level.push(span, power, settings.low_level);
        // Silence isn't low level: a short one is a pause of the programme, a longer one is reported as silence or
        // not at all.
        if let Audibility::Silence(since) | Audibility::Undecided(since) = programme {
            if span.end.saturating_sub(since) >= low_level::WINDOW {
                self.low_level.clear();
            }
            return;
        }
        let duration = settings.low_level_duration;
        if self.low_level.since(span.end, duration).is_some() && self.low_level.establish() {
            // A silence that has just begun and isn't announced is dropped for the low level that began before it.
            episodes.clear(
                SilenceKind::Silence,
                None,
                Span::new(span.start, span.start),
            );
        }
    }

    fn programme_observation(&self, programme: Audibility, terms: &Terms<'_>) -> Observation {
        let settings = terms.settings;
        let power = self.members().map(Channel::power).fold(0.0, f64::max);
        let duration = settings.low_level_duration;
        if let (true, Some(since), Some(level)) = (
            self.low_level.is_established(),
            self.low_level.since(terms.now, duration),
            self.low_level.level(),
        ) {
            return Observation::new(Evidence::Present, level, settings.low_level)
                .detail("low-level")
                .since(since)
                .confidence(NOT_EXACT)
                .min_duration(duration);
        }
        let exact = self.members().all(Channel::is_exact);
        let programme = match programme {
            Audibility::Sound(since) => Audibility::Sound(since.max(self.low_level.until())),
            other => other,
        };
        terms.observation(programme, power, exact)
    }

    /// The observation of a channel: dead if it is silent while a channel that belongs to it isn't.
    fn channel_observation(
        &mut self,
        c: usize,
        span: Span,
        programme: Audibility,
        terms: &Terms<'_>,
    ) -> Observation {
        let (audibility, exact) = (self.channels[c].audibility(), self.channels[c].is_exact());
        let Audibility::Silence(since) = audibility else {
            if matches!(audibility, Audibility::Sound(_)) {
                self.partners.reset_evidence(c);
            }
            return terms.observation(audibility, self.channels[c].power(), exact);
        };
        if self
            .partners
            .is_dead(c, span, (terms.settings.legs, terms.least), &self.channels)
        {
            if matches!(programme, Audibility::Sound(_)) {
                let audibility = Audibility::Silence(since.max(self.resumed));
                return terms.observation(audibility, self.channels[c].power(), exact);
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
