// SPDX-License-Identifier: MPL-2.0
//! Measures the noise floor of one channel: the quietest moments of each band.

use crate::media::{dsp::spectrum::Frames, sound::FLOOR_DB};

/// Edges of the bands in Hz: eight of equal width in octaves from 2 to 15.8 kHz, and one more above.
const EDGES: [f64; 10] = [
    2000.0, 2590.0, 3354.0, 4343.0, 5624.0, 7283.0, 9431.0, 12_213.0, 15_816.0, 20_000.0,
];
const BANDS: usize = EDGES.len() - 1;
/// Frames that are averaged before the quietest moments are looked for: about 40 ms.
const SMOOTH: usize = 4;
/// Shares of the window that are quieter than the floor, and than the level it is compared with. White noise has 0.3
/// to 0.7 dB between them.
const LOW: f64 = 0.02;
const HIGH: f64 = 0.10;
/// Level in dB below which a band is empty: cut off by a codec, or digital silence.
const EMPTY: f32 = -105.0;
/// Uppermost bands that are examined. `AGREE` of them have to agree.
const TOP: usize = 4;
/// The sound has to reach up into this band (7.3 kHz) or to the end of the spectrum: steady floors that end below are
/// voices and rooms.
const REACH: usize = 5;
const AGREE: usize = 3;

/// The floor in the upper bands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    /// Level in dBFS of noise from 2 to 16 kHz with this floor, taken to be as strong in the other bands.
    pub level: f64,
    /// By how much the floor varies in time, in dB: the largest value of the three bands taken.
    pub unsteadiness: f64,
    /// Difference between the weakest and the strongest of these bands, in dB.
    pub slope: f64,
    /// Index of the uppermost of these bands, and its level in dBFS.
    pub top: (usize, f64),
    /// Whether there was any sound at all.
    pub sounding: bool,
}

impl Floor {
    /// The floor of digital silence.
    pub const NOTHING: Self = Self {
        level: FLOOR_DB,
        unsteadiness: f64::INFINITY,
        slope: f64::INFINITY,
        top: (0, FLOOR_DB),
        sounding: false,
    };
}

/// Measures the floor of one channel.
#[derive(Debug)]
pub struct Bands {
    frames: Frames,
    /// First bin of each band, and the one after the last.
    bins: Vec<usize>,
    /// Powers of the last frames, band by band.
    recent: [[f32; BANDS]; SMOOTH],
    /// Smoothed levels in dB over the window: a ring for each band.
    levels: Vec<Vec<f32>>,
    sorted: Vec<f32>,
    seen: usize,
}

/// Length of a frame: 16 to 32 ms, a power of two.
pub fn frame_length(rate: u32) -> usize {
    (rate as usize / 64).max(1).next_power_of_two()
}

impl Bands {
    /// For sound at `rate` and a window of `seconds`.
    pub fn new(rate: u32, seconds: f64) -> Self {
        let length = frame_length(rate);
        let bin = f64::from(rate) / length as f64;
        // The last twentieth below half the rate belongs to anti-aliasing filters.
        let top = 0.475 * f64::from(rate);
        let edges = EDGES.iter().map(|e| e.min(top));
        let mut bins: Vec<usize> = edges.map(|e| (e / bin).round() as usize).collect();
        bins.dedup();
        let window = (seconds * f64::from(rate) / (length / 2) as f64) as usize;
        Self {
            frames: Frames::new(length, length / 2),
            recent: [[0.0; BANDS]; SMOOTH],
            levels: vec![vec![0.0; window.max(50)]; bins.len().saturating_sub(1)],
            sorted: Vec::with_capacity(window.max(50)),
            bins,
            seen: 0,
        }
    }

    /// First bin of a band, and the one after its last.
    pub fn bins(&self, band: usize) -> (usize, usize) {
        let edge = |n: usize| self.bins.get(n).copied().unwrap_or(0);
        (edge(band), edge(band + 1))
    }

