// SPDX-License-Identifier: MPL-2.0
//! Measures the sound right beside a gap: how loud it is, and whether it is cut off there or fades.

use super::steps::Step;

/// Least RMS of the 16 ms beside a gap that counts as sound: -45 dBFS. Chosen: 25 dB over the level of digital
/// silence.
const SOUND: f32 = 5.6e-3;

/// The same where all samples of the gap have one value: -55 dBFS.
const FAINT: f32 = 1.8e-3;

/// How much lower than the sound 6 to 16 ms from a gap the nearest millisecond and the nearest 4 ms may be, in dB, as
/// the mean of the levels of amplitude and first difference. Calculated: a linear fade of 10 ms, as the release of a
/// gate, comes to -23 and -12, one of 5 ms to -19 and -6, one of 3 ms to -14 and -3, a cut to 0.
const FIRST_MS: f32 = -16.5;
const FIRST_4_MS: f32 = -8.0;

/// How much louder the sound 4 to 6 ms away may be than the sound beyond, in dB. If it is louder, it is a pulse, and
/// the sound after it fades.
const AFTER_PULSE: f32 = 15.0;

/// How much softer the sound 6 to 16 ms away may be than the nearest 16 ms, in dB. If it is softer, there is only a
/// pulse beside the gap.
const PULSE: f32 = -20.0;

/// How much louder the sound after a hole may be than that before it, in dB: louder sound is an onset after a pause.
/// A run of equal samples, whose edges are exact, is allowed a little more.
pub(super) const LOUDER: f32 = 16.0;
pub(super) const LOUDER_EXACT: f32 = 20.0;

/// Smallest change from sample to sample in the nearest 4 ms, RMS: a few steps of 16 bits.
const CHANGE: f32 = 2.4 / 32_768.0;

/// The sound beside a gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// Mean square of the nearest 16 ms, and of those 6 to 16 ms away, if they are there.
    pub power: f32,
    far: Option<f32>,
    /// Level of the nearest millisecond, and of the nearest 4 ms, against the sound 6 to 16 ms away, in dB.
    first: f32,
    near: f32,
    /// Largest magnitude.
    pub peak: f32,
    /// RMS of the first difference in the nearest 4 ms.
    change: f32,
    /// Smallest difference between neighbours that differ: the step in which the samples are quantised; infinite if all are equal.
    pub quantum: f32,
}

impl Edge {
    /// From the samples beside a gap, the nearest one first.
    pub fn of(x: impl Iterator<Item = f32>, rate: u32) -> Self {
        let ms = |n: u32| (n * rate / 1000) as usize;
        // Energies and lengths: 0 to 1 ms, 1 to 4 ms, 4 to 6 ms, 6 to 16 ms.
        let ends = [ms(1), ms(4), ms(6), ms(16)];
        let mut parts = [(0.0f32, 0.0f32, 0.0f32); 4];
        let (mut part, mut peak, mut last) = (0, 0.0f32, None);
        let mut quantum = f32::INFINITY;
        for (i, x) in x.take(ends[3]).enumerate() {
            while part < 3 && i >= ends[part] {
                part += 1;
            }
            let d = x - last.unwrap_or(x);
            if d != 0.0 {
                quantum = quantum.min(d.abs());
            }
            let (energy, change, count) = parts[part];
            parts[part] = (energy + x * x, change + d * d, count + 1.0);
            peak = peak.max(x.abs());
            last = Some(x);
        }
        let mean = |parts: &[(f32, f32, f32)]| {
            let sum = parts
                .iter()
                .fold((0.0, 0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1, s.2 + p.2));
            (sum.0 / sum.2.max(1.0), sum.1 / sum.2.max(1.0))
        };
        let (first, near, far, all) = (
            mean(&parts[..1]),
            mean(&parts[..2]),
            mean(&parts[3..]),
            mean(&parts),
        );
        // Compare with a pulse 4 to 6 ms away, if there is one: what follows a pulse fades.
        let between = mean(&parts[2..3]);
        let beyond = if db(between.0, far.0) >= AFTER_PULSE {
            between
        } else {
            far
        };
        let against = |a: (f32, f32)| (db(a.0, beyond.0) + db(a.1, beyond.1)) / 2.0;
        Self {
            power: all.0,
            far: (parts[3].2 > 0.0).then_some(far.0),
            first: against(first),
            near: against(near),
            peak,
            change: near.1.sqrt(),
            quantum,
        }
    }

    /// Whether the sound is longer than a short pulse.
    pub fn lasts(&self) -> bool {
        self.far.is_none_or(|far| db(far, self.power) >= PULSE)
    }

    /// Whether there is sound right up to the gap. `digital`: all samples of the gap have one value.
    pub fn is_cut(&self, digital: bool) -> bool {
        let least = if digital { FAINT } else { SOUND };
        self.power >= least * least
            && self.first >= FIRST_MS
            && self.near >= FIRST_4_MS
            && self.change > CHANGE
    }
}

/// Ratio of two powers in dB.
pub(super) fn db(a: f32, b: f32) -> f32 {
    10.0 * ((a + 1e-12) / (b + 1e-12)).log10()
}

/// Mean power of some steps; 0 without any.
pub(super) fn mean_power(steps: &[Step]) -> f32 {
    steps.iter().map(|s| s.power).sum::<f32>() / steps.len().max(1) as f32
}

/// Largest power of some steps.
pub(super) fn max_power(steps: &[Step]) -> f32 {
    steps.iter().map(|s| s.power).fold(0.0, f32::max)
}
