// SPDX-License-Identifier: MPL-2.0
//! How steady a line is over a window: hum keeps its phase, notes don't.

use std::f64::consts::TAU;

use super::lines::Family;

/// Parts of the window that are compared with one another; they overlap by half.
const PARTS: usize = 15;
/// Largest distance of two phasors, relative to their length, at which they belong to one line. Chosen: they turn by
/// less than 30 degrees.
const AGREE: f64 = 0.5;

/// Amplitude and phase.
type Phasor = (f64, f64);

/// How steady the lines of a family were over the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steadiness {
    /// Median distance of the parts from their common phasor, relative to its length: mean of the two strongest
    /// lines, and of the strongest alone. 0 = a steady sine; noise has 1 and more.
    pub spread: [f64; 2],
    /// Whether the strongest line keeps its level, see [`Envelope`](super::envelope::Envelope).
    pub constant: bool,
    /// First and last part of the window in which the strongest line was there, as fractions of the window.
    pub extent: (f64, f64),
}

/// Measures the phases of lines in parts of a window. Allocates only when made.
#[derive(Debug)]
pub struct PhaseMeter {
    rate: f64,
    hann: Vec<f64>,
}

impl PhaseMeter {
    /// For frames of `length` samples at `rate` samples per second.
    pub fn new(length: usize, rate: f64) -> Self {
        let part = 2 * length / (PARTS + 1);
        let hann = |n| 0.5 - 0.5 * (TAU * n as f64 / part as f64).cos();
        Self {
            rate,
            hann: (0..part).map(hann).collect(),
        }
    }

    /// How steady the two strongest lines were over the frame.
    pub fn steadiness(&self, family: &Family, frame: &[f32]) -> Steadiness {
        let (first, extent) = self.spread(family.frequency * family.strongest[0] as f64, frame);
        let (second, _) = self.spread(family.frequency * family.strongest[1] as f64, frame);
        Steadiness {
            spread: [(first + second) / 2.0, first],
            constant: false,
            extent,
        }
    }

    fn spread(&self, frequency: f64, frame: &[f32]) -> (f64, (f64, f64)) {
        let mut parts = [(0.0, 0.0); PARTS];
        let half = self.hann.len() / 2;
        for (n, part) in parts.iter_mut().enumerate() {
            let from = n * half;
            let samples = frame.get(from..from + 2 * half).unwrap_or_default();
            *part = self.phasor(frequency, from, samples);
        }
        let median = |of: fn(&Phasor) -> f64| {
            let mut values = parts.map(|p| of(&p));
            values.sort_unstable_by(f64::total_cmp);
            values[PARTS / 2]
        };
        let middle = (median(|p| p.0), median(|p| p.1));
        let mut away = parts.map(|p| distance(p, middle) / size(middle));
        away.sort_unstable_by(f64::total_cmp);
        let spread = away[PARTS / 2];
        // If the line fills less than half of the frame, the median isn't its phasor.
        let line = if spread < AGREE {
            middle
        } else {
            majority_phasor(&parts).unwrap_or(middle)
        };
        (spread, span_of_line(&parts, line))
    }

    /// Amplitude and phase of a frequency in a part of the frame, as a complex number.
    fn phasor(&self, frequency: f64, from: usize, samples: &[f32]) -> Phasor {
        let step = TAU * frequency / self.rate;
        let (sin, cos) = step.sin_cos();
        let (mut im, mut re) = (-step * from as f64).sin_cos();
        let mut sum = (0.0, 0.0);
        for (x, w) in samples.iter().zip(&self.hann) {
            let x = f64::from(*x) * w;
            sum = (sum.0 + x * re, sum.1 + x * im);
            (re, im) = (re * cos + im * sin, im * cos - re * sin);
        }
        let scale = 4.0 / self.hann.len() as f64;
        (sum.0 * scale, sum.1 * scale)
    }
}

fn size(phasor: Phasor) -> f64 {
    phasor.0.hypot(phasor.1).max(1e-9)
}

fn distance(a: Phasor, b: Phasor) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// Start and end of the line in the frame, as fractions of the frame.
fn span_of_line(parts: &[Phasor; PARTS], line: Phasor) -> (f64, f64) {
    // The line is there in three consecutive parts that have most of its strength and roughly its phase; the
    // programme may resemble it in one part, not in three.
    let there =
        |n: usize| distance(parts[n], line) < size(line) && size(parts[n]) > 0.6 * size(line);
    let row = |n: &usize| there(*n) && there(n + 1) && there(n + 2);
    let first = (0..PARTS - 2).find(row).unwrap_or(0);
    let last = (0..PARTS - 2).rev().find(row).map_or(PARTS - 1, |n| n + 2);
    let steps = (PARTS + 1) as f64;
    (first as f64 / steps, (last + 2) as f64 / steps)
}

/// The phasor that most parts share, taken from three consecutive ones. The number of agreeing parts weighs more than
/// their level, since a note may be loud.
fn majority_phasor(parts: &[Phasor; PARTS]) -> Option<Phasor> {
    let mean = |three: &[Phasor]| {
        let sum = three.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
        (sum.0 / 3.0, sum.1 / 3.0)
    };
    let near = |p: &&Phasor, line: Phasor| distance(**p, line) <= AGREE * size(line);
    let lines = parts.windows(3).filter_map(|three| {
        let line = mean(three);
        let shared = parts.iter().filter(|p| near(p, line)).count() as f64;
        let agreed = three.iter().filter(|p| near(p, line)).count() == 3;
        agreed.then_some((shared * shared * size(line), line))
    });
    lines
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, line)| line)
}
