// SPDX-License-Identifier: MPL-2.0
//! Fits one sine wave to a few milliseconds of sound.
//!
//! A sine obeys `x[n+d] + x[n-d] = 2 cos(w d) x[n]` for every n. The least-squares fit of this gives the frequency, and
//! the residue tells how pure the wave is; three sums in one pass, without a transform.

/// The fit of a sine wave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sine {
    /// In Hz.
    pub frequency: f64,
    /// Mean square of the sine.
    pub power: f64,
    /// Mean square of all that there is: next to silence it tells how much of the block is filled.
    pub all: f64,
    /// Power of the residue relative to the whole: 0 for a pure sine, about 0.5 for noise. Several low sines look
    /// nearly as pure as one; then frequency and power change from block to block.
    pub residue: f64,
}

/// Fits sines to the blocks of one channel.
#[derive(Debug, Clone)]
pub struct SineFit {
    rate: f64,
    lag: usize,
    /// Slow mean, so that an offset doesn't count.
    offset: f64,
}

/// Lag in seconds at which frequencies up to 4 kHz are told best.
const LAG: f64 = 1.0 / 8000.0;
/// Residue up to which frequencies beyond that are told.
const CLEAR: f64 = 0.02;

impl SineFit {
    /// For sound at `rate`.
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.into(),
            lag: ((f64::from(rate) * LAG).round() as usize).max(1),
            offset: 0.0,
        }
    }

    /// The sine that fits a block best; none in digital silence.
    pub fn fit(&mut self, samples: &[f32]) -> Option<Sine> {
        let mean = samples.iter().sum::<f32>() / samples.len().max(1) as f32;
        // Over half a second, at 10 ms a block.
        self.offset += 0.02 * (f64::from(mean) - self.offset);
        let long = self.at(samples, self.lag)?;
        if self.lag == 1 || long.residue > CLEAR {
            return Some(long);
        }
        // The long lag can't tell frequencies that are whole turns apart; the short one can, but not finely.
        let rough = self.at(samples, 1)?.frequency;
        let turn = self.rate / self.lag as f64;
        let nearest = (0..=self.lag)
            .map(|n| n as f64 * turn)
            .flat_map(|whole| [whole + long.frequency, whole - long.frequency])
            .min_by(|a, b| (a - rough).abs().total_cmp(&(b - rough).abs()));
        Some(Sine {
            frequency: nearest.unwrap_or(long.frequency),
            ..long
        })
    }

    fn at(&self, samples: &[f32], lag: usize) -> Option<Sine> {
        let offset = self.offset as f32;
        let middle = samples.get(lag..samples.len().checked_sub(lag)?)?;
        let after = samples.get(2 * lag..)?;
        // Computed in eight sums each, so that the compiler can use vectors.
        let mut sums = [[0.0f32; 8]; 4];
        let mut add = |i: usize, a: f32, x: f32, b: f32| {
            let (a, x, b) = (a - offset, x - offset, b - offset);
            sums[0][i] += x * x;
            sums[1][i] += x * (a + b);
            sums[2][i] += (a + b) * (a + b);
            sums[3][i] += a * b;
        };
        let [a, x, b] = [samples, middle, after].map(|part| part.as_chunks::<8>().0);
        for ((a, x), b) in a.iter().zip(x).zip(b) {
            for i in 0..8 {
                add(i, a[i], x[i], b[i]);
            }
        }
        let rest = middle.len() / 8 * 8;
        for i in rest..middle.len() {
            add(i - rest, samples[i], middle[i], after[i]);
        }
        let [own, cross, both, outer] = sums.map(|s| f64::from(s.iter().sum::<f32>()));
        let n = middle.len() as f64;
        if own <= n * 1e-12 {
            return None;
        }
        let cos = (cross / own / 2.0).clamp(-1.0, 1.0);
        if cos >= 1.0 {
            return None;
        }
        let left = (both - cross * cross / own).max(0.0);
        let sin2 = 1.0 - cos * cos;
        // Teager's energy doesn't depend on where in a period the block begins; it fails near 0 Hz.
        let power = if sin2 > 0.02 {
            (own - outer).max(0.0) / n / sin2 / 2.0
        } else {
            own / n
        };
        Some(Sine {
            frequency: cos.acos() * self.rate / std::f64::consts::TAU / lag as f64,
            power,
            all: own / n,
            residue: left / (4.0 * own),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn finds_frequency_and_level_at_any_rate() {
        for rate in [8_000, 11_025, 44_100, 48_000, 192_000] {
            for hz in [440.0, 1000.0, 3500.0] {
                let mut fit = SineFit::new(rate);
                let wave: Vec<f32> = (0..rate / 100)
                    .map(|n| (0.1 * (TAU * hz * f64::from(n) / f64::from(rate) + 0.7).sin()) as f32)
                    .collect();
                let Some(sine) = fit.fit(&wave) else {
                    panic!("{rate} {hz}")
                };
                assert!((sine.frequency / hz - 1.0).abs() < 0.01, "{rate} {sine:?}");
                assert!(
                    (sine.power / 0.005 - 1.0).abs() < 0.03,
                    "{rate} {hz} {sine:?}"
                );
                assert!(sine.residue < 1e-3, "{sine:?}");
            }
        }
    }

    #[test]
    fn noise_and_chords_are_not_pure() {
        let mut fit = SineFit::new(48_000);
        let chord = |n: i32| {
            let t = f64::from(n) / 48_000.0;
            0.1 * ((TAU * 400.0 * t).sin() + (TAU * 900.0 * t).sin())
        };
        let wave: Vec<f32> = (0..480).map(|n| chord(n) as f32).collect();
        assert!(fit.fit(&wave).is_some_and(|s| s.residue > 0.002));
        let noise: Vec<f32> = (0..480)
            .map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5)
            .collect();
        assert!(fit.fit(&noise).is_some_and(|s| s.residue > 0.2));
        assert_eq!(fit.fit(&[0.0; 480]), None);
        assert_eq!(fit.fit(&[]), None);
    }
}
