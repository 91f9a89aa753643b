// SPDX-License-Identifier: MPL-2.0
//! The layers are what they are said to be, and the kernels agree.

use super::*;

/// Numbers between -1 and 1, always the same.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

fn row(places: usize, channels: usize, seed: u32) -> Row {
    let mut row = Row::new(places, channels);
    row.places_mut()
        .copy_from_slice(&numbers(places * channels, seed));
    row
}

fn close(a: &Row, b: &Row, what: &str) {
    assert_eq!(a.values.len(), b.values.len());
    for (i, (a, b)) in a.values.iter().zip(&b.values).enumerate() {
        assert!((a - b).abs() < 1e-4, "{what}: {a} and {b} at {i}");
    }
}

#[test]
fn a_convolution_is_a_sum_over_what_it_sees() {
    // Two channels in, one out, every other place, seeing one before and one behind.
    let layer = Convolution {
        start: 0,
        window: 6,
        step: 4,
        weights: vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0],
        bias: vec![0.5],
        rectified: true,
    };
    let mut input = Row::new(4, 2);
    input
        .places_mut()
        .copy_from_slice(&[1.0, 0.0, 0.0, 1.0, -9.0, 0.0, 1.0, 1.0]);
    let mut out = Row::new(2, 1);
    layer.apply(Kernel::Scalar, &[&input], &mut out);
    // The second one would be 0.5 + 10 - 18 + 3 + 30.
    assert_eq!(out.places(), [0.5 + 2.0 + 30.0, 25.5]);
    input.repeat_edges();
    layer.apply(Kernel::Scalar, &[&input], &mut out);
    assert_eq!(out.places(), [0.5 + 1.0 + 2.0 + 30.0, 25.5]);
    input.places_mut().fill(-1.0);
    layer.apply(Kernel::Scalar, &[&input], &mut out);
    assert_eq!(out.places(), [0.0, 0.0]);
    let linear = Convolution {
        rectified: false,
        ..layer
    };
    linear.apply(Kernel::Scalar, &[&input], &mut out);
    assert_eq!(out.places(), [0.5 + 1.0 - 55.0, 0.5 - 66.0]);
}

#[test]
fn a_row_that_is_reshaped_is_as_good_as_a_new_one() {
    let mut used = row(9, 8, 5);
    used.repeat_edges();
    used.reshape(4, 3);
    used.places_mut().copy_from_slice(&numbers(12, 6));
    close(&used, &row(4, 3, 6), "reshaped");
}

#[test]
fn a_depthwise_one_keeps_channels_apart() {
    let layer = Depthwise {
        start: 0,
        step: 1,
        weights: (0..18)
            .map(|i| if i % 2 == 0 { 1.0 } else { 2.0 })
            .collect(),
        bias: vec![0.0, 0.25],
    };
    let rows = [row(3, 2, 1), row(3, 2, 2), row(3, 2, 3)];
    let mut out = Row::new(3, 2);
    layer.apply(Kernel::Scalar, rows.each_ref(), &mut out);
    for channel in 0..2 {
        let sum: f32 = rows
            .iter()
            .flat_map(|row| row.places().iter().skip(channel).step_by(2))
            .sum();
        let expected = sum * (1 + channel) as f32 + layer.bias[channel];
        assert!((out.places()[2 + channel] - expected).abs() < 1e-5);
    }
}

#[test]
fn kernels_agree() {
    for (outputs, seed) in (8..=96).step_by(8).chain([6]).zip(1..) {
        for (inputs, columns, rows, stride, start) in
            [(2, 6, 6, 4, 0), (16, 3, 3, 2, 0), (40, 1, 1, 1, 40)]
        {
            for places in (1..=13).chain([120]) {
                let layer = Convolution {
                    start,
                    window: inputs * columns,
                    step: inputs * stride,
                    weights: numbers(rows * inputs * columns * outputs, seed),
                    bias: numbers(outputs, seed + 1),
                    rectified: seed % 2 == 0,
                };
                let input: Vec<_> = (0..rows)
                    .map(|y| row(places * stride, inputs, 7 + y as u32))
                    .collect();
                let input: Vec<_> = input.iter().collect();
                let [mut fast, mut slow] = [0; 2].map(|_| Row::new(places, outputs));
                layer.apply(Kernel::best(), &input, &mut fast);
                layer.apply(Kernel::Scalar, &input, &mut slow);
                close(
                    &fast,
                    &slow,
                    &format!("{inputs} to {outputs}, {places} places"),
                );
            }
        }
        for (start, step) in [(0, 1), (1, 2)] {
            let layer = Depthwise {
                start,
                step,
                weights: numbers(9 * outputs, seed),
                bias: numbers(outputs, seed + 2),
            };
            let rows = [1, 2, 3].map(|seed| row(16 * step, outputs, seed));
            let [mut fast, mut slow] = [0; 2].map(|_| Row::new(16, outputs));
            layer.apply(Kernel::best(), rows.each_ref(), &mut fast);
            layer.apply(Kernel::Scalar, rows.each_ref(), &mut slow);
            close(&fast, &slow, "each channel for itself");
        }
    }
}
