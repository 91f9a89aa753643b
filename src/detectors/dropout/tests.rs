// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::testing::{band, listen, listen_with, square};

const RATE: u32 = 48_000;
const AT: usize = 100_000;

/// A band with a stretch of that many samples replaced.
fn damaged(length: usize, value: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut x = band(RATE, 4.0, 10);
    for (i, v) in x[AT..AT + length].iter_mut().enumerate() {
        *v = value(i);
    }
    x
}

fn details(said: &crate::detector::testing::Said) -> Vec<&str> {
    said.episodes
        .iter()
        .filter_map(|e| e.observation.detail.as_deref())
        .collect()
}

#[test]
fn gaps_are_found_and_named_by_their_length() {
    for (length, detail) in [
        (120, "gap"),
        (700, "gap"),
        (1024, "aac-frame"),
        (1152, "mp2-frame"),
        (1536, "ac3-frame"),
        (960, "opus-frame"),
        (2048, "aac-frame"),
        (2304, "mp2-frame"),
        (14_000, "gap"),
    ] {
        let said = listen::<Dropout>(RATE, &[damaged(length, |_| 0.0)]);
        assert_eq!(details(&said), [detail], "{length}");
        let start = AT as f64 / f64::from(RATE);
        let (a, b) = said.times()[0];
        let end = start + length as f64 / f64::from(RATE);
        assert!(
            (a - start).abs() < 1e-4 && (b - end).abs() < 1e-4,
            "{length}: {a} {b}"
        );
    }
}

#[test]
fn a_held_sample_is_a_hold() {
    let held = band(RATE, 4.0, 10)[AT - 1];
    assert_eq!(
        details(&listen::<Dropout>(RATE, &[damaged(480, |_| held)])),
        ["hold"]
    );
}

#[test]
fn what_is_too_short_or_too_long_is_none() {
    assert!(
        listen::<Dropout>(RATE, &[damaged(48, |_| 0.0)])
            .episodes
            .is_empty()
    );
    assert!(
        listen::<Dropout>(RATE, &[damaged(30_000, |_| 0.0)])
            .episodes
            .is_empty()
    );
}

#[test]
fn gates_stops_and_edits_are_none() {
    let mut gate = band(RATE, 4.0, 10);
    for (i, v) in gate[..AT].iter_mut().enumerate() {
        // Shut over 30 ms, open within a millisecond.
        let open = 1.0 - (i as f32 - (AT as f32 - 4800.0)) / 1440.0;
        *v *= open.clamp(0.0, 1.0);
    }
    let mut stop = band(RATE, 4.0, 10);
    stop[AT..].fill(0.0);
    let mut start = band(RATE, 4.0, 10);
    start[..AT].fill(0.0);
    for (name, x) in [("gate", gate), ("stop", stop), ("start", start)] {
        assert!(listen::<Dropout>(RATE, &[x]).episodes.is_empty(), "{name}");
    }
}

#[test]
fn squares_silence_and_offsets_are_none() {
    for x in [
        square(RATE, 2.0, 50.0, 0.8),
        square(RATE, 2.0, 200.0, 0.1),
        vec![0.0; 96_000],
        vec![0.2; 96_000],
    ] {
        assert!(listen::<Dropout>(RATE, &[x]).episodes.is_empty());
    }
}

#[test]
fn the_channel_is_named_if_it_is_one() {
    let clean = || band(RATE, 4.0, 11);
    let channels = |x: &[Vec<f32>]| {
        listen::<Dropout>(RATE, x)
            .episodes
            .iter()
            .map(|e| e.channel)
            .collect::<Vec<_>>()
    };
    let gap = || damaged(1000, |_| 0.0);
    assert_eq!(channels(&[clean(), gap()]), [Some(1)]);
    assert_eq!(channels(&[gap(), gap()]), [None]);
    // A silent channel doesn't have to have it.
    assert_eq!(
        channels(&[gap(), gap(), vec![0.0; 4 * RATE as usize]]),
        [None]
    );
}

