// SPDX-License-Identifier: MPL-2.0
use std::f64::consts::TAU;

use super::*;
use crate::detector::{
    Finding, Reason, State as S,
    testing::{hear_wave, listen_with},
};

fn sine(hz: f64, t: f64, db: f64) -> f64 {
    2f64.sqrt() * 10f64.powf(db / 20.0) * (TAU * hz * t).sin()
}

/// A voice of changing pitch with overtones.
fn talk(t: f64) -> f64 {
    let phase = 130.0 * t + 8.0 * (2.0 * t).sin();
    let wave: f64 = (1..12)
        .map(|k| (TAU * phase * f64::from(k)).sin() / f64::from(k))
        .sum();
    0.1 * wave * (TAU * 2.0 * t).sin().max(0.0)
}

#[test]
fn a_tone_in_programme_is_found_with_frequency_level_and_times() {
    for (rate, hz) in [
        (48_000, 1000.0),
        (44_100, 997.0),
        (8_000, 440.0),
        (192_000, 6300.0),
    ] {
        let found = hear_wave::<Tone>(rate, 2, 10.0, |_, t| {
            if (3.0..7.0).contains(&t) {
                sine(hz, t, -21.0)
            } else {
                talk(t)
            }
        });
        let [begin, end] = &found[..] else {
            panic!("{rate} {hz}: {found:?}")
        };
        assert!(begin.at.abs_diff(3 * SECOND) < 50 * MS, "{begin:?}");
        assert!((end.at + end.duration).abs_diff(7 * SECOND) < 50 * MS);
        assert_eq!(end.channel, None);
        assert_eq!(end.observation.detail.as_deref(), Some("line-up"));
        assert!((end.observation.value + 21.0).abs() < 0.5, "{end:?}");
        let frequency = end.observation.extra[0].map_or(0.0, |e| e.1);
        assert!((frequency / hz - 1.0).abs() < 0.01, "{frequency}");
        assert_eq!(end.state, S::End(Reason::Cleared));
    }
}

#[test]
fn bleeps_pips_and_players_are_not_line_up() {
    let bleep = |t: f64| {
        if t.fract() < 0.9 {
            sine(1000.0, t, -20.0)
        } else {
            0.0
        }
    };
    assert!(hear_wave::<Tone>(48_000, 1, 1.5, |_, t| bleep(t)).is_empty());
    let pips = |t: f64| {
        let length = if t >= 5.0 { 0.5 } else { 0.1 };
        if t < 6.0 && t.fract() < length {
            sine(1000.0, t, -18.0)
        } else {
            0.0
        }
    };
    assert!(hear_wave::<Tone>(48_000, 1, 9.0, |_, t| pips(t)).is_empty());
    // A flute: vibrato in pitch and loudness, weak overtones.
    let flute = |t: f64| {
        let swell = 1.0 + 0.15 * (TAU * 5.0 * t).sin();
        let phase = 880.0 * t + 0.6 * (TAU * 5.0 * t).sin();
        swell * (0.1 * (TAU * phase).sin() + 0.01 * (2.0 * TAU * phase).sin())
    };
    assert!(hear_wave::<Tone>(48_000, 1, 6.0, |_, t| flute(t)).is_empty());
    assert!(hear_wave::<Tone>(48_000, 1, 6.0, |_, t| talk(t)).is_empty());
}

#[test]
fn a_regular_series_of_short_tones_is_one_signal() {
    let found = hear_wave::<Tone>(48_000, 1, 12.0, |_, t| {
        if t < 10.0 && (2.0 * t).fract() < 0.08 {
            sine(1500.0, t, -15.0)
        } else {
            0.0
        }
    });
    let [begin, end] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(begin.at < 100 * MS);
    assert!((end.at + end.duration).abs_diff(10 * SECOND) < SECOND);
    assert_eq!(end.observation.detail.as_deref(), Some("interrupted"));
}

#[test]
fn idents_are_named() {
    let in_break = |t: f64, at: f64| (at..at + 0.25).contains(&t);
    let glits = |channel: usize, t: f64| {
        let t4 = t % 4.0;
        match channel {
            0 => in_break(t4, 1.0),
            _ => in_break(t4, 1.5) || in_break(t4, 2.0),
        }
    };
    let ebu = |channel: usize, t: f64| channel == 0 && in_break(t % 3.0, 1.0);
    for (name, off) in [
        ("glits", &glits as &dyn Fn(usize, f64) -> bool),
        ("ebu-stereo", &ebu),
    ] {
        let found = hear_wave::<Tone>(48_000, 2, 13.0, |c, t| {
            if off(c, t) {
                0.0
            } else {
                sine(1000.0, t, -18.0)
            }
        });
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        assert_eq!(found[1].observation.detail.as_deref(), Some(name));
        assert!(found[1].duration > 12 * SECOND);
    }
}

