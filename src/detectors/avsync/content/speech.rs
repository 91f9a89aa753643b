// SPDX-License-Identifier: MPL-2.0
//! Measures the levels of eight mel bands at each instant: the input of the linear map that predicts the opening of
//! the mouth (`training/train.py`).

use super::INSTANT;
use crate::media::{
    MS, Ns, Span,
    dsp::spectrum::{Frames, Spectrum},
    sound::Block,
};

/// Number of bands.
pub const BANDS: usize = 8;
const LOW: f32 = 80.0;
const HIGH: f32 = 6000.0;

/// Length of a frame; one begins every 10 ms.
const FRAME: Ns = 25 * MS;

/// Floor of the levels below the loudest, as a ratio of powers, and how much of the loudest is forgotten per instant.
const FLOOR: f32 = 1e-6;
const FORGOTTEN: f32 = 0.002;

/// The levels at one instant.
pub type Levels = [f32; BANDS];

/// Measures the levels of a programme.
#[derive(Debug)]
pub struct Speech {
    rate: u32,
    frames: Frames,
    spectrum: Spectrum,
    /// Each bin's band and its weight there; the rest of it, up to the next one's, is in the next band.
    parts: Vec<(usize, f32)>,
    mono: Vec<f32>,
    expected: Option<Ns>,
    instant: Option<u64>,
    power: Levels,
    count: u32,
    loudest: f32,
}

fn mel(hz: f32) -> f32 {
    (1.0 + hz / 700.0).ln()
}

impl Speech {
    pub fn new(rate: u32) -> Self {
        let length = (rate / 40).max(4) as usize;
        let spectrum = Spectrum::new(length);
        let (low, high) = (mel(LOW), mel(HIGH));
        let step = (high - low) / (BANDS + 1) as f32;
        // How far up the triangles a bin is: 1.3 is between the tops of the first and the second.
        let part = |bin: usize| {
            let along = (mel(bin as f32 * rate as f32 / length as f32) - low) / step;
            (along.max(0.0) as usize, along.max(0.0).fract())
        };
        Self {
            rate,
            frames: Frames::new(length, (rate / 100).max(1) as usize),
            parts: (0..spectrum.len()).map(part).collect(),
            spectrum,
            mono: vec![0.0; length],
            expected: None,
            instant: None,
            power: [0.0; BANDS],
            count: 0,
            loudest: 0.0,
        }
    }

    /// Takes 10 ms; calls `found` with each instant that is complete.
    pub fn listen(&mut self, at: Span, block: &Block<'_>, mut found: impl FnMut(u64, Levels)) {
        if block.rate() != self.rate {
            *self = Self::new(block.rate());
        }
        if self.expected.is_none_or(|e| e.abs_diff(at.start) > 2 * MS) {
            self.frames.clear();
            self.instant = None;
        }
        self.expected = Some(at.end);
        let scale = 1.0 / block.channels().max(1) as f32;
        let length = block.length().min(self.mono.len());
        let mono = &mut self.mono[..length];
        mono.fill(0.0);
        for channel in block.iter() {
            for (sum, sample) in mono.iter_mut().zip(channel) {
                *sum += sample * scale;
            }
        }
        let (spectrum, parts) = (&mut self.spectrum, &self.parts);
        let mut power = None;
        self.frames.push(mono, |frame| {
            power = Some(bands(spectrum.power(frame), parts));
        });
        let Some(power) = power else { return };
        let instant = at.end.saturating_sub(FRAME / 2) / INSTANT;
        if let Some(before) = self.instant.filter(|i| *i != instant) {
            found(before, self.levels());
        }
        if self.instant != Some(instant) {
            (self.instant, self.power, self.count) = (Some(instant), [0.0; BANDS], 0);
        }
        for (sum, power) in self.power.iter_mut().zip(power) {
            *sum += power;
        }
        self.count += 1;
    }

    fn levels(&mut self) -> Levels {
        let power = self.power.map(|p| p / self.count.max(1) as f32);
        let all: f32 = power.iter().sum();
        self.loudest = (self.loudest * (1.0 - FORGOTTEN)).max(all);
        let floor = self.loudest * FLOOR + 1e-14;
        power.map(|p| (p + floor).log10())
    }
}

/// The power in each band: triangles that overlap by half.
fn bands(power: &[f32], parts: &[(usize, f32)]) -> Levels {
    let mut bands = [0f32; BANDS];
    for (power, (edge, part)) in power.iter().zip(parts) {
        // Between two tops: falls in the one, rises in the other.
        if let Some(band) = bands.get_mut(*edge) {
            *band += power * part;
        }
        if let Some(band) = edge.checked_sub(1).and_then(|e| bands.get_mut(e)) {
            *band += power * (1.0 - part);
        }
    }
    bands
}