#[test]
fn buffers_and_rates_make_no_difference() {
    for rate in [8000, 44_100, 192_000] {
        let mut x = band(rate, 3.0, 12);
        let n = rate as usize;
        x[n..n + n / 50].fill(0.0);
        let x = [x];
        let first = listen_with::<Dropout>(rate, &x, 1, |_, _| {});
        assert_eq!(first.episodes.len(), 1, "{rate}");
        for size in [64, 1024, 48_000] {
            assert_eq!(listen_with::<Dropout>(rate, &x, size, |_, _| {}), first);
        }
    }
}

#[test]
fn a_long_threshold_is_kept() {
    let found = |length: usize| {
        listen_with::<Dropout>(RATE, &[damaged(length, |_| 0.0)], 1024, |_, s| {
            s.threshold = 100.0
        })
        .episodes
        .len()
    };
    assert_eq!([found(4700), found(5000)], [0, 1]);
}

/// Whether anything is reported of a sound that is a function of time.
fn reported(seconds: f64, sound: impl Fn(f64) -> f64) -> usize {
    let n = (f64::from(RATE) * seconds) as usize;
    let x = (0..n).map(|i| sound(i as f64 / f64::from(RATE)) as f32);
    listen::<Dropout>(RATE, &[x.collect()]).episodes.len()
}

fn sine_at(t: f64, hz: f64) -> f64 {
    (std::f64::consts::TAU * hz * t).sin()
}

#[test]
fn lost_packets_are_all_counted_however_close_they_are() {
    for period in [12, 16, 20] {
        let mut x = band(RATE, 4.0, 13);
        for (i, v) in x[48_000..144_000].iter_mut().enumerate() {
            if i % (48 * period) < 192 {
                *v = 0.0;
            }
        }
        let said = listen::<Dropout>(RATE, &[x]);
        let [episode] = &said.episodes[..] else {
            panic!("{period}: {said:?}")
        };
        let lost = 2000 / period as u64;
        let count = episode.count.unwrap_or(0);
        assert!(
            count + count / 20 >= lost && count <= lost,
            "{period}: {count} of {lost}"
        );
    }
}

#[test]
fn a_hole_is_one_whatever_is_left_in_it() {
    for (ms, left) in [(25, -50.0f32), (60, -60.0), (250, -70.0)] {
        let length = 48 * ms;
        let mut noise = crate::detector::testing::noise(5);
        let mut x = damaged(length, |_| 0.0);
        let level = 10f32.powf(left / 20.0);
        for (i, v) in x[AT..AT + length].iter_mut().enumerate() {
            // The end is smeared over some milliseconds.
            let smeared = (i as f32 - (length as f32 - 240.0)).max(0.0) / 240.0;
            *v = noise() * (level + 0.02 * smeared * smeared);
        }
        let said = listen::<Dropout>(RATE, &[x]);
        let start = AT as f64 / f64::from(RATE);
        let [(a, b)] = said.times()[..] else {
            panic!("{ms} ms: {said:?}")
        };
        assert!((a - start).abs() < 0.003, "{ms} ms: {a}");
        assert!((b - a - ms as f64 / 1e3).abs() < 0.01, "{ms} ms: {a} {b}");
    }
}

#[test]
fn keyed_tones_are_none() {
    let beep = |t: f64| if t % 0.5 < 0.1 { 0.3 } else { 0.0 };
    // .-. of dots of 60 ms.
    let morse = |t: f64| {
        let unit = (t / 0.06) as usize % 10;
        if matches!(unit, 0 | 2 | 3 | 4 | 6) {
            0.3
        } else {
            0.0
        }
    };
    let tick = |t: f64| if t % 0.5 < 0.02 { 0.4 } else { 0.0 };
    for hz in [440.0, 1000.0] {
        assert_eq!(reported(8.0, |t| beep(t) * sine_at(t, hz)), 0, "beeps");
        assert_eq!(reported(8.0, |t| morse(t) * sine_at(t, hz)), 0, "morse");
        assert_eq!(reported(8.0, |t| tick(t) * sine_at(t, hz)), 0, "ticks");
    }
}

