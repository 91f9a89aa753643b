// SPDX-License-Identifier: MPL-2.0
//! Flat tops of one block.

/// Samples this close are equal: one and a half steps of 16 bits, so that dither after the clipping doesn't hide it.
pub(super) const SAME: f32 = 1.5 / 32_768.0;

/// A top is flat if the wave's slopes at its ends would have carried it at least this much higher. A round crest that only
/// looks flat because it is quantised stays within about 2 x `SAME`.
const EXCESS: f32 = 6.0 * SAME;

/// The wave has to meet it at least this steeply, per sample: below, the steps of 16 bits make the slope.
const STEEP: f32 = 2.0 * SAME;

/// Below this level (-46 dBFS), `SAME` is more than 1 % of it, and the steps of 16 bits make flat tops of their own.
const FLOOR: f32 = 0.005;

/// From this level on (-1 dBFS) a run may be as long as it likes; below, one of a whole block is a hold, silence or an offset.
pub(super) const RAIL: f32 = 0.891;

/// Levels of samples over half of the top lie closer than that share of it, unless they are quantised coarsely: in G.711 (A-law, mu-law)
/// they are a sixteenth to a thirty-second apart, in 8 bits a hundredth and more, and any crest is flat.
const COARSE: f32 = 1.0 / 128.0;
/// Coarsely quantised levels lie at multiples of a step. Least number of gaps between levels that must show it.
const FEWEST_GAPS: usize = 4;
/// Most levels that are examined for it.
const LEVELS: usize = 64;

/// What a block has at one polarity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Side {
    /// The largest sample, 0 if there is none of that polarity.
    pub max: f32,
    /// Samples in flat tops at that level.
    pub samples: u32,
    /// Flat tops at that level.
    pub runs: u32,
}

/// Finds flat tops in a channel.
#[derive(Debug, Default)]
pub(super) struct Tops {
    /// The last two samples of the block before.
    before: [f32; 2],
    /// Slope at which the wave reached the run of equal samples that was going on at the end of the block before; 0 if there was none.
    slope_at_start: f32,
}

impl Tops {
    /// What a block has: upwards, downwards.
    pub fn block(&mut self, samples: &[f32]) -> [Side; 2] {
        let (high, low) = extremes(samples);
        let slope_at_start = std::mem::take(&mut self.slope_at_start);
        let sides = [(high, 1.0), (-low, -1.0)]
            .map(|(max, sign)| self.side(samples, max, sign, slope_at_start));
        if let [.., a, b] = *samples {
            self.before = [a, b];
        }
        sides
    }

    fn side(&mut self, samples: &[f32], max: f32, sign: f32, slope_at_start: f32) -> Side {
        let mut found = Side {
            max: max.max(0.0),
            ..Side::default()
        };
        let limit = max - SAME;
        let at = |i: usize| sign * samples[i];
        // Most blocks have a single largest sample, and are done here.
        if max < FLOOR || count_over(samples, limit, sign) < 2 {
            return found;
        }
        let (mut i, mut longest) = (0, 0);
        while i < samples.len() {
            if at(i) < limit {
                i += 1;
                continue;
            }
            let start = i;
            while i < samples.len() && at(i) >= limit {
                i += 1;
            }
            let rise = self.slope_before(samples, start, sign, slope_at_start);
            let fall = (i < samples.len())
                .then(|| slope(at(i - 1), at(i), at((i + 1).min(samples.len() - 1))));
            let length = i - start;
            if length == samples.len() && max < RAIL {
                continue;
            }
            if fall.is_none() {
                self.slope_at_start = rise;
            }
            let slope = rise.min(fall.unwrap_or(rise));
            if length > 1 && slope >= STEEP && slope * length as f32 / 4.0 >= EXCESS {
                found.samples += length as u32;
                found.runs += 1;
                longest = longest.max(length);
            }
        }
        // Two equal samples are also the crest of a sine whose period is a whole number of samples.
        if found.runs > 0 && (longest < 3 || is_coarse(samples, max, sign)) {
            (found.samples, found.runs) = (0, 0);
        }
        found
    }

    /// How steeply the wave meets the run that starts there.
    fn slope_before(&self, samples: &[f32], start: usize, sign: f32, slope_at_start: f32) -> f32 {
        let back = |n: usize| {
            sign * if start >= n {
                samples[start - n]
            } else {
                self.before[2 + start - n]
            }
        };
        let top = sign * samples[start];
        if start == 0 && slope_at_start > 0.0 && top - back(1) <= SAME {
            return slope_at_start;
        }
        slope(top, back(1), back(2))
    }
}

/// Slope beside a top, from the next two samples: between one and two samples of slope lie in the second.
fn slope(top: f32, next: f32, second: f32) -> f32 {
    (top - next).max((top - second) / 1.5)
}

/// Whether the levels over half of `max` are far apart, at multiples of one step or half of it.
fn is_coarse(samples: &[f32], max: f32, sign: f32) -> bool {
    let (mut levels, mut count) = ([0.0f32; LEVELS], 0);
    let high = samples.iter().map(|x| sign * x).filter(|x| *x > max / 2.0);
    for (level, x) in levels.iter_mut().zip(high) {
        *level = x;
        count += 1;
    }
    let levels = &mut levels[..count];
    levels.sort_unstable_by(f32::total_cmp);
    let gaps = || levels.windows(2).map(|w| w[1] - w[0]).filter(|g| *g > SAME);
    let step = gaps().fold(f32::INFINITY, f32::min);
    let is_multiple = |gap: f32| {
        let halves = 2.0 * gap / step;
        (halves - halves.round()).abs() <= 0.1
    };
    gaps().count() >= FEWEST_GAPS && step > COARSE * max && gaps().all(is_multiple)
}

fn extremes(samples: &[f32]) -> (f32, f32) {
    let (mut high, mut low) = ([0.0f32; 8], [0.0f32; 8]);
    let (chunks, rest) = samples.as_chunks::<8>();
    for (i, &x) in rest.iter().enumerate() {
        (high[i], low[i]) = (high[i].max(x), low[i].min(x));
    }
    for chunk in chunks {
        for (i, &x) in chunk.iter().enumerate() {
            high[i] = if x > high[i] { x } else { high[i] };
            low[i] = if x < low[i] { x } else { low[i] };
        }
    }
    (
        high.into_iter().fold(0.0, f32::max),
        low.into_iter().fold(0.0, f32::min),
    )
}

fn count_over(samples: &[f32], limit: f32, sign: f32) -> u32 {
    samples.iter().map(|&x| u32::from(sign * x >= limit)).sum()
}
