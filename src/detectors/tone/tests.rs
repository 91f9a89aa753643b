// SPDX-License-Identifier: MPL-2.0
use std::f64::consts::TAU;

use super::*;
use crate::core::{
    Finding, Reason, Report, Runner, State as S,
    sound::{Position, SampleLayout, SampleType},
};

/// Runs the detector over `seconds` of sound: `sample(channel, time)`.
fn run(
    rate: u32,
    channels: usize,
    seconds: f64,
    mut sample: impl FnMut(usize, f64) -> f64,
) -> Vec<Finding> {
    let format = AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Interleaved,
        rate,
        channels,
        positions: vec![Position::Unpositioned; channels],
    };
    let length = format.block_length();
    let mut runner = Runner::<Tone>::new(format, Tone::COMMON, ToneSettings::default());
    let mut block = vec![0.0f32; length * channels];
    for n in 0..(seconds * 100.0) as usize {
        for (i, x) in block.iter_mut().enumerate() {
            let t = (n * length + i % length) as f64 / f64::from(rate);
            *x = sample(i / length, t) as f32;
        }
        let at = |n: usize| (n * length) as Ns * SECOND / Ns::from(rate);
        runner.push(
            Span::new(at(n), at(n + 1)),
            Block::new(&block, length, rate),
        );
    }
    runner.finish(Reason::Eos);
    let reports = runner.take_reports().into_iter();
    reports.filter_map(Report::finding).collect()
}

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
        let found = run(rate, 2, 10.0, |_, t| {
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
        assert_eq!(end.seen.detail.as_deref(), Some("line-up"));
        assert!((end.seen.value + 21.0).abs() < 0.5, "{end:?}");
        let frequency = end.seen.extra[0].map_or(0.0, |e| e.1);
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
    assert!(run(48_000, 1, 1.5, |_, t| bleep(t)).is_empty());
    let pips = |t: f64| {
        let length = if t >= 5.0 { 0.5 } else { 0.1 };
        if t < 6.0 && t.fract() < length {
            sine(1000.0, t, -18.0)
        } else {
            0.0
        }
    };
    assert!(run(48_000, 1, 9.0, |_, t| pips(t)).is_empty());
    // A flute: vibrato in pitch and loudness, weak overtones.
    let flute = |t: f64| {
        let swell = 1.0 + 0.15 * (TAU * 5.0 * t).sin();
        let phase = 880.0 * t + 0.6 * (TAU * 5.0 * t).sin();
        swell * (0.1 * (TAU * phase).sin() + 0.01 * (2.0 * TAU * phase).sin())
    };
    assert!(run(48_000, 1, 6.0, |_, t| flute(t)).is_empty());
    assert!(run(48_000, 1, 6.0, |_, t| talk(t)).is_empty());
}

#[test]
fn a_regular_series_of_short_tones_is_one_signal() {
    let found = run(48_000, 1, 12.0, |_, t| {
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
    assert_eq!(end.seen.detail.as_deref(), Some("interrupted"));
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
        let found = run(48_000, 2, 13.0, |c, t| {
            if off(c, t) {
                0.0
            } else {
                sine(1000.0, t, -18.0)
            }
        });
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        assert_eq!(found[1].seen.detail.as_deref(), Some(name));
        assert!(found[1].duration > 12 * SECOND);
    }
}

#[test]
fn a_tone_on_one_channel_is_that_channels() {
    let found = run(48_000, 3, 5.0, |c, t| {
        if c == 2 {
            sine(1000.0, t, -18.0)
        } else {
            talk(t)
        }
    });
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].channel, Some(2));
}
