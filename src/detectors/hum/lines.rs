// SPDX-License-Identifier: MPL-2.0
//! Finds mains lines in the spectrum of a window of one channel.

/// Harmonics that are looked at: 300 or 360 Hz is as far as mains hum usually stands out.
const HARMONICS: usize = 6;
/// The frequencies of mains.
const MAINS: [f64; 2] = [50.0, 60.0];
/// Relative tolerance: European grids promise 1 % (EN 50160) and keep within 0.1 %; half a percent leaves room for
/// the clock of a recorder, and excludes G1 (49.0 Hz), B1 (61.7 Hz) and the 96 Hz of film perforations.
const TOLERANCE: f64 = 0.005;
/// Relative distance from mains up to which a line needs no more steadiness than at mains exactly: grids stay within
/// 0.1 %, see `TOLERANCE`. Set on the same recordings as `AWAY_SPREAD`.
const NEAR_MAINS: f64 = 0.0025;
/// Other fundamentals that are looked for, in Hz: generators, and recordings played at another speed. They are tried
/// in steps that overlap.
const ELSEWHERE: std::ops::Range<f64> = 45.0..65.0;
const STEP: f64 = 1.0 + 2.0 * TOLERANCE;
/// Distance in Hz of the side lines that a regular beat makes: 40 to 500 beats a minute.
const BEAT: std::ops::Range<f64> = 0.7..8.4;
/// Least power of the two neighbours at equal distance against the line, for the line to be one of a beat: -8 dB.
const AS_STRONG: f32 = 0.16;
/// Highest multiple of a synthetic wave as which the strongest line is tried: 440 Hz at 48 kHz folds back to
/// multiples of 40 Hz.
const MAX_MULTIPLE: u32 = 12;
/// Contrast in dB that counts as nothing: the largest of some noise bins reaches it by chance.
const CHANCE: f64 = 5.0;
/// Largest contrast beyond that, in dB, that a line adds to the score: one strong line is not yet a family.
const MAX_CONTRAST: f64 = 15.0;
/// Least background as a share of the ninth decile, -9.2 dB; noise has its median at -5.2 dB. Chosen: no line of a
/// comb of lines then stands out by the 10 dB that a second line needs.
const DECILE: f64 = 0.12;

/// A family of mains lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Family {
    /// Its fundamental in Hz, whether or not that is there itself.
    pub frequency: f64,
    /// Mean square of all its lines.
    pub power: f64,
    /// Contrasts of its lines above chance, added up, in dB.
    pub score: f64,
    /// Contrast of its strongest and second strongest line in dB.
    pub contrast: [f64; 2],
    /// The numbers of these two harmonics, 1 for the fundamental.
    pub strongest: [usize; 2],
}

impl Family {
    /// Whether the fundamental is as close to 50 or 60 Hz as mains usually is.
    pub fn is_near_mains(&self) -> bool {
        MAINS
            .iter()
            .any(|m| (self.frequency / m - 1.0).abs() <= NEAR_MAINS)
    }
}

/// Looks for families.
#[derive(Debug)]
pub struct Lines {
    bin: f64,
    sine: f64,
    background: Vec<f32>,
}

impl Lines {
    /// For frames of `length` samples at `rate` samples per second. `sine`: mean square of a sine over the power of
    /// its highest bin.
    pub fn new(length: usize, rate: f64, sine: f64) -> Self {
        Self {
            bin: rate / length as f64,
            sine,
            background: Vec::with_capacity((20.0 * length as f64 / rate) as usize),
        }
    }

    /// The family that stands out most.
    pub fn find(&mut self, power: &[f32]) -> Option<Family> {
        let of_base = MAINS.map(|base| self.family(base, power));
        of_base
            .into_iter()
            .flatten()
            .max_by(|a, b| (a.score + a.contrast[0]).total_cmp(&(b.score + b.contrast[0])))
    }

    /// The family away from mains that stands out most.
    pub fn find_elsewhere(&mut self, power: &[f32]) -> Option<Family> {
        let steps = (ELSEWHERE.end / ELSEWHERE.start).ln() / STEP.ln();
        let bases = (0..=steps as i32).map(|n| ELSEWHERE.start * STEP.powi(n));
        let found = bases.filter_map(|base| self.family(base, power));
        let best = found.max_by(|a, b| a.score.total_cmp(&b.score))?;
        // A line that flutters is spread over several bins: their centre of gravity is the best estimate.
        let k = best.strongest[0] as f64;
        let centre = best.frequency * k / self.bin;
        let reach = (centre * 2.0 * TOLERANCE).max(2.0);
        let from = (centre - reach).max(0.0) as usize;
        let hill = power.get(from..(centre + reach) as usize + 1)?;
        let sum = hill.iter().map(|p| f64::from(*p)).sum::<f64>();
        let moment = hill.iter().enumerate();
        let moment = moment.map(|(n, p)| (from + n) as f64 * f64::from(*p));
        let frequency = moment.sum::<f64>() / sum.max(1e-30) * self.bin / k;
        Some(Family { frequency, ..best })
    }

    /// Whether the strongest line belongs to the comb of lines that a regular beat makes: two lines at equal distance
    /// on both sides are nearly as strong. A loop that repeats exactly has some of its lines at multiples of 50 or 60
    /// Hz.
    pub fn is_beat_comb(&self, family: &Family, power: &[f32]) -> bool {
        let line = (family.frequency * family.strongest[0] as f64 / self.bin).round() as usize;
        let limit = AS_STRONG * highest(power, line);
        let distances = (BEAT.start / self.bin) as usize..(BEAT.end / self.bin) as usize;
        distances.into_iter().any(|d| {
            let sides = highest(power, line.saturating_sub(d)).min(highest(power, line + d));
            sides >= limit
        })
    }

