// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::testing::{Said, band, listen, listen_with, sine, sixteen_bits, square};

const RATE: u32 = 48_000;

/// Driven over the limit, cut off, and turned down by `after`.
fn clipped(drive: f32, after: f32) -> Vec<f32> {
    let mut x: Vec<f32> = band(RATE, 6.0, 1)
        .iter()
        .map(|x| (x * drive).clamp(-1.0, 1.0) * after)
        .collect();
    sixteen_bits(&mut x);
    x
}

fn near(said: &Said, start: f64, end: f64) -> bool {
    matches!(said.times()[..], [(a, b)] if (a - start).abs() < 0.03 && (b - end).abs() < 0.03)
}

#[test]
fn a_second_at_full_scale_is_clipped_to_the_block() {
    // As in Essentia's unit test of saturation: ones between zeros.
    let mut x = vec![0.0; RATE as usize];
    x.extend(vec![1.0; RATE as usize]);
    x.extend(vec![0.0; 4 * RATE as usize]);
    let said = listen::<Clip>(RATE, &[x]);
    assert!(near(&said, 1.0, 2.0), "{:?}", said.times());
    assert_eq!(
        said.episodes[0].observation.detail.as_deref(),
        Some("full-scale")
    );
}

#[test]
fn square_waves_are_clipped() {
    for hz in [100.0, 440.0, 1000.0, 4000.0, 10_000.0] {
        for level in [1.0, 0.1] {
            assert_eq!(
                listen::<Clip>(RATE, &[square(RATE, 4.0, hz, level)])
                    .episodes
                    .len(),
                1,
                "{hz} Hz at {level}"
            );
        }
    }
}

#[test]
fn sines_are_not() {
    for hz in [20.0, 50.0, 100.0, 997.0, 1000.0, 6000.0, 12_000.0] {
        for level in [1.0, 0.5, 0.1, 0.01] {
            let mut x = sine(RATE, 4.0, hz, level);
            sixteen_bits(&mut x);
            assert!(
                listen::<Clip>(RATE, &[x]).episodes.is_empty(),
                "{hz} Hz at {level}"
            );
        }
    }
}

#[test]
fn overdrive_is_found_at_any_level_afterwards() {
    for (after, detail) in [(1.0, "full-scale"), (0.5, "lowered"), (0.05, "lowered")] {
        let said = listen::<Clip>(RATE, &[clipped(4.0, after)]);
        assert_eq!(said.episodes.len(), 1, "{after}");
        assert_eq!(said.episodes[0].observation.detail.as_deref(), Some(detail));
    }
}

#[test]
fn loud_is_not_clipped() {
    let x = band(RATE, 6.0, 1);
    let peak = x.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let mut loud: Vec<f32> = x.iter().map(|x| x / peak).collect();
    sixteen_bits(&mut loud);
    assert!(listen::<Clip>(RATE, &[loud]).episodes.is_empty());
}

#[test]
fn silence_and_offsets_are_not_clipped() {
    for level in [0.0, 0.001, 0.3] {
        assert!(
            listen::<Clip>(RATE, &[vec![level; 4 * RATE as usize]])
                .episodes
                .is_empty(),
            "{level}"
        );
    }
}

#[test]
fn each_channel_has_its_own_episode() {
    let said = listen::<Clip>(RATE, &[band(RATE, 6.0, 1), clipped(4.0, 1.0)]);
    let channels: Vec<_> = said.episodes.iter().map(|e| e.channel).collect();
    assert_eq!(channels, [Some(1)]);
}

#[test]
fn buffers_and_rates_make_no_difference() {
    let x = [clipped(4.0, 0.5)];
    let first = listen_with::<Clip>(RATE, &x, 1, |_, _| {});
    for size in [64, 1024, 48_000] {
        assert_eq!(listen_with::<Clip>(RATE, &x, size, |_, _| {}), first);
    }
    for rate in [8000, 44_100, 192_000] {
        let wave: Vec<f32> = sine(rate, 3.0, 440.0, 3.0)
            .iter()
            .map(|x| x.clamp(-0.5, 0.5))
            .collect();
        assert_eq!(listen::<Clip>(rate, &[wave]).episodes.len(), 1, "{rate}");
    }
}

#[test]
fn levels_are_measured() {
    let x = sine(RATE, 3.0, 1000.0, 0.5)
        .iter()
        .map(|x| x + 0.1)
        .collect();
    let said = listen_with::<Clip>(RATE, &[x], 1024, |c, _| c.measurement_interval = SECOND);
    let values = &said.measurements[1].values;
    // 0.5 / sqrt 2 and 0.1 together; 0.6; 0.1.
    let expected = [10.0 * 0.135f64.log10(), 20.0 * 0.6f64.log10(), 0.1];
    for (value, expected) in values.iter().zip(expected) {
        assert!((value - expected).abs() < 1e-3, "{values:?}");
    }
}

/// As G.711 decodes it: 16 steps for each doubling of the magnitude.
fn companded(x: f32) -> f32 {
    let magnitude = x.abs().max(1.0 / 128.0);
    let octave = magnitude.log2().floor().exp2();
    let step = octave / 16.0;
    ((magnitude / step).floor() + 0.5) * step * x.signum()
}

#[test]
fn coarse_steps_are_not_flat_tops() {
    for level in [0.1, 0.3, 0.7] {
        let loud = band(8000, 6.0, 2).into_iter().map(|x| x / 0.6 * level);
        let x: Vec<f32> = loud.map(companded).collect();
        assert!(listen::<Clip>(8000, &[x]).episodes.is_empty(), "{level}");
    }
}

#[test]
fn a_sine_whose_crest_lies_between_two_samples_is_not_clipped() {
    for period in [12.0, 24.0, 48.0] {
        let turn = std::f64::consts::TAU / period;
        let x = (0..192_000).map(|i| 0.3 * (turn * (f64::from(i) + 0.5)).cos() as f32);
        let said = listen::<Clip>(RATE, &[x.collect()]);
        assert!(said.episodes.is_empty(), "{period}");
    }
}
