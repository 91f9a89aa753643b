// SPDX-License-Identifier: MPL-2.0
//! For tests: made sound, and detectors that listen to it or watch pictures.

use crate::detector::{
    Audio, Common, Detector, Finding, Measurement, Reason, Report, Runner, State, Video,
};
use crate::media::sound::{
    AudioFormat, Block, Blocks, Position, SampleLayout, SampleType, Samples,
};
use crate::media::{
    MS, SECOND, Span,
    picture::{
        Picture,
        canvas::{Canvas, i420},
    },
};

/// What a detector said.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// Episodes, as they ended.
    pub episodes: Vec<Finding>,
    /// Measurements.
    pub measurements: Vec<Measurement>,
}

impl Said {
    /// Start and end in seconds.
    pub fn times(&self) -> Vec<(f64, f64)> {
        let s = |ns: u64| ns as f64 / 1e9;
        self.episodes
            .iter()
            .map(|e| (s(e.at), s(e.at + e.duration)))
            .collect()
    }
}

/// Lets a detector with its defaults listen to these channels.
pub(crate) fn listen<D: Detector<Medium = Audio>>(rate: u32, channels: &[Vec<f32>]) -> Said {
    listen_with::<D>(rate, channels, 1024, |_, _| {})
}

/// The same with buffers of that many samples, and settings.
pub(crate) fn listen_with<D: Detector<Medium = Audio>>(
    rate: u32,
    channels: &[Vec<f32>],
    buffer: usize,
    set: impl FnOnce(&mut Common, &mut D::Settings),
) -> Said {
    let format = format(rate, channels.len());
    let (mut common, mut settings) = (D::COMMON, D::Settings::default());
    set(&mut common, &mut settings);
    let mut runner = Runner::<D>::new(format.clone(), common, settings);
    let mut blocks = Blocks::new(&format);
    let frames = channels.iter().map(Vec::len).min().unwrap_or(0);
    for from in (0..frames).step_by(buffer) {
        let range = from..(from + buffer).min(frames);
        let bytes: Vec<u8> = range
            .flat_map(|i| channels.iter().flat_map(move |c| c[i].to_le_bytes()))
            .collect();
        let samples = Samples::interleaved(&format, &bytes);
        blocks.push(None, &samples, |span, block| runner.push(span, block));
    }
    runner.reset(Reason::Eos);
    let mut said = Said::default();
    for report in runner.take_reports() {
        match report {
            Report::Defect(f) if matches!(f.state, State::End(_)) => said.episodes.push(f),
            Report::Defect(_) | Report::Warning(_) => {}
            Report::Measurement(m) => said.measurements.push(m),
        }
    }
    said
}

/// Begins and ends of a detector with its defaults that hears sound made by `sample(channel, frame)`.
pub(crate) fn hear<D: Detector<Medium = Audio>>(
    rate: u32,
    channels: usize,
    seconds: f64,
    mut sample: impl FnMut(usize, usize) -> f32,
) -> Vec<Finding> {
    let format = format(rate, channels);
    let length = format.block_length();
    let mut runner = Runner::<D>::new(format, D::COMMON, D::Settings::default());
    let mut block = vec![0.0f32; length * channels];
    for n in 0..(seconds * 100.0) as usize {
        for (i, x) in block.iter_mut().enumerate() {
            *x = sample(i / length, n * length + i % length);
        }
        let at = |n: usize| (n * length) as u64 * SECOND / u64::from(rate);
        runner.push(
            Span::new(at(n), at(n + 1)),
            Block::new(&block, length, rate),
        );
    }
    runner.reset(Reason::Eos);
    let reports = runner.take_reports().into_iter();
    reports.filter_map(Report::finding).collect()
}

/// The same, with sound made by `sample(channel, time in s)`.
pub(crate) fn hear_wave<D: Detector<Medium = Audio>>(
    rate: u32,
    channels: usize,
    seconds: f64,
    mut sample: impl FnMut(usize, f64) -> f64,
) -> Vec<Finding> {
    hear::<D>(rate, channels, seconds, |channel, n| {
        sample(channel, n as f64 / f64::from(rate)) as f32
    })
}

/// Begins and ends of a detector that watches pictures of one size, 25 a second.
pub(crate) fn watch<D: Detector<Medium = Video>>(
    settings: D::Settings,
    pictures: impl IntoIterator<Item = Canvas>,
) -> Vec<Finding> {
    let mut pictures = pictures.into_iter().peekable();
    let first = pictures.peek().expect("a picture");
    let format = i420(first.width, first.height);
    let mut runner = Runner::<D>::new(format, D::COMMON, settings);
    for (i, canvas) in (0u64..).zip(pictures) {
        let span = Span::new(i * 40 * MS, (i + 1) * 40 * MS);
        runner.push(span, Picture::progressive(&canvas.grid()));
    }
    let reports = runner.take_reports().into_iter();
    reports.filter_map(Report::finding).collect()
}

/// The episodes that are over when the stream ends now.
pub(crate) fn ended<D: Detector>(mut runner: Runner<D>) -> Vec<Finding> {
    runner.reset(Reason::Eos);
    let reports = runner.take_reports().into_iter();
    let findings = reports.filter_map(Report::finding);
    findings
        .filter(|f| matches!(f.state, State::End(_)))
        .collect()
}

/// Channels whose places nobody knows.
pub(crate) fn format(rate: u32, channels: usize) -> AudioFormat {
    AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Interleaved,
        rate,
        channels,
        positions: vec![Position::Unpositioned; channels],
    }
}

/// As 16 bits hold it.
pub(crate) fn sixteen_bits(x: &mut [f32]) {
    for v in x {
        *v = (*v * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0;
    }
}

/// White noise, -1 to 1, the same for the same seed.
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

pub(crate) fn sine(rate: u32, seconds: f64, hz: f64, level: f32) -> Vec<f32> {
    let n = (f64::from(rate) * seconds) as usize;
    let turn = std::f64::consts::TAU * hz / f64::from(rate);
    (0..n)
        .map(|i| (turn * i as f64).sin() as f32 * level)
        .collect()
}

pub(crate) fn square(rate: u32, seconds: f64, hz: f64, level: f32) -> Vec<f32> {
    sine(rate, seconds, hz, 1.0)
        .into_iter()
        .map(|x| if x >= 0.0 { level } else { -level })
        .collect()
}

/// A band of sorts: a bass, a chord, and a drum every half second; peaks at about 0.6.
pub(crate) fn band(rate: u32, seconds: f64, seed: u64) -> Vec<f32> {
    let n = (f64::from(rate) * seconds) as usize;
    let (mut noise, mut drum, mut air) = (noise(seed), 0.0f32, 0.0f32);
    let phase =
        |i: usize, hz: f64| (std::f64::consts::TAU * hz * i as f64 / f64::from(rate)) as f32;
    let mut x: Vec<f32> = (0..n)
        .map(|i| {
            let beat = i % (rate as usize / 2);
            let fade = (-(beat as f32) / (0.06 * rate as f32)).exp();
            // Air is dull, as that of microphones; the drum is noise with a sudden start.
            air += 0.4 * (0.002 * noise() - air);
            drum += 0.6 * (noise() * fade - drum);
            let bass = phase(i, 82.4).sin() + 0.5 * phase(i, 164.8).sin();
            let chord: f32 = [261.6, 329.6, 392.0]
                .iter()
                .map(|&f| phase(i, f).sin() + 0.3 * phase(i, 3.0 * f).sin())
                .sum();
            0.15 * bass + 0.06 * chord + 0.2 * drum + air
        })
        .collect();
    sixteen_bits(&mut x);
    x
}
