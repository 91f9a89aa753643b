// SPDX-License-Identifier: MPL-2.0
//! A sliding window of values.

/// The last values. Allocates only when made.
#[derive(Debug, Clone)]
pub struct SlidingWindow {
    values: Vec<f64>,
    next: usize,
    filled: usize,
}

impl SlidingWindow {
    /// Over the last `length` values, at least one.
    pub fn new(length: usize) -> Self {
        Self {
            values: vec![0.0; length.max(1)],
            next: 0,
            filled: 0,
        }
    }

    /// Takes a value; the oldest drops out.
    pub fn push(&mut self, value: f64) {
        self.values[self.next] = value;
        self.next = (self.next + 1) % self.values.len();
        self.filled = (self.filled + 1).min(self.values.len());
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.next = 0;
        self.filled = 0;
    }

    /// Whether it holds as many values as it can.
    pub fn is_full(&self) -> bool {
        self.filled == self.values.len()
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// The values, in no particular order.
    pub fn values(&self) -> &[f64] {
        &self.values[..self.filled]
    }

    /// Their mean; `None` if there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.filled > 0).then(|| self.values().iter().sum::<f64>() / self.filled as f64)
    }
}
