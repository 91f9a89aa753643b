// SPDX-License-Identifier: MPL-2.0
//! Faults, at several rates.

use super::*;

const RATES: [u32; 4] = [8_000, 44_100, 48_000, 192_000];

#[test]
fn an_inverted_channel() {
    for rate in RATES {
        let mut signal = stereo(rate, 26);
        between(&mut signal, rate, 5.0, 17.0, |f| f[1] = -f[1]);
        only(
            &hear(rate, STEREO, &signal),
            PhaseKind::PhaseInversion,
            None,
            "full",
            5.0,
            17.0,
        );
    }
}

#[test]
fn the_same_on_both() {
    for rate in RATES {
        let mut signal = stereo(rate, 26);
        between(&mut signal, rate, 5.0, 20.0, |f| f[1] = f[0]);
        only(
            &hear(rate, STEREO, &signal),
            PhaseKind::DualMono,
            None,
            "identical",
            5.0,
            20.0,
        );
    }
}

/// What a codec and an unequal gain leave of it.
#[test]
fn nearly_the_same_on_both() {
    let mut dice = Dice(9);
    let mut signal = stereo(48_000, 26);
    between(&mut signal, 48_000, 5.0, 20.0, |f| {
        f[1] = 0.8 * f[0] + 0.05 * f[0].abs() * dice.roll();
    });
    only(
        &hear(48_000, STEREO, &signal),
        PhaseKind::DualMono,
        None,
        "coded",
        5.0,
        20.0,
    );
}

#[test]
fn a_channel_too_low() {
    for rate in RATES {
        let mut signal = stereo(rate, 28);
        between(&mut signal, rate, 5.0, 20.0, |f| f[0] *= 0.35);
        only(
            &hear(rate, STEREO, &signal),
            PhaseKind::Imbalance,
            Some(0),
            "level",
            5.0,
            20.0,
        );
    }
}

#[test]
fn a_dead_leg() {
    let mut signal = stereo(48_000, 30);
    between(&mut signal, 48_000, 0.0, 30.0, |f| f[1] = 0.0);
    only(
        &hear(48_000, STEREO, &signal),
        PhaseKind::Imbalance,
        Some(1),
        "dead-leg",
        0.0,
        30.0,
    );
}

/// A fault that is there from the first sample to the last.
#[test]
fn from_the_beginning() {
    let mut signal = stereo(48_000, 15);
    between(&mut signal, 48_000, 0.0, 15.0, |f| f[0] = -f[0]);
    only(
        &hear(48_000, STEREO, &signal),
        PhaseKind::PhaseInversion,
        None,
        "full",
        0.0,
        15.0,
    );
}

/// An effect that turns a part of the spectrum over, purely.
#[test]
fn only_a_band_is_inverted() {
    let rate = 48_000;
    let tone = |hz: f32, gain: f32| -> Vec<f32> {
        (0..rate * 15)
            .map(|i| gain * (std::f32::consts::TAU * hz * i as f32 / rate as f32).sin())
            .collect()
    };
    let (low, high) = (tone(300.0, 0.1), tone(3_000.0, 0.1));
    let signal = vec![mix(&low, &high, 1.0), mix(&low, &high, -1.0)];
    only(
        &hear(rate, STEREO, &signal),
        PhaseKind::PhaseInversion,
        None,
        "high-band",
        0.0,
        15.0,
    );
}
