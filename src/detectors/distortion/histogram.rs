// SPDX-License-Identifier: MPL-2.0
//! The histogram of half a second of one channel: flat tops and few levels show in it.

/// Full scale in steps of 16 bits.
const STEPS: usize = 32_768;
/// Peak in such steps below which nothing is judged (-40 dBFS): few steps are natural there.
const QUIET: usize = 328;

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
    /// Distance between them in 16-bit steps, if it is the same for all.
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

    /// Returns the shape of the stretch, `None` if it was too quiet, and empties the histogram.
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

/// Most levels (magnitudes) that a lattice may have: seven bits with a sign.
const MOST_LEVELS: usize = 72;
/// Fewest levels: fewer can be a square wave, or silence with a click.
const FEWEST_LEVELS: usize = 3;
/// How far in 16-bit steps a level may lie from the lattice: rounding.
const OFF_LATTICE: f64 = 1.01;
/// Least distance of levels, in 16-bit steps: a quiet 16-bit signal has less by nature.
const NARROWEST: f64 = 24.0;

/// The distance of the levels, if all are multiples of it. A sine of 1 kHz has few levels, too, but at unequal
/// distances.
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
    // Each further level makes the estimate finer, while its multiple stays certain.
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
    // Enough multiples have to occur: two levels always fit.
    let highest = *levels.last()? as f64 / step;
    let full = levels.len() as f64 >= 0.4 * highest.min(20.0);
    (levels.iter().all(fits) && full).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

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
