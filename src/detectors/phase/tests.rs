// SPDX-License-Identifier: MPL-2.0
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

use super::*;
use crate::detector::{Finding, Report, State};
use crate::media::sound::{Position, SampleLayout, SampleType};

mod faults;
mod layouts;
mod traps;

type Signal = Vec<Vec<f32>>;

const STEREO: &[Position] = &[Position::FrontLeft, Position::FrontRight];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    /// Evenly between -1 and 1.
    fn roll(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0) as f32
    }
}

/// Noise with most of its power below 1 kHz and the ups and downs of syllables, with pauses.
fn voice(rate: u32, seconds: u32, seed: u64) -> Vec<f32> {
    spoken(rate, seconds, seed, seed + 100)
}

/// `rhythm`: of the syllables; `seed`: of the noise.
fn spoken(rate: u32, seconds: u32, seed: u64, rhythm: u64) -> Vec<f32> {
    let mut dice = Dice(seed);
    let mut syllables = Dice(rhythm);
    let (mut low, mut loud) = (0.0, 0.0);
    let pole = (2.0 * std::f32::consts::PI * 900.0 / rate as f32).min(1.0);
    (0..rate * seconds)
        .map(|i| {
            if i % (rate / 6) == 0 {
                loud = (syllables.roll() + 0.6).max(0.0) * 0.5;
            }
            low += (dice.roll() - low) * pole;
            low * loud
        })
        .collect()
}

fn mix(a: &[f32], b: &[f32], gain: f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + gain * b).collect()
}

/// Stereo with a voice in the middle and a room around it.
fn stereo(rate: u32, seconds: u32) -> Signal {
    let middle = spoken(rate, seconds, 1, 1);
    vec![
        mix(&middle, &spoken(rate, seconds, 2, 1), 0.25),
        mix(&middle, &spoken(rate, seconds, 3, 1), 0.25),
    ]
}

/// Changes the samples of a channel between two times.
fn between(signal: &mut Signal, rate: u32, from: f32, to: f32, mut change: impl FnMut(&mut [f32])) {
    let at = |t: f32| (t * rate as f32) as usize;
    let length = at(to) - at(from);
    // A frame at a time, so that a change may look at all channels.
    let mut frame = vec![0.0; signal.len()];
    for i in 0..length {
        for (value, channel) in frame.iter_mut().zip(signal.iter()) {
            *value = channel[at(from) + i];
        }
        change(&mut frame);
        for (value, channel) in frame.iter().zip(signal.iter_mut()) {
            channel[at(from) + i] = *value;
        }
    }
}

fn hear(rate: u32, positions: &[Position], signal: &Signal) -> Vec<Finding> {
    let format = AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Planar,
        rate,
        channels: positions.len(),
        positions: positions.to_vec(),
    };
    let mut runner = crate::detector::Runner::<Phase>::new(
        format.clone(),
        Phase::COMMON,
        PhaseSettings::default(),
    );
    let length = format.block_length();
    for block in 0..signal[0].len() / length {
        let samples: Vec<f32> = signal
            .iter()
            .flat_map(|c| c[block * length..(block + 1) * length].iter().copied())
            .collect();
        let time = |n: usize| (n * length) as u64 * SECOND / u64::from(rate);
        runner.push(
            Span::new(time(block), time(block + 1)),
            Block::new(&samples, length, rate),
        );
    }
    runner.reset(crate::detector::Reason::Eos);
    runner
        .take_reports()
        .into_iter()
        .filter_map(Report::finding)
        .collect()
}

/// Exactly one episode: its kind, channel, detail, and when it was.
#[track_caller]
fn only(
    found: &[Finding],
    kind: PhaseKind,
    channel: Option<usize>,
    detail: &str,
    from: f64,
    to: f64,
) {
    let [begin, end] = found else {
        panic!("{found:?}")
    };
    assert_eq!(begin.state, State::Begin);
    assert!(matches!(end.state, State::End(_)));
    assert_eq!((begin.kind, begin.channel), (kind as usize, channel));
    assert_eq!(begin.observation.detail.as_deref(), Some(detail));
    let (start, stop) = (end.at as f64 / 1e9, (end.at + end.duration) as f64 / 1e9);
    assert!((start - from).abs() < 0.5, "starts at {start}, not {from}");
    assert!((stop - to).abs() < 0.5, "ends at {stop}, not {to}");
}
