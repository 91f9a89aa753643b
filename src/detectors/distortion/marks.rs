// SPDX-License-Identifier: MPL-2.0
//! The marks that distortion leaves in half a second of one channel.

/// Full scale in steps of 16 bits.
const STEPS: usize = 32_768;
/// Peak in such steps below which nothing is judged (-40 dBFS): few steps are natural there.
const QUIET: usize = 328;

/// What a stretch of sound bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// Too quiet to say.
    #[default]
    Unknown,
    /// Nothing unusual.
    Clean,
    /// Preambles of data bursts.
    Data,
    /// Bytes of samples in the wrong order.
    Swap,
    /// Few levels at equal distances.
    Crush,
    /// Flat tops well within the stretch.
    Overdrive,
    /// A line-up tone of a frequency that belongs to another sample rate.
    Rate,
}

impl Mark {
    /// Those that are defects, the surest first.
    pub const DEFECTS: [Self; 5] = [
        Self::Data,
        Self::Swap,
        Self::Crush,
        Self::Overdrive,
        Self::Rate,
    ];

    /// As the message's `detail`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Swap => "byte-swap",
            Self::Crush => "bit-crush",
            Self::Rate => "wrong-rate",
            _ => "overdrive",
        }
    }

    /// How sure it is.
    pub fn confidence(self) -> f64 {
        match self {
            Self::Data => 0.99,
            Self::Swap => 0.97,
            Self::Crush => 0.95,
            Self::Rate => 0.5,
            _ => 0.75,
        }
    }
}

/// How often each magnitude occurred in a stretch.
#[derive(Debug)]
pub struct Histogram {
    counts: Vec<u16>,
    samples: usize,
    peak: usize,
}

/// The shape of a histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Highest magnitude, in steps of 16 bits.
    pub peak: usize,
    /// Share of samples within 2 % of the peak.
    pub top: f64,
    /// Share of samples within 0.5 % of the peak.
    pub crest: f64,
    /// Share of samples between 2 and 10 % below it.
    pub below: f64,
    /// How many magnitudes occur.
    pub levels: usize,
    /// Distance between them in 16-bit steps, if that is the same for all.
    pub lattice: Option<f64>,
}

impl Histogram {
    /// Empty.
    pub fn new() -> Self {
        Self {
            counts: vec![0; STEPS + 1],
            samples: 0,
            peak: 0,
        }
    }

    /// Takes samples.
    pub fn push(&mut self, samples: &[f32]) {
        for x in samples {
            let step = ((x.abs() * STEPS as f32 + 0.5) as usize).min(STEPS);
            self.peak = self.peak.max(step);
            if let Some(count) = self.counts.get_mut(step) {
                *count = count.saturating_add(1);
            }
        }
        self.samples += samples.len();
    }

    /// Its shape, unless it was too quiet; empty afterwards.
    pub fn take(&mut self) -> Option<Shape> {
        let (peak, samples) = (self.peak, self.samples.max(1) as f64);
        self.peak = 0;
        self.samples = 0;
        let seen = self.counts.get_mut(..=peak)?;
        let shape = (peak >= QUIET).then(|| {
            let of = |part: &[u16]| part.iter().map(|c| f64::from(*c)).sum::<f64>() / samples;
            let (edge, lower) = (peak * 98 / 100, peak * 90 / 100);
            Shape {
                peak,
                top: of(&seen[edge..]),
                crest: of(&seen[(peak * 995).div_ceil(1000)..]),
                below: of(&seen[lower..edge]),
                levels: seen.iter().filter(|c| **c > 0).count(),
                lattice: lattice(seen),
            }
        });
        seen.fill(0);
        shape
    }
}

/// Most levels (of magnitude) that a lattice may have: seven bits with a sign.
const MOST_LEVELS: usize = 72;
/// Fewest: less can be a square wave, or silence with a click.
const FEWEST_LEVELS: usize = 3;
/// How far in 16-bit steps a level may lie from the lattice: rounding.
const OFF_LATTICE: f64 = 1.01;
/// A lattice of fewer steps is what a quiet 16-bit signal has by nature.
const NARROWEST: f64 = 24.0;

/// The distance of the levels, if all are multiples of one. A sine of 1 kHz has few levels, too, but at unequal distances.
fn lattice(counts: &[u16]) -> Option<f64> {
    let mut levels = [0usize; MOST_LEVELS];
    let mut n = 0;
    for (level, _) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        *levels.get_mut(n)? = level;
        n += 1;
    }
    let levels = levels.get(..n).filter(|l| l.len() >= FEWEST_LEVELS)?;
    let gaps = levels.windows(2).map(|w| w[1] - w[0]);
    // Negative and positive levels may be rounded to neighbouring steps.
    let mut step = gaps.filter(|g| *g > 2).min()? as f64;
    if step < NARROWEST {
        return None;
    }
    // From level to level the multiple is certain, and the estimate becomes finer.
    for level in levels.iter().map(|l| *l as f64).filter(|l| *l > 2.0) {
        let multiple = (level / step).round();
        if multiple < 1.0 || (level - multiple * step).abs() > OFF_LATTICE + 0.25 * step.min(8.0) {
            return None;
        }
        step = level / multiple;
    }
    let fits = |l: &usize| {
        let level = *l as f64;
        (level - (level / step).round() * step).abs() <= OFF_LATTICE
    };
    // More than a few multiples have to be there: two levels and nothing always fit.
    let highest = *levels.last()? as f64 / step;
    let full = levels.len() as f64 >= 0.4 * highest.min(20.0);
    (levels.iter().all(fits) && full).then_some(step)
}

