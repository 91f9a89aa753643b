// SPDX-License-Identifier: MPL-2.0
//! Tells whether there is noise between the lines of a spectrum: the buzz of a telephone, the whine of a converter
//! and the hum of a dimmer are as steady and as broad as hiss, but consist of lines.

use crate::media::dsp::spectrum::{Frames, Spectrum};

/// How many times finer this spectrum is than that of the bands: 6 Hz a bin at 48 kHz, which separates lines 100 Hz
/// apart.
pub const FINER: usize = 8;
/// Frames of 170 ms of which the minimum is taken: within 1.4 s the programme leaves most bins alone for a moment.
const FRAMES: u32 = 8;
/// Neighbouring bins that are averaged before the minimum is taken.
const SMOOTH: usize = 5;
/// The quantile of a band's bins that is taken for the noise between the lines.
const QUIET_SHARE: f64 = 0.2;
/// Least power of that quantile against the floor of the band: -12 dB. Calculated, white noise has about -7 dB.
const NOISE: f32 = 0.06;

/// The quietest moments of one channel in a fine spectrum.
#[derive(Debug)]
pub struct NoiseBetweenLines {
    frames: Frames,
    /// Minimum of each bin over the current frames, and over the `FRAMES` before these.
    current: Vec<f32>,
    last: Vec<f32>,
    count: u32,
    sorted: Vec<f32>,
}

impl NoiseBetweenLines {
    /// For bands whose frames are `length` samples long.
    pub fn new(length: usize) -> Self {
        let length = FINER * length;
        let bins = length / 2 + 1;
        Self {
            frames: Frames::new(length, length),
            current: vec![f32::INFINITY; bins],
            last: vec![0.0; bins],
            count: 0,
            sorted: Vec::with_capacity(bins),
        }
    }

    /// Forgets the sound so far.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.current.fill(f32::INFINITY);
        self.last.fill(0.0);
        self.count = 0;
    }

    /// Takes samples.
    pub fn push(&mut self, samples: &[f32], spectrum: &mut Spectrum) {
        let Self {
            frames,
            current,
            last,
            count,
            ..
        } = self;
        frames.push(samples, |frame| {
            let around = spectrum.power(frame).windows(SMOOTH);
            for (least, powers) in current[SMOOTH / 2..].iter_mut().zip(around) {
                *least = least.min(powers.iter().sum::<f32>() / SMOOTH as f32);
            }
            *count += 1;
            if *count == FRAMES {
                std::mem::swap(current, last);
                current.fill(f32::INFINITY);
                *count = 0;
            }
        });
    }

    /// Whether a band has noise between its lines. `bins`: its bins in the coarse spectrum; `level`: its floor in
    /// dBFS.
    pub fn has_noise(&mut self, bins: (usize, usize), level: f64) -> bool {
        let (from, to) = (FINER * bins.0, FINER * bins.1);
        let Some(band) = self.last.get(from..to).filter(|b| !b.is_empty()) else {
            return false;
        };
        self.sorted.clear();
        self.sorted.extend_from_slice(band);
        let at = (band.len() as f64 * QUIET_SHARE) as usize;
        let quiet = *self.sorted.select_nth_unstable_by(at, f32::total_cmp).1;
        let floor = 10f32.powf(level as f32 / 10.0) / band.len() as f32;
        quiet >= NOISE * floor
    }
}
