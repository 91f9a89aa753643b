// SPDX-License-Identifier: MPL-2.0
//! A figure that was measured several times.

use serde::Serialize;

/// Median and range of several measurements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figure {
    /// The median; of an even number the upper one.
    pub median: f64,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
}

impl Figure {
    /// From measured values; zeros if there are none.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |n: usize| values.get(n).copied().unwrap_or_default();
        Self {
            median: at(values.len() / 2),
            low: at(0),
            high: at(values.len().saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts_whatever_the_order() {
        let figure = Figure::of(vec![9.0, 1.0, 2.0]);
        assert_eq!((figure.low, figure.median, figure.high), (1.0, 2.0, 9.0));
        assert_eq!(Figure::of(vec![4.0]).median, 4.0);
        assert_eq!(Figure::of(Vec::new()), Figure::default());
    }
}
