// SPDX-License-Identifier: MPL-2.0
use std::f64::consts::TAU;

use super::*;
use crate::detector::{Finding, Reason, Settings as _, State, testing::hear_wave};

/// Noise of a fixed sequence, uniform in -1..1.
fn noise(seed: &mut u64) -> f64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as f64 / (1u64 << 30) as f64 - 1.0
}

/// A melody of notes with overtones, a bass under it, a third of a second each; it never repeats.
fn play(t: f64, bass: f64) -> f64 {
    let note = |base: f64, seed: u64, speed: f64| {
        let mut seed = (t * speed) as u64 * 7919 + seed;
        noise(&mut seed);
        let step = (noise(&mut seed) * 12.0).round();
        let frequency = base * 2f64.powf(step / 12.0);
        let decay = (-4.0 * (t * speed).fract()).exp();
        let wave: f64 = (1..6)
            .map(|k| (TAU * frequency * f64::from(k) * t).sin() / f64::from(k))
            .sum();
        wave * decay
    };
    0.1 * note(220.0, 1, 3.1) + bass * note(82.4, 2, 2.3)
}

fn music(t: f64) -> f64 {
    play(t, 0.1)
}

fn mains(base: f64, t: f64, db: f64) -> f64 {
    let weights = [1.0, 0.6, 0.4, 0.15, 0.25];
    let wave = weights.iter().zip(1..);
    let sum: f64 = wave
        .map(|(w, k)| w * (TAU * base * f64::from(k) * t + f64::from(k)).sin())
        .sum();
    let rms = (weights.iter().map(|w| w * w).sum::<f64>() / 2.0).sqrt();
    sum / rms * 10f64.powf(db / 20.0)
}

fn extra(f: &Finding, name: &str) -> f64 {
    let found = f.observation.extra.iter().flatten().find(|e| e.0 == name);
    found.map_or(f64::NAN, |e| e.1)
}

#[test]
fn hum_under_music_is_one_hum_with_frequency_level_and_time() {
    for base in [50.0, 59.95] {
        let found = hear_wave::<Hum>(48_000, 1, 40.0, |_, t| {
            let on = (10.0..30.0).contains(&t);
            music(t) + if on { mains(base, t, -40.0) } else { 0.0 }
        });
        let [begin, end] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(begin.state, State::Begin);
        assert!(begin.at.abs_diff(10 * SECOND) < 2 * SECOND, "{begin:?}");
        assert!(
            begin.at + begin.duration < 22 * SECOND,
            "announced within 12 s"
        );
        assert!(
            (end.at + end.duration).abs_diff(30 * SECOND) < 3 * SECOND,
            "{end:?}"
        );
        assert!((extra(end, "frequency") - base).abs() < 0.05);
        assert!((end.observation.value + 40.0).abs() < 1.5, "{end:?}");
        assert_eq!(end.state, State::End(Reason::Cleared));
    }
}

/// It is known before it fills half of the window.
#[test]
fn loud_hum_begins_and_ends_when_it_does() {
    let found = hear_wave::<Hum>(48_000, 1, 40.0, |_, t| {
        let on = (10.0..18.0).contains(&t) || (26.5..33.0).contains(&t);
        music(t) + if on { mains(50.0, t, -25.0) } else { 0.0 }
    });
    let ends = found.iter().filter(|f| f.state != State::Begin);
    let times: Vec<_> = ends
        .map(|f| (f.at as f64 / 1e9, (f.at + f.duration) as f64 / 1e9))
        .collect();
    let [(a, b), (c, d)] = times[..] else {
        panic!("{found:?}")
    };
    for (time, expected) in [(a, 10.0), (b, 18.0), (c, 26.5), (d, 33.0)] {
        assert!((time - expected).abs() < 1.0, "{times:?}");
    }
}

#[test]
fn a_lone_line_of_50_hz_at_minus_40_dbfs_under_music_is_found() {
    let found = hear_wave::<Hum>(44_100, 1, 20.0, |_, t| {
        play(t, 0.0) + 10f64.powf(-40.0 / 20.0) * (TAU * 50.0 * t).sin()
    });
    assert_eq!(found.len(), 2, "{found:?}");
    assert!((extra(&found[0], "frequency") - 50.0).abs() < 0.1);
}

/// As in Essentia's unit test: noise shaped by a resonance so narrow that it is nearly a line.
#[test]
fn a_resonance_at_100_hz_under_music_is_found() {
    let rate = 48_000;
    let (mut seed, mut past) = (3, [0.0; 2]);
    let radius = 1.0 - 1e-7;
    let found = hear_wave::<Hum>(rate, 1, 25.0, |_, t| {
        let turn = 2.0 * radius * (TAU * 100.0 / f64::from(rate)).cos();
        let kick = if t == 0.0 {
            40.0
        } else {
            1e-3 * noise(&mut seed)
        };
        let y = kick + turn * past[0] - radius * radius * past[1];
        past = [y, past[0]];
        play(t, 0.0) + 1e-4 * y / 4.0
    });
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        (extra(&found[0], "frequency") - 50.0).abs() < 0.1,
        "{found:?}"
    );
}

