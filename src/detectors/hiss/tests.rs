// SPDX-License-Identifier: MPL-2.0
use std::f64::consts::TAU;

use super::*;
use crate::detector::{State, testing::hear_wave};

/// White noise of a fixed sequence, mean square 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let mut uniform = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / (1u64 << 31) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}

fn db(level: f64) -> f64 {
    10f64.powf(level / 20.0)
}

/// Like speech: syllables of buzz and of noise, with pauses.
fn talk(t: f64, noise: f64) -> f64 {
    let syllable = (t * 4.0) as usize;
    let envelope = (TAU * 4.0 * t).sin().max(0.0) * f64::from(!syllable.is_multiple_of(5) as u8);
    let buzz: f64 = (1..20)
        .map(|k| (TAU * 130.0 * f64::from(k) * t).sin() / f64::from(k))
        .sum();
    let hissing = if syllable % 3 == 1 { 0.05 * noise } else { 0.0 };
    envelope * (0.1 * buzz + hissing)
}

#[test]
fn white_noise_under_talk_is_found_in_time() {
    for rate in [16_000, 48_000] {
        let (mut a, mut b) = (Noise(1), Noise(2));
        let found = hear_wave::<Hiss>(rate, 1, 30.0, |_, t| {
            let on = (8.0..22.0).contains(&t);
            talk(t, a.next()) + if on { db(-50.0) * b.next() } else { 0.0 }
        });
        let [begin, end] = &found[..] else {
            panic!("{rate}: {found:?}")
        };
        assert_eq!(begin.state, State::Begin);
        assert!(begin.at.abs_diff(8 * SECOND) < SECOND, "{begin:?}");
        assert!(
            (end.at + end.duration).abs_diff(22 * SECOND) < SECOND,
            "{end:?}"
        );
        assert_eq!(end.observation.detail.as_deref(), Some("floor"));
    }
}

#[test]
fn talk_alone_is_not_hiss() {
    let mut a = Noise(3);
    assert!(hear_wave::<Hiss>(48_000, 1, 30.0, |_, t| talk(t, a.next())).is_empty());
    assert!(hear_wave::<Hiss>(48_000, 1, 10.0, |_, _| 0.0).is_empty());
}

#[test]
fn noise_that_falls_is_not_hiss() {
    // Five times a first-order low-pass at 5 kHz: 14 dB less at 20 kHz than at 10.
    let (mut a, mut state) = (Noise(4), [0.0; 5]);
    let found = hear_wave::<Hiss>(48_000, 1, 15.0, |_, _| {
        let mut x = 0.1 * a.next();
        for s in &mut state {
            *s += 0.5 * (x - *s);
            x = *s;
        }
        x
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_faint_floor_is_reported_if_it_has_risen() {
    let (mut a, mut b) = (Noise(5), Noise(6));
    let mut of = |from: f64, level: f64| {
        hear_wave::<Hiss>(48_000, 1, 30.0, |_, t| {
            let on = t >= from;
            talk(t, a.next()) + if on { db(level) * b.next() } else { 0.0 }
        })
    };
    let found = of(12.0, -73.0);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].observation.detail.as_deref(), Some("rise"));
    assert!(of(0.0, -73.0).is_empty());
}

#[test]
fn one_channel_is_named() {
    let mut a = Noise(7);
    let found = hear_wave::<Hiss>(44_100, 2, 18.0, |channel, t| {
        let noise = a.next();
        talk(t, noise) + if channel == 1 { db(-45.0) * noise } else { 0.0 }
    });
    assert_eq!(found[0].channel, Some(1));
    assert_eq!(found.len(), 2);
}

#[test]
fn noise_that_is_the_programme_is_not_hiss() {
    let mut a = Noise(8);
    // A waterfall, and rain that comes in gusts of 1 dB.
    for gusts in [0.0, 1.0] {
        let rain = |t: f64| db(-30.0 + gusts * (TAU * 0.3 * t).sin());
        let found = hear_wave::<Hiss>(48_000, 1, 30.0, |_, t| rain(t) * a.next());
        assert!(found.is_empty(), "{gusts}: {found:?}");
    }
}

#[test]
fn noise_of_a_scene_is_not_hiss() {
    let (mut a, mut b) = (Noise(9), Noise(10));
    let found = hear_wave::<Hiss>(48_000, 1, 40.0, |_, t| {
        let on = (12.0..22.0).contains(&t);
        talk(t, a.next()) + if on { db(-50.0) * b.next() } else { 0.0 }
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_buzz_is_not_hiss() {
    // Pulses, as a telephone or a dimmer induces: steady lines up to the edge of the spectrum.
    for period in [221, 480] {
        let (mut a, mut n) = (Noise(11), 0);
        let found = hear_wave::<Hiss>(48_000, 1, 30.0, |_, t| {
            n += 1;
            talk(t, a.next()) + if n % period == 0 { 0.03 } else { 0.0 }
        });
        assert!(found.is_empty(), "{period}: {found:?}");
    }
}
