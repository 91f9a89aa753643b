// SPDX-License-Identifier: MPL-2.0
//! The network is what its description says.

use super::super::{
    net::{BLOCK, Luma, Net},
    weights::{BLOCKS, CHANNELS, LEARNT, Weights},
};
use crate::media::network::Kernel;

/// The network straight from its description: planes of channels, every sum as it is written.
mod plain {
    use super::*;

    type Plane = Vec<Vec<Vec<f32>>>;

    /// By row, column, channel; `pad` says what lies outside.
    fn conv(
        from: &Plane,
        numbers: &mut impl Iterator<Item = f32>,
        (side, stride, outputs): (usize, usize, usize),
        repeat: bool,
    ) -> Plane {
        let inputs = from[0][0].len();
        let weights: Vec<f32> = numbers.take(side * side * inputs * outputs).collect();
        let bias: Vec<f32> = numbers.take(outputs).collect();
        let (height, width) = (from.len() as isize, from[0].len() as isize);
        let sum = |y: usize, x: usize, output: usize| {
            let mut sum = bias[output];
            for ky in 0..side {
                for kx in 0..side {
                    let (mut v, mut u) = (
                        (y * stride + ky) as isize - 1,
                        (x * stride + kx) as isize - 1,
                    );
                    if repeat {
                        (v, u) = (v.clamp(0, height - 1), u.clamp(0, width - 1));
                    }
                    if v < 0 || u < 0 || v >= height || u >= width {
                        continue;
                    }
                    for input in 0..inputs {
                        sum += from[v as usize][u as usize][input]
                            * weights[((ky * side + kx) * inputs + input) * outputs + output];
                    }
                }
            }
            sum.max(0.0)
        };
        let row = |y| {
            (0..from[0].len() / stride)
                .map(|x| (0..outputs).map(|c| sum(y, x, c)).collect())
                .collect()
        };
        (0..from.len() / stride).map(row).collect()
    }

    fn block(from: &Plane, numbers: &mut impl Iterator<Item = f32>) -> Plane {
        let channels = from[0][0].len();
        let around: Vec<f32> = numbers.take(9 * channels).collect();
        let mut middle = from.clone();
        for (y, row) in middle.iter_mut().enumerate() {
            for (x, place) in row.iter_mut().enumerate() {
                for (c, value) in place.iter_mut().enumerate() {
                    let seen = |k: usize| {
                        let (v, u) = ((y + k / 3).checked_sub(1), (x + k % 3).checked_sub(1));
                        let place = v.zip(u).and_then(|(v, u)| from.get(v)?.get(u));
                        place.map_or(0.0, |place| place[c]) * around[k * channels + c]
                    };
                    *value = (0..9).map(seen).sum();
                }
            }
        }
        let mix: Vec<f32> = numbers.take(channels * channels).collect();
        let bias: Vec<f32> = numbers.take(channels).collect();
        let mut out = from.clone();
        for (out, middle) in out.iter_mut().flatten().zip(middle.iter().flatten()) {
            for (c, out) in out.iter_mut().enumerate() {
                let sum: f32 = (0..channels)
                    .map(|i| middle[i] * mix[i * channels + c])
                    .sum();
                *out += (sum + bias[c]).max(0.0);
            }
        }
        out
    }

    pub fn logits(numbers: &[f32], luma: &Luma, width: usize) -> Vec<f32> {
        let mut numbers = numbers.iter().copied();
        let rows = luma.now.chunks(width).zip(luma.before.chunks(width));
        let mut plane: Plane = rows
            .map(|(now, before)| {
                let pairs = now.iter().zip(before).map(|(now, before)| {
                    let (now, before) = (f32::from(*now), f32::from(*before));
                    vec![(now - 128.0) / 64.0, (now - before) / 64.0]
                });
                pairs.collect()
            })
            .collect();
        plane = conv(&plane, &mut numbers, (6, 4, CHANNELS[0]), true);
        plane = conv(&plane, &mut numbers, (3, 2, CHANNELS[1]), false);
        plane = conv(&plane, &mut numbers, (3, 2, CHANNELS[2]), false);
        for _ in 0..BLOCKS {
            plane = block(&plane, &mut numbers);
        }
        let out: Vec<f32> = numbers.by_ref().take(CHANNELS[2]).collect();
        let bias = numbers.next().unwrap();
        assert_eq!(numbers.next(), None);
        let verdict =
            |place: &Vec<f32>| place.iter().zip(&out).map(|(v, w)| v * w).sum::<f32>() + bias;
        plane.iter().flatten().map(verdict).collect()
    }
}

/// Random weights about as large as learnt ones, and the same as plain numbers.
fn random() -> (&'static Weights, Vec<f32>) {
    let mut state = 9u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * 0.15
    };
    let numbers: Vec<f32> = (0..Weights::COUNT).map(next).collect();
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    let weights = Weights::read(bytes.as_slice().try_into().unwrap());
    (Box::leak(Box::new(weights)), numbers)
}

fn noise(columns: usize, rows: usize) -> Luma {
    let count = columns * rows * BLOCK * BLOCK;
    let plane = |seed: usize| {
        (0..count)
            .map(|i| ((i * (i / 7 + seed)) >> 3) as u8)
            .collect()
    };
    Luma {
        before: plane(3),
        now: plane(11),
    }
}

fn logits(net: &mut Net, luma: &Luma, effort: usize) -> Vec<f32> {
    while !net.work(luma, effort) {}
    net.logits().to_vec()
}

fn close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(1.0f32, |size, v| size.max(v.abs()));
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() < 1e-3 * size, "{a} and {b} in block {i}");
    }
}

#[test]
fn it_is_what_its_description_says() {
    let (weights, numbers) = random();
    for (columns, rows) in [(1, 1), (6, 4), (5, 3)] {
        let luma = noise(columns, rows);
        let expected = plain::logits(&numbers, &luma, columns * BLOCK);
        for kernel in [Kernel::best(), Kernel::Scalar] {
            let mut net = Net::with(kernel, weights, columns, rows);
            close(&logits(&mut net, &luma, usize::MAX), &expected);
        }
    }
}

#[test]
fn it_may_be_done_in_parts_and_over_again() {
    let (weights, _) = random();
    let (first, second) = (noise(6, 4), noise(6, 4));
    let second = Luma {
        before: second.now,
        now: second.before,
    };
    let mut net = Net::new(weights, 6, 4);
    let whole = logits(&mut net, &first, usize::MAX);
    let other = logits(&mut net, &second, 1);
    assert_ne!(whole, other);
    net.work(&second, 30);
    net.restart();
    assert_eq!(logits(&mut net, &first, 7), whole);
    let mut parts = 1;
    while !net.work(&first, net.effort() / 4) {
        parts += 1;
    }
    assert!((3..=4).contains(&parts), "{parts}");
}

/// Two pictures, and what the training says about them.
#[test]
fn it_says_what_it_was_trained_to() {
    let sample = include_bytes!("../sample.bin");
    let (width, height) = (96, 64);
    let (before, rest) = sample.split_at(width * height);
    let (now, expected) = rest.split_at(width * height);
    let luma = Luma {
        before: before.to_vec(),
        now: now.to_vec(),
    };
    let expected: Vec<f32> = expected
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    let mut net = Net::new(&LEARNT, width / BLOCK, height / BLOCK);
    close(&logits(&mut net, &luma, usize::MAX), &expected);
}