#[test]
fn what_is_not_mains_is_not_hum() {
    let mut seed = 1;
    let cases: [(&str, &dyn Fn(f64) -> f64); 7] = [
        ("music", &music),
        // A synthetic bass a little out of tune, without overtones.
        ("drone", &|t| 0.05 * (TAU * 49.4 * t).sin() + music(t)),
        // G1 and B1, held for ever.
        ("bass", &|t| mains(48.999, t, -25.0)),
        ("bass", &|t| mains(61.735, t, -25.0)),
        // Perforations of film at 24 pictures a second.
        ("film", &|t| mains(96.0, t, -30.0)),
        // A metronome, exactly twice a second: a comb of lines at 2 Hz.
        ("metronome", &|t| {
            let beat = (2.0 * t).fract() / 2.0;
            0.3 * (TAU * 800.0 * beat).sin() * (-beat * 60.0).exp()
        }),
        // An engine that picks up speed, past 50 Hz.
        ("engine", &|t| mains(46.0, t + 0.005 * t * t, -25.0)),
    ];
    for (name, wave) in cases {
        let found = hear_wave::<Hum>(48_000, 1, 25.0, |_, t| wave(t) + 1e-3 * noise(&mut seed));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn hum_on_one_channel_is_that_channels_and_on_all_the_programmes() {
    let mut seed = 5;
    let found = hear_wave::<Hum>(32_000, 3, 12.0, |channel, t| {
        0.02 * noise(&mut seed)
            + if channel == 1 {
                mains(60.0, t, -36.0)
            } else {
                0.0
            }
    });
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].channel, Some(1));
    let found = hear_wave::<Hum>(32_000, 2, 12.0, |_, t| {
        0.02 * noise(&mut seed) + mains(60.0, t, -36.0)
    });
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].channel, None);
}

#[test]
fn every_rate_will_do() {
    for rate in [8_000, 11_025, 22_050, 44_100, 96_000, 192_000] {
        let mut seed = 9;
        let found = hear_wave::<Hum>(rate, 1, 12.0, |_, t| {
            mains(50.02, t, -45.0) + 0.01 * noise(&mut seed)
        });
        assert_eq!(found.len(), 2, "{rate}: {found:?}");
        assert!((extra(&found[0], "frequency") - 50.02).abs() < 0.05);
    }
}

#[test]
fn below_the_threshold_it_is_left_alone() {
    let mut seed = 2;
    let found = hear_wave::<Hum>(48_000, 1, 14.0, |_, t| {
        mains(50.0, t, -72.0) + 1e-4 * noise(&mut seed)
    });
    assert!(found.is_empty());
    assert_eq!(HumSettings::specs().len(), 1);
}

#[test]
fn loops_that_repeat_exactly_are_not_hum() {
    let kick = |t: f64, beat: f64| {
        let t = t % beat;
        0.5 * (TAU * (55.0 * t + 3.0 * (1.0 - (-35.0 * t).exp()))).sin() * (-16.0 * t).exp()
    };
    for bpm in [100, 115, 120, 125, 128, 138, 150] {
        let found = hear_wave::<Hum>(8000, 1, 20.0, |_, t| kick(t, 60.0 / f64::from(bpm)));
        assert!(found.is_empty(), "{bpm} beats a minute: {found:?}");
    }
    let metronome = |t: f64| f64::from(u8::from(t % 0.5 < 0.01)) * (TAU * 1000.0 * t).sin();
    assert!(hear_wave::<Hum>(8000, 1, 20.0, |_, t| metronome(t)).is_empty());
    // Square waves in steps of 0.15 s, as games of old have them.
    let notes = [110.0, 220.0, 165.0, 220.0, 131.0, 262.0, 196.0, 262.0];
    let game = |t: f64| {
        let note = notes[(t / 0.15) as usize % notes.len()];
        0.2 * (TAU * note * (t % 0.15)).sin().signum()
    };
    assert!(hear_wave::<Hum>(8000, 1, 20.0, |_, t| game(t)).is_empty());
}

#[test]
fn hum_away_from_mains_and_with_flutter_is_found_with_its_frequency() {
    for (base, flutter) in [
        (45.5, 0.0),
        (48.0, 0.0),
        (52.08, 0.0),
        (57.5, 0.0),
        (62.5, 0.0),
        (64.5, 0.0),
        (50.0, 0.006),
        (60.0, 0.01),
    ] {
        let warped = |t: f64| t + flutter / (TAU * 2.0) * (TAU * 2.0 * t).sin();
        let found = hear_wave::<Hum>(8000, 1, 30.0, |_, t| {
            play(t, 0.02) + mains(base, warped(t), -30.0)
        });
        let Some(begin) = found.first() else {
            panic!("{base} Hz, flutter {flutter}")
        };
        let frequency = extra(begin, "frequency");
        assert!((frequency / base - 1.0).abs() < 0.01, "{base}: {frequency}");
        assert!(begin.at < 4 * SECOND, "{base}: {begin:?}");
    }
}

#[test]
fn waves_of_a_synthesizer_and_chords_are_not_hum() {
    let rate = 48_000;
    // Not band-limited: of 440 Hz the overtones fold back to multiples of 40 Hz, so to 120 and 240 Hz.
    let square = |t: f64| {
        if (440.0 * t + 1e-9).fract() < 0.5 {
            0.8
        } else {
            -0.8
        }
    };
    let saw = |t: f64| 1.6 * (440.0 * t + 1e-9).fract() - 0.8;
    // The fourth and fifth multiple of 50 Hz, held by strings: A flat and B.
    let chord = |t: f64| 0.05 * ((TAU * 200.0 * t).sin() + (TAU * 250.0 * t).sin());
    let waves: [(&str, &dyn Fn(f64) -> f64); 3] =
        [("square", &square), ("saw", &saw), ("chord", &chord)];
    for (name, wave) in waves {
        let found = hear_wave::<Hum>(rate, 1, 16.0, |_, t| wave(t));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
