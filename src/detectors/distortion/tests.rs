// SPDX-License-Identifier: MPL-2.0
use std::f64::consts::TAU;

use super::*;
use crate::detector::{Finding, testing::hear};

/// Eight seconds: `sample(channel, frame)`.
fn run(rate: u32, channels: usize, sample: impl FnMut(usize, usize) -> f32) -> Vec<Finding> {
    hear::<Distortion>(rate, channels, 8.0, sample)
}

/// A voice of changing pitch and loudness with overtones, in 16 bits.
fn talk(n: usize) -> f32 {
    let t = n as f64 / 48_000.0;
    let phase = 130.0 * t + 8.0 * (2.0 * t).sin();
    let wave: f64 = (1..12)
        .map(|k| (TAU * phase * f64::from(k) + f64::from(k * k)).sin() / f64::from(k))
        .sum();
    let loud = (TAU * 1.7 * t).sin().abs() * (0.6 + 0.4 * (TAU * 0.31 * t).sin());
    round(0.15 * wave * loud, 32_768.0)
}

fn round(x: f64, steps: f64) -> f32 {
    ((x * steps).round() / steps) as f32
}

fn swapped(x: f32) -> f32 {
    f32::from(((x * 32_768.0) as i16).swap_bytes()) / 32_768.0
}

/// The details of the episodes, and their times in s.
fn found(from: usize, to: usize, damage: impl Fn(f32) -> f32) -> Vec<(String, f64, f64)> {
    let found = run(48_000, 1, |_, n| {
        let on = (from * 48_000..to * 48_000).contains(&n);
        if on { damage(talk(n)) } else { talk(n) }
    });
    let ends = found
        .iter()
        .filter(|f| f.state != crate::detector::State::Begin);
    ends.map(|f| {
        let at = f.at as f64 / 1e9;
        let detail = f
            .observation
            .detail
            .clone()
            .unwrap_or_default()
            .into_owned();
        (detail, at, at + f.duration as f64 / 1e9)
    })
    .collect()
}

fn is_one(episodes: &[(String, f64, f64)], detail: &str, from: f64, to: f64) {
    let [(name, start, end)] = episodes else {
        panic!("{detail}: {episodes:?}")
    };
    assert_eq!(name, detail);
    // Where the voice is soft there are neither tops nor levels; and the end of the stream may come before the proof of the end.
    let slack = 1.1;
    assert!((start - from).abs() <= slack, "{detail} starts at {start}");
    assert!((end - to).abs() <= slack, "{detail} ends at {end}");
}

#[test]
fn each_sort_is_found_and_named() {
    let overdriven = |x: f32| round(0.3 * (f64::from(x) * 20.0).tanh(), 32_768.0);
    is_one(&found(2, 7, overdriven), "overdrive", 2.0, 7.0);
    let crushed = |bits: i32| {
        move |x: f32| {
            let steps = 2f64.powi(bits - 1) / 0.3;
            round(f64::from(round(f64::from(x), steps)), 32_768.0)
        }
    };
    for bits in [3, 4, 5, 6] {
        is_one(&found(2, 7, crushed(bits)), "bit-crush", 2.0, 7.0);
    }
    is_one(&found(2, 7, swapped), "byte-swap", 2.0, 7.0);
}

#[test]
fn clean_sound_tones_and_noise_are_left_alone() {
    assert!(found(0, 8, |x| x).is_empty());
    assert!(found(0, 8, |_| 0.0).is_empty());
    // Quiet: few steps are natural.
    assert!(found(0, 8, |x| round(f64::from(x) * 0.001, 32_768.0)).is_empty());
    let sine = |hz: f64| {
        run(48_000, 1, move |_, n| {
            round(0.1 * (TAU * hz * n as f64 / 48_000.0).sin(), 32_768.0)
        })
    };
    for hz in [100.0, 1000.0, 12_000.0] {
        assert!(sine(hz).is_empty(), "{hz}");
    }
    let mut seed = 1u32;
    let noise = run(48_000, 1, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        round(f64::from(seed >> 8) / f64::from(1 << 24) - 0.5, 32_768.0)
    });
    assert!(noise.is_empty());
}