    /// Whether the strongest line belongs to a synthetic wave: it is a multiple of another fundamental whose
    /// neighbouring multiples (all, or every second one, as of a square wave) are nearly as strong.
    pub fn is_synthetic_wave(&self, family: &Family, power: &[f32]) -> bool {
        let strongest = family.frequency * family.strongest[0] as f64;
        let bin = |frequency: f64| (frequency / self.bin).round() as usize;
        let limit = AS_STRONG * highest(power, bin(strongest));
        (2..=MAX_MULTIPLE).any(|n| {
            let n = f64::from(n);
            let stands = |k: f64| {
                let multiple = k * strongest / n / family.frequency;
                let is_other = (multiple - multiple.round()).abs() >= 0.02;
                k > 0.5 && is_other && highest(power, bin(k * strongest / n)) >= limit
            };
            [1.0, 2.0]
                .iter()
                .any(|step| [-1.0, 1.0, 2.0].iter().all(|m| stands(n + m * step)))
        })
    }

    fn family(&mut self, base: f64, power: &[f32]) -> Option<Family> {
        let mut background = [0.0; HARMONICS];
        let mut candidates = [0.0; HARMONICS];
        for k in 0..HARMONICS {
            let centre = base * (k + 1) as f64;
            background[k] = self.background(centre, power)?;
            candidates[k] = self.peak(centre, power)? / (k + 1) as f64;
        }
        let best = candidates
            .iter()
            .filter_map(|f| self.at(*f, &background, power))
            .max_by(|a, b| a.score.total_cmp(&b.score))?;
        // The strongest line gives the best estimate of the fundamental, unless it isn't one of the family.
        let by_strongest = self.at(candidates[best.strongest[0] - 1], &background, power);
        by_strongest
            .filter(|f| f.score >= best.score - CHANCE)
            .or(Some(best))
    }

    /// Median power around a line, 8 Hz to each side, without the line itself. Where lines are dense, as in the
    /// spectrum of a metronome, a share of the ninth decile if that is more.
    fn background(&mut self, centre: f64, power: &[f32]) -> Option<f64> {
        let inner = centre * TOLERANCE + 1.0;
        let outer = inner + 7.0;
        let bins = |from: f64, to: f64| {
            power.get((from / self.bin).max(1.0) as usize..(to / self.bin) as usize)
        };
        self.background.clear();
        self.background
            .extend_from_slice(bins(centre - outer, centre - inner)?);
        self.background
            .extend_from_slice(bins(centre + inner, centre + outer)?);
        let count = self.background.len();
        let mut at = |n: usize| {
            let (_, value, _) = self.background.select_nth_unstable_by(n, f32::total_cmp);
            f64::from(*value)
        };
        let (median, decile) = (at(count / 2), at(count * 9 / 10));
        // The power of 16-bit dither in a bin: contrast against less means nothing.
        Some(median.max(DECILE * decile).max(1e-15))
    }

    /// Frequency of the largest bin within the tolerance, refined by a parabola through its neighbours.
    fn peak(&self, centre: f64, power: &[f32]) -> Option<f64> {
        let low = (centre * (1.0 - TOLERANCE) / self.bin - 0.5).ceil() as usize;
        let high = (centre * (1.0 + TOLERANCE) / self.bin + 0.5) as usize;
        let at = (low..=high).max_by(|a, b| {
            let power = |bin: &usize| power.get(*bin).copied().unwrap_or(0.0);
            power(a).total_cmp(&power(b))
        })?;
        let ln = |bin: usize| power.get(bin).map(|p| f64::from(p.max(1e-30)).ln());
        let (a, b, c) = (ln(at.checked_sub(1)?)?, ln(at)?, ln(at + 1)?);
        let bend = a - 2.0 * b + c;
        let shift = if bend < 0.0 {
            (0.5 * (a - c) / bend).clamp(-0.5, 0.5)
        } else {
            0.0
        };
        Some((at as f64 + shift) * self.bin)
    }

    /// The family with exactly that fundamental.
    fn at(&self, frequency: f64, background: &[f64; HARMONICS], power: &[f32]) -> Option<Family> {
        let mut family = Family {
            frequency,
            power: 0.0,
            score: 0.0,
            contrast: [0.0; 2],
            strongest: [1, 2],
        };
        for k in 1..=HARMONICS {
            let bin = (frequency * k as f64 / self.bin).round() as usize;
            let around = power.get(bin.checked_sub(1)?..bin + 2)?;
            let peak = f64::from(around.iter().copied().fold(0.0, f32::max));
            let contrast = 10.0 * (peak / background[k - 1]).max(1e-3).log10();
            family.score += (contrast - CHANCE).clamp(0.0, MAX_CONTRAST);
            if contrast > CHANCE + 1.0 {
                family.power += self.sine * peak;
            }
            if contrast > family.contrast[0] {
                family.contrast = [contrast, family.contrast[0]];
                family.strongest = [k, family.strongest[0]];
            } else if contrast > family.contrast[1] {
                family.contrast[1] = contrast;
                family.strongest[1] = k;
            }
        }
        Some(family)
    }
}

/// Highest of a bin and its two neighbours.
fn highest(power: &[f32], bin: usize) -> f32 {
    let around = power.get(bin.saturating_sub(1)..bin + 2);
    around
        .unwrap_or_default()
        .iter()
        .copied()
        .fold(0.0, f32::max)
}
