// SPDX-License-Identifier: MPL-2.0
//! Gated loudness over any length of time in memory that stays the same: how often each loudness occurred, in steps.

/// The absolute gate of BS.1770, in LUFS.
pub const ABSOLUTE_GATE: f64 = -70.0;

/// Width of a step in LU. Each keeps the energy that fell into it, so that the steps round only where the gate and the
/// percentiles cut, not the sum.
const STEP: f64 = 0.05;

/// From the gate up to 30 LU over full scale; what is louder still falls into the last.
const STEPS: usize = 2_000;

/// A weighted mean square as loudness in LUFS (BS.1770-5, Annex 1).
pub fn loudness(energy: f64) -> f64 {
    -0.691 + 10.0 * energy.max(1e-30).log10()
}

/// Its reverse.
pub fn energy(loudness: f64) -> f64 {
    10f64.powf((loudness + 0.691) / 10.0)
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    count: u64,
    energy: f64,
}

/// How often each loudness over the absolute gate occurred.
#[derive(Debug)]
pub struct Histogram {
    bins: Vec<Bin>,
    all: Bin,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            bins: vec![Bin::default(); STEPS],
            all: Bin::default(),
        }
    }
}

impl Histogram {
    /// Takes the energy of a window; says whether it was over the gate.
    pub fn add(&mut self, energy: f64) -> bool {
        let above = loudness(energy) - ABSOLUTE_GATE;
        if above < 0.0 {
            return false;
        }
        let bin = &mut self.bins[((above / STEP) as usize).min(STEPS - 1)];
        for b in [bin, &mut self.all] {
            b.count += 1;
            b.energy += energy;
        }
        true
    }

    /// How many windows were over the gate.
    pub fn count(&self) -> u64 {
        self.all.count
    }

    /// The steps that lie over the relative gate, which is so far below the mean of all.
    fn gated(&self, below: f64) -> impl Iterator<Item = &Bin> {
        let gate = self.all.energy / self.all.count.max(1) as f64 * 10f64.powf(-below / 10.0);
        self.bins
            .iter()
            .filter(move |b| b.count > 0 && b.energy >= gate * b.count as f64)
    }

    /// Integrated loudness: the mean of what is over both gates (BS.1770-5, Annex 1: 10 LU).
    pub fn integrated(&self) -> Option<f64> {
        let sum = self.gated(10.0).fold(Bin::default(), |sum, b| Bin {
            count: sum.count + b.count,
            energy: sum.energy + b.energy,
        });
        (sum.count > 0).then(|| loudness(sum.energy / sum.count as f64))
    }

    /// Loudness range: from the 10th to the 95th percentile of what is over both gates (EBU Tech 3342: 20 LU).
    pub fn range(&self) -> Option<f64> {
        let count: u64 = self.gated(20.0).map(|b| b.count).sum();
        let last = count.checked_sub(1)? as f64;
        let at = |share: f64| {
            let rank = (last * share).round() as u64;
            let mut before = 0;
            self.gated(20.0)
                .find(|b| {
                    before += b.count;
                    before > rank
                })
                .map(|b| loudness(b.energy / b.count as f64))
        };
        Some(at(0.95)? - at(0.10)?)
    }
}
