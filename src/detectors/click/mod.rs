// SPDX-License-Identifier: MPL-2.0
//! Clicks, pops and splices whose waveform jumps.
//!
//! Running sound can be predicted from the samples before; a click can't. Where the curvature of the waveform has a
//! peak, the sound around it is predicted linearly (`lpc.rs`), and the residual at the peak is compared with the
//! residual in the 10 ms before and the 10 ms after (`channel.rs`). An attack continues, a click doesn't: percussion,
//! plosives and applause leave as large a residual after the peak as at it. Where similar peaks follow within 10 ms
//! they belong to the waveform: pulses of a voice, a square wave.
//!
//! The method is Vaseghi's (Advanced Digital Signal Processing and Noise Reduction), with the order that Essentia's
//! ClickDetector takes. The limit of 38 dB is measured: on 25 recordings (speech, pop, trumpet, fire, street, film)
//! nothing natural exceeds 35 dB, and all clicks 10 dB over the sound around them exceed 38 dB.
//!
//! A click is judged with the 10 ms after it, so none is found in the last 10 to 20 ms of a stream.
//!
//! Clicks that went through a lossy codec are smeared over its window: most are lost in MPEG layers, some in AAC.

use crate::detector::{Audio, Common, Detector, Direction, Episodes, Info, Observation, Severity};
use crate::media::{
    MS, SECOND, Span,
    sound::{AudioFormat, Block},
};

mod channel;
mod lpc;
use channel::{ClickChannel, Found};

crate::settings! {
    /// Settings of `clickdetect`.
    pub struct ClickSettings {
        /// Least height of a click over the residual of the linear prediction of the sound around it, in dB
        "threshold" threshold: f64 = 38.0, in 0.0..=120.0;
        /// Smallest jump that matters, in dBFS
        "floor" floor: f64 = -46.0, in -120.0..=0.0;
    }
}

crate::kinds! {
    /// What `clickdetect` reports.
    pub enum ClickKind {
        Click {
            name: "click",
            value: "height of the click over the residual of the linear prediction of the sound around it, in dB",
            unit: "dB",
            direction: Direction::HigherIsWorse,
            details: &[],
        },
    }
}

crate::measures! {
    /// What `clickdetect` measures.
    pub struct ClickMeasures {
        /// clicks in the interval, over all channels
        "clicks" clicks: f64,
    }
}

const INFO: Info = Info {
    element: "clickdetect",
    type_name: "GstDefectClickDetect",
    long_name: "Click detector",
    description: "Reports clicks, pops and splices whose waveform jumps",
    kinds: ClickKind::LIST,
    measures: ClickMeasures::LIST,
};

/// The assumed length of a click.
const LENGTH: u64 = MS;

/// The detector.
#[derive(Debug)]
pub struct Click {
    channels: Vec<ClickChannel>,
    found: Vec<Option<Found>>,
    /// The block that is judged next: the one before the newest.
    middle: Option<Span>,
    clicks: u64,
}

impl Detector for Click {
    type Medium = Audio;
    type Settings = ClickSettings;
    type Kind = ClickKind;
    type Measures = ClickMeasures;
    const INFO: &'static Info = &INFO;
    // A click is announced at once. Half a second apart they are still heard one by one.
    const COMMON: Common = Common::new(Severity::Warning, 0, SECOND / 2);

    fn new(format: &AudioFormat) -> Self {
        Self {
            channels: (0..format.channels)
                .map(|_| ClickChannel::new(format))
                .collect(),
            found: vec![None; format.channels],
            middle: None,
            clicks: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        settings: &ClickSettings,
        episodes: &mut Episodes<ClickKind>,
    ) {
        let channels = self.channels.iter_mut().zip(block.iter());
        for (found, (channel, samples)) in self.found.iter_mut().zip(channels) {
            channel.push(samples);
            *found = channel.search(settings);
        }
        if let Some(middle) = self.middle.replace(span) {
            self.report(middle, block.rate(), settings.threshold, episodes);
        }
    }

    fn gap(&mut self, _: Span, _: &ClickSettings, _: &mut Episodes<ClickKind>) {
        self.middle = None;
        self.channels.iter_mut().for_each(ClickChannel::reset);
    }

    fn measure(&mut self) -> ClickMeasures {
        ClickMeasures {
            clicks: std::mem::take(&mut self.clicks) as f64,
        }
    }
}

impl Click {
    /// Reports a click in all channels as one of the programme, otherwise each channel's own.
    fn report(
        &mut self,
        span: Span,
        rate: u32,
        threshold: f64,
        episodes: &mut Episodes<ClickKind>,
    ) {
        let common = self.common_click(rate);
        let mut report_channel = |channel: Option<usize>, found: Option<Found>| {
            let Some(found) = found else {
                return episodes.clear(ClickKind::Click, channel, span);
            };
            self.clicks += 1;
            let at = span.start + found.at as u64 * SECOND / u64::from(rate.max(1));
            let click = Span::new(at, at + LENGTH);
            let seen = Observation::present_if(true, found.height, threshold)
                .confidence(0.8 + (found.height - threshold) / 50.0);
            episodes.observe_isolated(ClickKind::Click, channel, click, seen);
            episodes.clear(ClickKind::Click, channel, Span::new(click.end, span.end));
        };
        report_channel(None, common);
        for (c, &found) in self.found.iter().enumerate() {
            report_channel(Some(c), found.filter(|_| common.is_none()));
        }
    }

    /// The click that all channels have within a millisecond.
    fn common_click(&self, rate: u32) -> Option<Found> {
        let first = self.found.first().copied().flatten()?;
        let near =
            |f: &Option<Found>| f.is_some_and(|f| f.at.abs_diff(first.at) <= rate as usize / 1000);
        let highest = |a: Found, b: &Found| if b.height > a.height { *b } else { a };
        (self.found.len() > 1 && self.found.iter().all(near))
            .then(|| self.found.iter().flatten().fold(first, highest))
    }
}

#[cfg(test)]
mod tests;