/// Energy of a signal and of its differences: how smooth it is.
#[derive(Debug, Clone, Copy, Default)]
struct Smoothness {
    energy: f64,
    difference: f64,
}

impl Smoothness {
    /// In eight sums each, so that the compiler can use vectors.
    fn of(samples: &[f32], convert: impl Fn(f32) -> f32) -> Self {
        let (mut energy, mut difference, mut sum) = ([0.0f32; 8], [0.0f32; 8], [0.0f32; 8]);
        // Eight and the first of the next eight.
        for nine in samples.windows(9).step_by(8) {
            let mut values = [0.0f32; 9];
            for (value, x) in values.iter_mut().zip(nine) {
                *value = convert(*x);
            }
            for i in 0..8 {
                let (x, y) = (values[i], values[i + 1]);
                energy[i] += x * x;
                difference[i] += (y - x) * (y - x);
                sum[i] += x;
            }
        }
        let total = |s: [f32; 8]| f64::from(s.iter().sum::<f32>());
        let offset = total(sum).powi(2) / samples.len().max(1) as f64;
        Self {
            energy: (total(energy) - offset).max(0.0),
            difference: total(difference),
        }
    }

    /// 2 for white noise, less for sound; without its mean.
    fn roughness(self) -> f64 {
        if self.energy > 0.0 {
            self.difference / self.energy
        } else {
            0.0
        }
    }
}

/// Roughness of swapped sound: its lowest bits are white noise, which has 2, or, if it was quiet, jumps.
const ROUGH: std::ops::RangeInclusive<f64> = 0.5..=2.5;
/// Samples of a block at 48 kHz.
const USUAL: f64 = 480.0;
/// Samples that tell: the roughness of white noise differs by 0.14 (standard deviation) from one such piece to the next.
const ENOUGH: usize = 240;
/// How many times smoother it has to get. White noise stays at 2 however its bytes lie, and sibilants become white; chosen far from both.
const SMOOTHER: f64 = 0.6;

/// Whether a block is noise that becomes sound when the bytes of its samples are put the other way round; `None` if it is too
/// quiet to say.
pub fn is_swapped(block: &[f32]) -> Option<bool> {
    // Half of it tells enough, where that isn't too little.
    let samples = &block[..block.len().min(ENOUGH.max(block.len() / 2))];
    let before = Smoothness::of(samples, |x| x);
    if before.energy <= samples.len() as f64 * 1e-8 {
        return None;
    }
    // The faster the samples follow one another, the smoother everything is, lowest bits included.
    let finer = (USUAL / block.len() as f64).min(1.0);
    if !(ROUGH.start() * finer..=*ROUGH.end()).contains(&before.roughness()) {
        return Some(false);
    }
    let of_16 = Smoothness::of(samples, swap_16);
    let of_24 = || Smoothness::of(samples, swap_24);
    let fine = || 2 * samples.iter().filter(|x| has_24(**x)).count() > samples.len();
    let smooth = |s: Smoothness| s.energy > 0.0 && s.roughness() < SMOOTHER * before.roughness();
    Some(smooth(of_16) || fine() && smooth(of_24()))
}

/// Rounds. (For `round` there isn't an instruction everywhere.)
fn nearest(x: f32) -> i32 {
    (x + 0.5f32.copysign(x)) as i32
}

fn swap_16(x: f32) -> f32 {
    let value = nearest(x * 32_768.0).clamp(-32_768, 32_767) as i16;
    f32::from(value.swap_bytes()) / 32_768.0
}

/// Whether a sample uses the lowest of 24 bits' three bytes.
fn has_24(x: f32) -> bool {
    (x * 8_388_608.0) as i32 & 0xFF != 0
}

fn swap_24(x: f32) -> f32 {
    let value = nearest(x * 8_388_608.0).clamp(-8_388_608, 8_388_607);
    // The three bytes lie in the upper part, in order; swapped they come to lie in the lower.
    let swapped = ((value << 8) as u32).swap_bytes() << 8;
    (swapped as i32 >> 8) as f32 / 8_388_608.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapping_twice_changes_nothing() {
        for value in [-32_768i32, -255, -1, 0, 1, 300, 32_767] {
            let x = value as f32 / 32_768.0;
            assert_eq!(swap_16(swap_16(x)), x);
            let x = (value * 255) as f32 / 8_388_608.0;
            assert_eq!(swap_24(swap_24(x)), x);
        }
    }

    #[test]
    fn only_a_lattice_is_a_lattice() {
        let counts = |levels: &[usize]| {
            let mut counts = vec![0u16; STEPS + 1];
            levels.iter().for_each(|l| counts[*l] = 9);
            lattice(&counts)
        };
        let of = |step: f64, n: usize| -> Vec<usize> {
            (0..n).map(|k| (k as f64 * step).round() as usize).collect()
        };
        assert!(counts(&of(812.37, 9)).is_some_and(|s| (s - 812.37).abs() < 0.2));
        assert!(counts(&of(127.6, 50)).is_some());
        let sine: Vec<usize> = (0..13)
            .map(|n| (8000.0 * (f64::from(n) * 7.5).to_radians().sin()).round() as usize)
            .collect();
        assert_eq!(counts(&sine), None);
        assert_eq!(counts(&[0, 9000]), None);
        assert_eq!(counts(&of(1.0, 60)), None);
    }
}
