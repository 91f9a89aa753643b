// SPDX-License-Identifier: MPL-2.0
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

use super::*;
use crate::detector::{
    Finding, Report, State,
    settings::{Settings, Value},
};
use crate::media::sound::{Position, SampleLayout, SampleType};

mod decision;
mod ebu3341;
mod ebu3342;
mod layouts;
mod oracle;
mod peaks;
mod properties;

/// Samples of each channel.
type Signal = Vec<Vec<f32>>;

const STEREO: &[Position] = &[Position::FrontLeft, Position::FrontRight];

fn format(rate: u32, positions: &[Position]) -> AudioFormat {
    AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Planar,
        rate,
        channels: positions.len(),
        positions: positions.to_vec(),
    }
}

/// A detector with its watch and the time.
struct Listener {
    detector: Loudness,
    episodes: Episodes<LoudnessKind>,
    format: AudioFormat,
    settings: LoudnessSettings,
    at: u64,
}

/// What it measured.
type Values = LoudnessMeasures;

impl Listener {
    fn new(rate: u32, positions: &[Position]) -> Self {
        let format = format(rate, positions);
        Self {
            detector: Loudness::new(&format),
            episodes: Episodes::new(&INFO, Loudness::COMMON, format.channels),
            format,
            settings: LoudnessSettings::default(),
            at: 0,
        }
    }

    /// Calls `look` after each block; what is left over is dropped.
    fn listen(&mut self, signal: &Signal, mut look: impl FnMut(f64, Values)) {
        let length = self.format.block_length();
        for block in 0..signal[0].len() / length {
            let samples: Vec<f32> = signal
                .iter()
                .flat_map(|c| c[block * length..(block + 1) * length].iter().copied())
                .collect();
            let time = |n: u64| n * SECOND / u64::from(self.format.rate);
            let span = Span::new(time(self.at), time(self.at + length as u64));
            self.at += length as u64;
            let block = Block::new(&samples, length, self.format.rate);
            self.detector
                .push(span, block, &self.settings, &mut self.episodes);
            look(span.end as f64 / 1e9, self.values());
        }
    }

    fn values(&mut self) -> Values {
        let mut v = [f64::NAN; 7];
        // The maxima and the range cost time that most tests don't need at each block; the meter's own are the same.
        let or_nan = |v: Option<f64>| v.unwrap_or(f64::NAN);
        v[0] = or_nan(self.detector.meter.momentary());
        v[1] = or_nan(self.detector.meter.short_term());
        Values {
            momentary: v[0],
            short_term: v[1],
            integrated: f64::NAN,
            range: f64::NAN,
            true_peak: f64::NAN,
            momentary_max: f64::NAN,
            short_term_max: f64::NAN,
        }
    }

    /// All measures at the end.
    fn result(&mut self) -> Values {
        self.detector.measure()
    }

    fn findings(&mut self) -> Vec<Finding> {
        self.episodes
            .take_reports()
            .into_iter()
            .filter_map(Report::finding)
            .collect()
    }
}

/// All measures of a signal.
fn measure(rate: u32, positions: &[Position], signal: &Signal) -> Values {
    let mut listener = Listener::new(rate, positions);
    listener.listen(signal, |_, _| {});
    listener.result()
}

/// A 1 kHz tone in parts of so many seconds, each with its peak level in dBFS (`None`: silence).
fn tone(rate: u32, parts: &[(f64, Option<f64>)]) -> Vec<f32> {
    sine(rate, 1000.0, parts)
}

fn sine(rate: u32, hz: f64, parts: &[(f64, Option<f64>)]) -> Vec<f32> {
    let mut out = Vec::new();
    let mut until = 0.0;
    for (seconds, level) in parts {
        until += seconds;
        let amplitude = level.map_or(0.0, |db| 10f64.powf(db / 20.0));
        while (out.len() as f64) < (until * f64::from(rate)).round() {
            let w = std::f64::consts::TAU * hz * out.len() as f64 / f64::from(rate);
            out.push((amplitude * w.sin()) as f32);
        }
    }
    out
}

/// The same on both channels.
fn both(channel: Vec<f32>) -> Signal {
    vec![channel.clone(), channel]
}

#[track_caller]
fn near(value: f64, expected: f64, tolerance: f64) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{value} instead of {expected} +-{tolerance}"
    );
}
