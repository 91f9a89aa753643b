// SPDX-License-Identifier: MPL-2.0
//! Short gaps and held samples inside running sound.
//!
//! A dropout cuts sound off: it falls within a millisecond or two, and is back as quickly. It is looked for in two ways:
//! - `runs.rs`: a stretch of silent or equal samples, exact to the sample, from 2 ms on, where no codec came after. One that is as long
//!   as whole frames of a codec tells that frames were lost.
//! - `holes.rs`: from 12 ms on, a level that falls at once by 19 dB and stays 20 to 25 dB under the sound on both sides, whatever is left:
//!   a codec fills a hole with noise.
//!
//! Not dropouts, by their edges (`edge.rs`): gates, releases, staccato, rests and pauses of speech, which fade over 5 ms
//! and more; and holes no deeper than the quantisation step of the sound (8 and 10 bits, square waves of old games). Where
//! silence that begins abruptly, or digital silence, is more than a fifth of the last 2 s, pauses are frequent
//! (`pauses.rs`), and only gaps up to 30 ms are reported: Morse code, beeps, a metronome. The same holds until a stream has
//! run for a while. In a stream with digital silence, sound that is cut off 13 dB and more under the usual level doesn't
//! count: stops of gated and synthetic speech.
//!
//! Lost frames are found if the decoder puts silence in their place, and not if it conceals them.
//!
//! The idea is that of Essentia's GapsDetector (sound before, -50 dB inside, sound after); the slopes and frame
//! lengths are this project's.

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity,
};
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block},
};

mod channel;
mod edge;
mod holes;
mod pauses;
mod runs;
mod steps;
use channel::Channel;

crate::settings! {
    /// Settings of `dropoutdetect`.
    pub struct DropoutSettings {
        /// Shortest gap that matters, in ms
        "threshold" threshold: f64 = 2.0, in 1.0..=500.0;
        /// Longest gap that is a dropout, in ms; what is longer is silence
        "longest" longest: f64 = 500.0, in 1.0..=2000.0;
    }
}

crate::kinds! {
    /// What `dropoutdetect` reports.
    pub enum DropoutKind {
        Dropout {
            name: "dropout",
            value: "length in ms",
            unit: "ms",
            direction: Direction::HigherIsWorse,
            details: &[
                ("gap", "silence, not as long as frames of a known codec"),
                ("hold", "one sample repeated"),
                (
                    "aac-frame",
                    "as long as 1 to 8 frames of AAC (1024 samples)",
                ),
                (
                    "mp2-frame",
                    "as long as 1 to 8 frames of MPEG layer 2 or 3 (1152 samples)",
                ),
                (
                    "ac3-frame",
                    "as long as 1 to 8 frames of AC-3 (1536 samples)",
                ),
                ("opus-frame", "as long as 1 to 8 frames of Opus (20 ms)"),
            ],
        },
    }
}

crate::measures! {
    /// What `dropoutdetect` measures.
    pub struct DropoutMeasures {
        /// dropouts in the interval, over all channels
        "dropouts" dropouts: f64,
    }
}

const INFO: Info = Info {
    element: "dropoutdetect",
    type_name: "GstDefectDropoutDetect",
    long_name: "Audio dropout detector",
    description: "Reports short gaps and held samples inside running sound",
    kinds: DropoutKind::LIST,
    measures: DropoutMeasures::LIST,
};

/// The detector.
#[derive(Debug)]
pub struct Dropout {
    channels: Vec<Channel>,
    found: Vec<Option<channel::Dropout>>,
    /// End of the last dropout: of the programme, then of each channel.
    ends: Vec<Option<Ns>>,
    dropouts: u64,
}

impl Detector for Dropout {
    type Medium = Audio;
    type Settings = DropoutSettings;
    type Kind = DropoutKind;
    type Measures = DropoutMeasures;
    const INFO: &'static Info = &INFO;
    // A dropout is announced at once. Half a second apart they are still heard one by one.
    const COMMON: Common = Common::new(Severity::Error, 0, SECOND / 2);