    /// Forgets the sound so far.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.seen = 0;
    }

    /// Takes samples; `power` gives the spectrum of a frame.
    pub fn push(&mut self, samples: &[f32], mut power: impl FnMut(&[f32], &mut dyn FnMut(&[f32]))) {
        let Self {
            frames,
            bins,
            recent,
            levels,
            seen,
            ..
        } = self;
        frames.push(samples, |frame| {
            power(frame, &mut |power| {
                let now = &mut recent[*seen % SMOOTH];
                for (sum, edges) in now.iter_mut().zip(bins.windows(2)) {
                    *sum = power
                        .get(edges[0]..edges[1])
                        .unwrap_or_default()
                        .iter()
                        .sum();
                }
                *seen += 1;
                if let Some(at) = seen.checked_sub(SMOOTH) {
                    for (band, ring) in levels.iter_mut().enumerate() {
                        let mean = recent.iter().map(|r| r[band]).sum::<f32>() / SMOOTH as f32;
                        let at = at % ring.len();
                        ring[at] = 10.0 * (mean + 1e-14).log10();
                    }
                }
            });
        });
    }

    /// The floor of the window, once it is full.
    pub fn floor(&mut self) -> Option<Floor> {
        let length = self.levels.first()?.len();
        if self.seen < length + SMOOTH {
            return None;
        }
        let mut bands = [(0.0f32, 0.0f32); BANDS];
        for (ring, band) in self.levels.iter().zip(&mut bands) {
            self.sorted.clear();
            self.sorted.extend_from_slice(ring);
            let mut at = |share: f64| {
                let n = (length as f64 * share) as usize;
                *self.sorted.select_nth_unstable_by(n, f32::total_cmp).1
            };
            *band = (at(LOW), at(HIGH));
        }
        let bands = &bands[..self.levels.len()];
        let full = bands.iter().rposition(|b| b.0 > EMPTY);
        let reach = REACH.min(bands.len().saturating_sub(1));
        let Some(full) = full.filter(|f| *f >= reach) else {
            let highest = self.levels.iter().flatten().copied().fold(EMPTY, f32::max);
            return Some(Floor {
                sounding: highest > EMPTY,
                ..Floor::NOTHING
            });
        };
        // The uppermost band may be cut off in its middle, so it is also tried without it.
        let tops = [Some(full), full.checked_sub(1)];
        let floors = tops
            .iter()
            .flatten()
            .map(|top| floor_of_steadiest_bands(&bands[..=*top]));
        floors.min_by(|a, b| a.distance_from_noise().total_cmp(&b.distance_from_noise()))
    }
}

impl Floor {
    /// How far this floor is from steady, even noise (0), in dB.
    fn distance_from_noise(&self) -> f64 {
        self.unsteadiness + self.slope / 8.0
    }
}

/// The floor of three of the upper four bands: the uppermost and the two steadiest others.
fn floor_of_steadiest_bands(bands: &[(f32, f32)]) -> Floor {
    let upper = &bands[bands.len().saturating_sub(TOP)..];
    let mut steady = [(f32::INFINITY, 0.0f32); TOP];
    for (band, out) in upper.iter().rev().zip(&mut steady) {
        *out = (band.1 - band.0, band.0);
    }
    let [first, others @ ..] = &mut steady;
    others.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let agreeing: [_; AGREE] = [*first, others[0], others[1]];
    let floors = agreeing.map(|a| a.1);
    let max = floors.into_iter().fold(f32::MIN, f32::max);
    let min = floors.into_iter().fold(f32::MAX, f32::min);
    let unsteadiness = agreeing.iter().map(|a| a.0).fold(0.0, f32::max);
    let mean = floors.iter().sum::<f32>() / floors.len() as f32;
    Floor {
        // The sum over eight such bands.
        level: f64::from(mean) + 9.0,
        unsteadiness: unsteadiness.into(),
        slope: (max - min).into(),
        top: (bands.len() - 1, first.1.into()),
        sounding: true,
    }
}