#[test]
fn data_bursts_are_known_by_their_preambles() {
    for (a, b, bits) in [
        (0xF872u32, 0x4E1Fu32, 16),
        (0x6F872, 0x54E1F, 20),
        (0x96F872, 0xA54E1F, 24),
    ] {
        let sample = |word: u32| ((word << (32 - bits)) as i32 >> 8) as f32 / 8_388_608.0;
        let mut seed = 7u32;
        let found = run(48_000, 2, |channel, n| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match n % 1536 {
                0 => sample(if channel == 0 { a } else { b }),
                1..=700 => sample(seed >> (32 - bits)),
                _ => 0.0,
            }
        });
        assert_eq!(found.len(), 2, "{bits}: {found:?}");
        assert_eq!(found[0].observation.detail.as_deref(), Some("data"));
    }
}

#[test]
fn a_line_up_tone_at_a_wrong_rate_is_a_hint() {
    let found = run(48_000, 1, |_, n| {
        let turn = TAU * 1000.0 * n as f64 / 44_100.0;
        round(0.1 * turn.sin(), 32_768.0)
    });
    assert_eq!(found[0].observation.detail.as_deref(), Some("wrong-rate"));
    assert!(found[0].observation.confidence <= 0.5);
}

#[test]
fn the_channel_is_named() {
    let found = run(48_000, 2, |channel, n| {
        if channel == 1 {
            swapped(talk(n))
        } else {
            talk(n)
        }
    });
    assert_eq!(found[0].channel, Some(1));
}

#[test]
fn sines_are_clean_however_they_come() {
    let t = |n: usize| n as f64 / 48_000.0;
    let pips = |t: f64| f64::from(u8::from(t % 1.0 < 0.1)) * (TAU * 1000.0 * t).sin();
    let sweep = |t: f64| (TAU * (100.0 * t + 40.0 * t * t)).sin();
    let low = |t: f64| (TAU * 40.0 * t).sin();
    for (name, wave) in [
        ("pips", &pips as &dyn Fn(f64) -> f64),
        ("sweep", &sweep),
        ("low", &low),
    ] {
        let found = run(48_000, 1, |_, n| round(0.3 * wave(t(n)), 32_768.0));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn dts_without_a_preamble_is_data() {
    for words in [
        [0x7FFEu16, 0x8001],
        [0xFE7F, 0x0180],
        [0x1FFF, 0xE800],
        [0xFF1F, 0x00E8],
    ] {
        let mut state = 1u32;
        let found = run(48_000, 2, |channel, n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let word = if n % 512 == 7 {
                words[channel]
            } else {
                (state >> 16) as u16
            };
            f32::from(word as i16) / 32_768.0
        });
        let detail = found.first().and_then(|f| f.observation.detail.as_deref());
        assert_eq!(detail, Some("data"), "{words:x?}");
    }
}

#[test]
fn bursts_of_two_kinds_in_turn_are_data() {
    let mut seed = 7u32;
    let found = run(48_000, 2, |channel, n| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word = match n % 1920 {
            0 | 1700 => [0xF872u16, 0x4E1F][channel],
            1..=700 => (seed >> 16) as u16,
            _ => 0,
        };
        f32::from(word as i16) / 32_768.0
    });
    let detail = found.first().and_then(|f| f.observation.detail.as_deref());
    assert_eq!(detail, Some("data"), "{found:?}");
}

#[test]
fn sync_words_by_chance_are_not_data() {
    // Stereo out of phase, as 16 bits have it: the right channel is -1 less the left one, so that it has DTS's swapped words (-385, 384).
    let left = |n: usize| {
        let mixed = (n as u32).wrapping_mul(2_654_435_761);
        ((mixed ^ (mixed >> 15)) % 2000) as f32 - 1000.0
    };
    let found = run(48_000, 2, |channel, n| {
        let value = if channel == 0 {
            left(n)
        } else {
            -1.0 - left(n)
        };
        value / 32_768.0
    });
    assert!(found.is_empty(), "{found:?}");
}
