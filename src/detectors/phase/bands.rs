// SPDX-License-Identifier: MPL-2.0
//! Measures a pair of channels: products of left and right, in bands, over windows of 100 ms.

/// Frequency in Hz below which sound is left out, as the K-weighting does: rumble, wind and hum, whose correlation
/// has nothing to do with the programme. Chosen.
const RUMBLE: f64 = 150.0;

/// Upper ends of the lower and the upper band, in Hz. Chosen: vowels below, consonants and brilliance above; beyond 4
/// kHz codecs no longer keep the phase (intensity stereo, noise substitution).
const SPLITS: [f64; 2] = [1_000.0, 4_000.0];

/// Values of a filter's memory below this are set to 0, since denormal numbers make it slow.
const DENORMAL: f32 = 1e-20;

/// Sums over left², right² and left × right.
#[derive(Debug, Default, Clone, Copy)]
pub struct Products {
    /// Left with itself.
    pub left: f64,
    /// Right with itself.
    pub right: f64,
    /// Left with right.
    pub both: f64,
}

impl Products {
    /// Adds the products of `other`.
    pub fn add(&mut self, other: &Self) {
        self.left += other.left;
        self.right += other.right;
        self.both += other.both;
    }

    /// Correlation from -1 (inverted) to 1 (equal); 0 if a side is silent.
    pub fn correlation(&self) -> f64 {
        let power = self.left * self.right;
        if power > 1e-24 {
            (self.both / power.sqrt()).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }

    /// Residual in dB, 0 or less: what is left of one side if the other is subtracted at the level that fits best.
    pub fn residual(&self) -> f64 {
        let r = self.correlation().max(0.0);
        10.0 * (1.0 - r * r).max(1e-9).log10()
    }

    /// Level of left over right, in dB.
    pub fn difference(&self) -> f64 {
        10.0 * ((self.left + 1e-12) / (self.right + 1e-12)).log10()
    }
}

/// The products of a window, or of a block, in each band.
#[derive(Debug, Default, Clone, Copy)]
pub struct Window {
    /// Everything above 150 Hz.
    pub whole: Products,
    /// 150 Hz to 1 kHz.
    pub low: Products,
    /// 1 to 4 kHz.
    pub high: Products,
    /// 150 Hz to 4 kHz.
    pub middle: Products,
}

impl Window {
    /// Adds the products of `other`.
    pub fn add(&mut self, other: &Self) {
        self.whole.add(&other.whole);
        self.low.add(&other.low);
        self.high.add(&other.high);
        self.middle.add(&other.middle);
    }
}

/// A second-order Butterworth section in single precision, for two channels side by side.
#[derive(Debug, Clone)]
struct Filter {
    b: [f32; 3],
    a: [f32; 2],
    memory: [[f32; 2]; 2],
}

impl Filter {
    fn new(rate: u32, hz: f64, high_pass: bool) -> Self {
        let rate = f64::from(rate.max(1));
        let k = (std::f64::consts::PI * (hz / rate).min(0.45)).tan();
        let q = std::f64::consts::FRAC_1_SQRT_2;
        let a0 = 1.0 + k / q + k * k;
        let b = if high_pass {
            [1.0, -2.0, 1.0]
        } else {
            [k * k, 2.0 * k * k, k * k]
        };
        Self {
            b: b.map(|b| (b / a0) as f32),
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0].map(|a| a as f32),
            memory: [[0.0; 2]; 2],
        }
    }

    fn pass(&mut self, x: [f32; 2]) -> [f32; 2] {
        let [s1, s2] = &mut self.memory;
        let mut y = [0.0; 2];
        for channel in 0..2 {
            y[channel] = self.b[0] * x[channel] + s1[channel];
            s1[channel] = self.b[1] * x[channel] - self.a[0] * y[channel] + s2[channel];
            s2[channel] = self.b[2] * x[channel] - self.a[1] * y[channel];
        }
        y
    }

    fn flush_denormals(&mut self) {
        for value in self.memory.as_flattened_mut() {
            if value.abs() < DENORMAL {
                *value = 0.0;
            }
        }
    }
}

/// Filters a pair into bands.
#[derive(Debug)]
pub struct Bands {
    rumble: Filter,
    low: Filter,
    high: Filter,
    brilliance: Filter,
}

impl Bands {
    /// For sound at `rate` samples per second.
    pub fn new(rate: u32) -> Self {
        Self {
            rumble: Filter::new(rate, RUMBLE, true),
            low: Filter::new(rate, SPLITS[0], false),
            high: Filter::new(rate, SPLITS[0], true),
            brilliance: Filter::new(rate, SPLITS[1], false),
        }
    }

    /// Mean products of a block.
    pub fn push(&mut self, left: &[f32], right: &[f32]) -> Window {
        // left², right², both; of whole, low, high, middle.
        let mut sums = [[0f32; 3]; 4];
        for (l, r) in left.iter().zip(right) {
            let whole = self.rumble.pass([*l, *r]);
            let low = self.low.pass(whole);
            let middle = self.brilliance.pass(whole);
            let high = self.high.pass(middle);
            for (sum, [l, r]) in sums.iter_mut().zip([whole, low, high, middle]) {
                sum[0] += l * l;
                sum[1] += r * r;
                sum[2] += l * r;
            }
        }
        let Self {
            rumble,
            low,
            high,
            brilliance,
        } = self;
        [rumble, low, high, brilliance]
            .into_iter()
            .for_each(Filter::flush_denormals);
        let scale = 1.0 / left.len().max(1) as f64;
        let [whole, low, high, middle] = sums.map(|[l, r, b]| Products {
            left: f64::from(l) * scale,
            right: f64::from(r) * scale,
            both: f64::from(b) * scale,
        });
        Window {
            whole,
            low,
            high,
            middle,
        }
    }
}
