// SPDX-License-Identifier: MPL-2.0
//! Whether there is noise between the lines of a spectrum: the buzz of a telephone, the whine of a converter and the hum of a dimmer are
//! as steady as hiss and as broad, but consist of lines.

use crate::media::dsp::spectrum::{Frames, Spectrum};

/// How much finer the spectrum is than that of the bands: 6 Hz a bin at 48 kHz, so that lines 100 Hz apart lie apart.
pub const FINER: usize = 8;
/// Frames of 170 ms of whose powers the least are taken: within 1.4 s programme leaves most bins alone for a moment.
const FRAMES: u32 = 8;
/// Neighbouring bins that are averaged before.
const SMOOTH: usize = 5;
/// Share of the bins that are quieter than the noise that is said to be between the lines.
const QUIET: f64 = 0.2;
/// How far that may lie under the floor of the band, as a ratio of powers: -12 dB. Calculated, white noise comes to about -7.
const FILLED: f32 = 0.06;

/// The quietest moments of one channel in a fine spectrum.
#[derive(Debug)]
pub struct Lines {
    frames: Frames,
    /// The least power of each bin in these frames, and in the frames before that.
    now: Vec<f32>,
    before: Vec<f32>,
    count: u32,
    sorted: Vec<f32>,
}

impl Lines {
    /// For bands whose frames are `length` samples long.
    pub fn new(length: usize) -> Self {
        let length = FINER * length;
        let bins = length / 2 + 1;
        Self {
            frames: Frames::new(length, length),
            now: vec![f32::INFINITY; bins],
            before: vec![0.0; bins],
            count: 0,
            sorted: Vec::with_capacity(bins),
        }
    }

    /// Forgets the sound so far.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.now.fill(f32::INFINITY);
        self.before.fill(0.0);
        self.count = 0;
    }

    /// Takes samples.
    pub fn push(&mut self, samples: &[f32], spectrum: &mut Spectrum) {
        let Self {
            frames,
            now,
            before,
            count,
            ..
        } = self;
        frames.push(samples, |frame| {
            let around = spectrum.power(frame).windows(SMOOTH);
            for (least, powers) in now[SMOOTH / 2..].iter_mut().zip(around) {
                *least = least.min(powers.iter().sum::<f32>() / SMOOTH as f32);
            }
            *count += 1;
            if *count == FRAMES {
                std::mem::swap(now, before);
                now.fill(f32::INFINITY);
                *count = 0;
            }
        });
    }

    /// Whether a band is filled with noise. `bins`: its bins in the coarse spectrum; `level`: its floor in dBFS.
    pub fn are_filled(&mut self, bins: (usize, usize), level: f64) -> bool {
        let (from, to) = (FINER * bins.0, FINER * bins.1);
        let Some(band) = self.before.get(from..to).filter(|b| !b.is_empty()) else {
            return false;
        };
        self.sorted.clear();
        self.sorted.extend_from_slice(band);
        let at = (band.len() as f64 * QUIET) as usize;
        let quiet = *self.sorted.select_nth_unstable_by(at, f32::total_cmp).1;
        let floor = 10f32.powf(level as f32 / 10.0) / band.len() as f32;
        quiet >= FILLED * floor
    }
}