#[test]
fn rests_before_a_drum_are_none() {
    for release in [0.005, 0.02, 0.1] {
        let sound = |t: f64| {
            let beat = t % 0.6;
            let fade = ((0.45 - beat) / release).clamp(0.0, 1.0);
            let chord = sine_at(t, 98.0) + sine_at(t, 196.0) / 2.0 + sine_at(t, 294.0) / 3.0;
            let kick = sine_at(55.0 * beat + 3.0 * (1.0 - (-35.0 * beat).exp()), 1.0);
            let drum = 0.35 * kick * (-16.0 * beat).exp() * ((0.22 - beat) / 0.02).clamp(0.0, 1.0);
            0.1 * fade * chord + drum
        };
        assert_eq!(reported(8.0, sound), 0, "{release}");
    }
}

#[test]
fn pauses_in_few_bits_are_none() {
    for bits in [8, 10] {
        let steps = f64::from(1 << (bits - 1));
        let syllables = |t: f64| {
            let loud = (8.0 * sine_at(t, 1.7)).clamp(0.0, 1.0) * (0.6 + 0.4 * sine_at(t, 0.31));
            let voice: f64 = (1..12)
                .map(|k| sine_at(t, 130.0 * f64::from(k)) / f64::from(k))
                .sum();
            (0.15 * loud * voice * steps).round() / steps
        };
        assert_eq!(reported(8.0, syllables), 0, "{bits}");
    }
}

/// Voiced syllables of a voice at 130 Hz, with softer noise before the closure at the end of each, as a stop consonant has it.
fn gated_words(closure: f64) -> Vec<f32> {
    let mut hiss = crate::detector::testing::noise(7);
    let n = 10 * RATE as usize;
    let mut x: Vec<f32> = (0..n)
        .map(|i| {
            let t = i as f64 / f64::from(RATE);
            let voice: f64 = (1..16)
                .map(|k| sine_at(t, 130.0 * f64::from(k)) / f64::from(k))
                .sum();
            match t % 0.8 {
                // A pause between words, digital silence behind a gate.
                u if u < 0.2 => 0.0,
                u if u < 0.5 => (0.2 * voice) as f32,
                u if u < 0.6 => 0.02 * hiss(),
                u if u < 0.6 + closure => 0.0,
                _ => 0.02 * hiss(),
            }
        })
        .collect();
    crate::detector::testing::sixteen_bits(&mut x);
    x
}

#[test]
fn stops_of_gated_and_synthetic_speech_are_none() {
    for closure in [0.003, 0.02, 0.04] {
        let said = listen::<Dropout>(RATE, &[gated_words(closure)]);
        assert!(said.episodes.is_empty(), "{closure}: {:?}", said.times());
    }
}

#[test]
fn gates_that_shut_slowly_and_open_at_once_are_none() {
    for fade in [0.02, 0.03] {
        let mut x = band(RATE, 6.0, 14);
        let mut noise = crate::detector::testing::noise(8);
        for (i, v) in x.iter_mut().enumerate() {
            let t = i as f64 / f64::from(RATE) % 1.3;
            let shut = ((t - 1.0) / fade).clamp(0.0, 1.0) as f32;
            *v = *v * (1.0 - shut) + 0.001 * noise() * shut;
        }
        let said = listen::<Dropout>(RATE, &[x]);
        assert!(said.episodes.is_empty(), "{fade}: {:?}", said.times());
    }
}

#[test]
fn what_a_tick_leaves_behind_fades() {
    // A click of a few milliseconds, and the next one 7 ms later.
    let tick = |t: f64| 0.05 * sine_at(t, 900.0) * (-t / 0.0006).exp();
    assert_eq!(
        reported(4.0, |t| tick(t % 0.012)
            * f64::from(u8::from(t % 0.5 < 0.1))),
        0
    );
}
