// SPDX-License-Identifier: MPL-2.0
//! Recognises samples whose bytes are in the wrong order: noise that becomes sound when they are swapped.

/// Energy of a signal and of its differences: how smooth it is.
#[derive(Debug, Clone, Copy, Default)]
struct Smoothness {
    energy: f64,
    difference: f64,
}

impl Smoothness {
    /// Computed in eight sums each, so that the compiler can use vectors.
    fn of(samples: &[f32], convert: impl Fn(f32) -> f32) -> Self {
        let (mut energy, mut difference, mut sum) = ([0.0f32; 8], [0.0f32; 8], [0.0f32; 8]);
        // Eight samples and the first of the next eight.
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

    /// Roughness without the mean: 2 for white noise, less for sound.
    fn roughness(self) -> f64 {
        if self.energy > 0.0 {
            self.difference / self.energy
        } else {
            0.0
        }
    }
}

/// Roughness of swapped sound: its lowest bits become the highest, white noise with 2, or jumps if it was quiet.
const ROUGH: std::ops::RangeInclusive<f64> = 0.5..=2.5;
/// Samples of a block at 48 kHz.
const USUAL: f64 = 480.0;
/// Samples needed for a result: the roughness of white noise differs by 0.14 (standard deviation) from one such piece
/// to the next.
const ENOUGH: usize = 240;
/// Roughness after swapping, relative to before, below which a block was swapped. White noise stays at 2 however its
/// bytes lie, and sibilants become white; chosen far from both.
const SMOOTHER: f64 = 0.6;

/// Whether a block is noise that becomes sound when the bytes of its samples are swapped; `None` if it is too quiet
/// to say.
pub fn is_swapped(block: &[f32]) -> Option<bool> {
    // Half of the block is enough, if that isn't too little.
    let samples = &block[..block.len().min(ENOUGH.max(block.len() / 2))];
    let before = Smoothness::of(samples, |x| x);
    if before.energy <= samples.len() as f64 * 1e-8 {
        return None;
    }
    // At a higher sample rate everything is smoother, lowest bits included.
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

/// Rounds. (Not every processor has an instruction for `round`.)
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
}