    fn new(format: &AudioFormat) -> Self {
        Self {
            channels: (0..format.channels).map(|_| Channel::new(format)).collect(),
            found: vec![None; format.channels],
            ends: vec![None; format.channels + 1],
            dropouts: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &DropoutSettings,
        episodes: &mut Episodes<DropoutKind>,
    ) {
        let channels = self.channels.iter_mut().zip(block.iter());
        for (found, (channel, samples)) in self.found.iter_mut().zip(channels) {
            *found = channel.push(samples, settings);
        }
        let rate = block.rate();
        let common = self.common_dropout(rate);
        let pending = self.channels.iter().filter_map(Channel::pending).max();
        self.report((None, common, pending), (span, rate), settings, episodes);
        for c in 0..self.found.len() {
            let own = self.found[c].filter(|_| common.is_none());
            let pending = self.channels[c].pending();
            self.report((Some(c), own, pending), (span, rate), settings, episodes);
        }
    }

    fn gap(&mut self, _: Span, _: &DropoutSettings, _: &mut Episodes<DropoutKind>) {
        self.channels.iter_mut().for_each(Channel::reset);
    }

    fn measure(&mut self) -> DropoutMeasures {
        DropoutMeasures {
            dropouts: std::mem::take(&mut self.dropouts) as f64,
        }
    }
}

impl Dropout {
    /// The dropout that all channels with sound (at least two) have within a millisecond.
    fn common_dropout(&self, rate: u32) -> Option<channel::Dropout> {
        let first = self.found.iter().copied().flatten().next()?;
        let near = |a: u64, b: u64| a.abs_diff(b) <= u64::from(rate / 500);
        let mut count = 0;
        for (found, channel) in self.found.iter().zip(&self.channels) {
            match found {
                Some(d) if near(d.start, first.start) && near(d.end(), first.end()) => count += 1,
                None if !channel.has_sound() => {}
                _ => return None,
            }
        }
        (count > 1).then_some(first)
    }

    /// Observes a dropout that has ended, or none. `pending`: how many samples ago a gap began that isn't judged yet.
    fn report(
        &mut self,
        (channel, found, pending): (Option<usize>, Option<channel::Dropout>, Option<u64>),
        (span, rate): (Span, u32),
        settings: &DropoutSettings,
        episodes: &mut Episodes<DropoutKind>,
    ) {
        let ago = |samples: u64| {
            let ns = u128::from(samples) * u128::from(SECOND) / u128::from(rate.max(1));
            span.end.saturating_sub(ns as Ns)
        };
        let end = &mut self.ends[channel.map_or(0, |c| c + 1)];
        if let Some(dropout) = found {
            self.dropouts += 1;
            let gone = Span::new(ago(dropout.start), ago(dropout.end()));
            *end = Some(gone.end);
            let ms = dropout.ms(rate);
            let seen = Observation::present_if(true, ms, settings.threshold);
            return episodes.observe_isolated(
                DropoutKind::Dropout,
                channel,
                gone,
                seen.detail(dropout.detail(rate)),
            );
        }
        let absent = Observation::new(Evidence::Absent, 0.0, settings.threshold);
        let Some(end) = *end else {
            return episodes.observe(DropoutKind::Dropout, channel, span, absent);
        };
        // Whether the next dropout belongs to the same episode is known only once it has ended; until then the
        // evidence is unknown.
        let clear = episodes.common().clear_duration;
        let longest = (settings.longest * 1e6) as Ns + SECOND / 20;
        let may_repeat = pending.map(ago).is_some_and(|start| {
            start < end.saturating_add(clear) && span.end.saturating_sub(start) <= longest
        });
        let seen = if may_repeat {
            Observation::unknown()
        } else {
            absent.since(end)
        };
        episodes.observe(DropoutKind::Dropout, channel, span, seen);
    }
}

#[cfg(test)]
mod tests;
