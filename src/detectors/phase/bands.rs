// SPDX-License-Identifier: MPL-2.0
//! What is measured of a pair of channels: products of left and right, in bands, over windows of 100 ms.

/// Below it there is little to hear, but rumble, wind and hum, which are alike or unlike on both channels whatever the programme
/// does: they are left out, as the K-weighting does. Hz; chosen.
const RUMBLE: f64 = 150.0;

/// Where the lower band ends and where the upper one does, in Hz. Chosen: vowels below, consonants and brilliance above; beyond
/// 4 kHz codecs no longer keep the phase (intensity stereo, noise substitution).
const SPLITS: [f64; 2] = [1_000.0, 4_000.0];

/// Memories below this are nothing, but would make a filter slow.
const NOTHING: f32 = 1e-20;

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
    /// Of both, together.
    pub fn add(&mut self, other: &Self) {
        self.left += other.left;
        self.right += other.right;
        self.both += other.both;
    }

    /// From -1 (inverted) to 1 (alike); 0 if a side is silent.
    pub fn correlation(&self) -> f64 {
        let power = self.left * self.right;
        if power > 1e-24 {
            (self.both / power.sqrt()).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }

    /// How much is left if one side, at the level that fits best, is taken from the other: in dB, below 0.
    pub fn residual(&self) -> f64 {
        let r = self.correlation().max(0.0);
        10.0 * (1.0 - r * r).max(1e-9).log10()
    }

    /// By how much left is louder than right, in dB.
    pub fn difference(&self) -> f64 {
        10.0 * ((self.left + 1e-12) / (self.right + 1e-12)).log10()
    }
}

/// A window: the whole (without rumble), the lower and the upper band, both of them together.
#[derive(Debug, Default, Clone, Copy)]
pub struct Window {
    /// All that is over the rumble.
    pub whole: Products,
    /// 150 Hz to 1 kHz.
    pub low: Products,
    /// 1 to 4 kHz.
    pub high: Products,
    /// 150 Hz to 4 kHz.
    pub middle: Products,
}

impl Window {
    /// Of both, together.
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
        for lane in 0..2 {
            y[lane] = self.b[0] * x[lane] + s1[lane];
            s1[lane] = self.b[1] * x[lane] - self.a[0] * y[lane] + s2[lane];
            s2[lane] = self.b[2] * x[lane] - self.a[1] * y[lane];
        }
        y
    }

    fn calm(&mut self) {
        for value in self.memory.as_flattened_mut() {
            if value.abs() < NOTHING {
                *value = 0.0;
            }
        }
    }
}

/// Takes the bands of a pair apart.
#[derive(Debug)]
pub struct Bands {
    rumble: Filter,
    low: Filter,
    high: Filter,
    brilliance: Filter,
}

impl Bands {
    /// For that sample rate.
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
            .for_each(Filter::calm);
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