/// Notes from channel to channel and 1 kHz, as BLITS has them; pulses of 1 kHz from channel to channel, as EBU Tech 3304.
#[test]
fn idents_of_surround_are_named() {
    let notes = [880.0, 880.0, 1320.0, 82.5, 660.0, 660.0];
    let blits = |channel: usize, t: f64| {
        let from = 0.8 * channel as f64;
        match t {
            _ if (from..from + 0.6).contains(&t) => sine(notes[channel], t, -18.0),
            _ if t >= 6.0 && channel < 2 => sine(1000.0, t, -18.0),
            _ => 0.0,
        }
    };
    let ebu = |channel: usize, t: f64| {
        // 3 s of tone on all, and pulses in turn; again and again.
        let t = t % 10.0;
        let from = 3.5 + channel as f64;
        match channel {
            3 => sine(80.0, t, -18.0),
            _ if t < 3.0 || (from..from + 0.5).contains(&t) => sine(1000.0, t, -18.0),
            _ => 0.0,
        }
    };
    for (name, wave) in [
        ("blits", &blits as &dyn Fn(usize, f64) -> f64),
        ("ebu-5-1", &ebu),
    ] {
        let found = hear_wave::<Tone>(48_000, 6, 24.0, wave);
        let named = |f: &Finding| f.observation.detail.as_deref() == Some(name);
        assert!(found.iter().any(named), "{name}: {found:?}");
    }
}

#[test]
fn a_tone_on_one_channel_is_that_channels() {
    let found = hear_wave::<Tone>(48_000, 3, 5.0, |c, t| {
        if c == 2 {
            sine(1000.0, t, -18.0)
        } else {
            talk(t)
        }
    });
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].channel, Some(2));
}

/// A tone in silence, which begins 0 to 10 ms after the start of a block.
fn found_at(phase: f64, hz: f64, on: impl Fn(f64) -> bool) -> Vec<Finding> {
    hear_wave::<Tone>(48_000, 1, 9.0, |_, t| {
        let t = t - 0.5 - phase;
        if t >= 0.0 && on(t) {
            sine(hz, t, -18.0)
        } else {
            0.0
        }
    })
}

#[test]
fn the_shortest_tone_doesnt_depend_on_where_blocks_begin() {
    for hz in [440.0, 1000.0, 3000.0] {
        for phase in (0..20).map(|i| f64::from(i) * 0.0005 + 0.0002) {
            // The edges of a low tone, of which a block holds four periods, are known less well.
            let near = if hz < 500.0 { 0.010 } else { 0.002 };
            for (length, found) in [(2.0 - near, false), (2.0 + near, true)] {
                let said = found_at(phase, hz, |t| t < length);
                assert_eq!(!said.is_empty(), found, "{hz} Hz, {phase}, {length} s");
                if let [begin, end] = &said[..] {
                    let from = (0.5 + phase) * 1e9;
                    assert!((begin.at as f64 - from).abs() < 1e6, "{phase}: {begin:?}");
                    let off = end.duration as f64 - length * 1e9;
                    assert!(off.abs() < 15e6, "{hz} {phase}: {end:?}");
                }
            }
            for (length, found) in [(0.033, false), (0.037, true)] {
                let said = found_at(phase, hz, |t| t % 0.5 < length);
                assert_eq!(!said.is_empty(), found, "{hz} Hz, {phase}, {length} s");
            }
        }
    }
}

#[test]
fn a_click_in_a_tone_doesnt_make_it_longer_or_shorter() {
    for (length, found) in [(1.998, false), (2.002, true)] {
        let said = hear_wave::<Tone>(48_000, 1, 5.0, |_, t| {
            let click = (1.5..1.5001).contains(&t);
            match t {
                _ if click => 0.9,
                _ if (0.5..0.5 + length).contains(&t) => sine(1000.0, t, -18.0),
                _ => 0.0,
            }
        });
        assert_eq!(!said.is_empty(), found, "{length} s: {said:?}");
    }
}

#[test]
fn a_tone_that_ends_within_a_block_is_fine_with_the_longest_wait() {
    let wave: Vec<f32> = (0..6 * 48_000)
        .map(|n| n as f64 / 48_000.0)
        .map(|t| {
            if t % 1.5 < 1.0033 {
                sine(1000.0, t, -20.0) as f32
            } else {
                0.0
            }
        })
        .collect();
    let said = listen_with::<Tone>(48_000, &[wave], 1024, |common, _| {
        common.min_duration = u64::MAX
    });
    assert!(said.episodes.is_empty());
}
