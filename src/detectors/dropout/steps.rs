// SPDX-License-Identifier: MPL-2.0
//! Divides the sound of a channel into steps of a millisecond.

/// The measures of a millisecond.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    /// Mean square.
    pub power: f32,
    /// Mean square of the difference between neighbours.
    pub change: f32,
    /// Smallest difference between neighbours that differ; infinite if all samples are equal.
    pub quantum: f32,
}

/// Divides samples into steps.
#[derive(Debug)]
pub(super) struct Steps {
    /// Samples in a step.
    length: usize,
    filled: usize,
    energy: f32,
    change: f32,
    quantum: f32,
    last: f32,
}

impl Steps {
    pub fn new(rate: u32) -> Self {
        Self {
            length: (rate as usize / 1000).max(1),
            filled: 0,
            energy: 0.0,
            change: 0.0,
            quantum: f32::INFINITY,
            last: 0.0,
        }
    }

    pub fn length(&self) -> u64 {
        self.length as u64
    }

    pub fn reset(&mut self) {
        (self.filled, self.energy, self.change, self.quantum) = (0, 0.0, 0.0, f32::INFINITY);
    }

    /// Takes samples; calls `step` for every step that they complete, with the number of samples that are left after it.
    pub fn push(&mut self, mut samples: &[f32], mut step: impl FnMut(Step, usize)) {
        while !samples.is_empty() {
            let n = samples.len().min(self.length - self.filled);
            let (now, later) = samples.split_at(n);
            self.energy += now.iter().map(|x| x * x).sum::<f32>();
            for x in now {
                let difference = (x - self.last).abs();
                self.change += difference * difference;
                if difference != 0.0 && difference < self.quantum {
                    self.quantum = difference;
                }
                self.last = *x;
            }
            self.filled += n;
            samples = later;
            if self.filled == self.length {
                let done = Step {
                    power: self.energy / self.length as f32,
                    change: self.change / self.length as f32,
                    quantum: self.quantum,
                };
                self.reset();
                step(done, later.len());
            }
        }
    }
}
