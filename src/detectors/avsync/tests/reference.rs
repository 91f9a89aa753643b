// SPDX-License-Identifier: MPL-2.0

use super::*;

/// Random shades that change five times a second, and noise of random loudness: content at a time.
fn shade(x: usize, y: usize, time: i64) -> u8 {
    let step = time.div_euclid(200_000_000) as u64;
    let part = (x / 8 + y / 8 * 8) as u64;
    (40.0 + 150.0 * chance(step.wrapping_mul(64).wrapping_add(part))) as u8
}

fn noise(sample: i64) -> f32 {
    let loud = chance((sample.div_euclid(3000) as u64).wrapping_add(77)) as f32;
    (chance(sample as u64) as f32 - 0.5) * loud * loud
}

/// A chain that delays the picture and the sound, adds a logo, makes the sound softer and the picture darker.
fn chain(picture: i64, sound: i64, seconds: u64, flat: bool) -> (Vec<Finding>, Vec<Vec<f64>>) {
    let mut bench = Bench::new(Source::All);
    for frame in 0..seconds * 25 {
        let at = frame * 40 * MS;
        let shown = |late: i64| at as i64 - late * MS as i64;
        let dark = |v: u8| v / 2 + 30;
        bench.picture(Side::Reference, at, |x, y| {
            if flat { 90 } else { shade(x, y, shown(0)) }
        });
        bench.picture(Side::Programme, at, |x, y| {
            if x > 50 && y < 10 {
                235
            } else if flat {
                75
            } else {
                dark(shade(x, y, shown(picture)))
            }
        });
        for part in 0..4 {
            let start = at + part * 10 * MS;
            let block = |late: i64, gain: f32| -> Vec<f32> {
                let first = start as i64 * 48 / 1_000_000 - late * 48;
                (0..480).map(|i| noise(first + i) * gain).collect()
            };
            bench.sound(Side::Reference, start, &block(0, 1.0));
            bench.sound(Side::Programme, start, &block(sound, 0.3));
        }
    }
    bench.measured()
}

#[test]
fn a_reference_tells_what_the_chain_added() {
    for (picture, sound) in [(0, 0), (200, 200), (480, 200), (2000, 2333), (9800, 9650)] {
        let (findings, measured) = chain(picture, sound, 20, false);
        let expected = (picture - sound) as f64;
        // A picture, and 10 ms of sound, in every window.
        for (which, delay, limit) in [
            (0, expected, 40.0),
            (3, picture as f64, 40.0),
            (4, sound as f64, 10.0),
        ] {
            let found = known(&measured, which);
            let right = found.iter().all(|f| (f - delay).abs() <= limit);
            assert!(right && !found.is_empty(), "{which}: {delay}: {found:?}");
        }
        let wrong = !(-60.0..=40.0).contains(&expected);
        assert_eq!(!findings.is_empty(), wrong, "{expected}: {findings:?}");
        for f in findings {
            assert_eq!(f.observation.detail.as_deref(), Some("reference"));
        }
    }
}

#[test]
fn still_pictures_tell_nothing() {
    let (findings, measured) = chain(200, 0, 12, true);
    assert!(findings.is_empty() && known(&measured, 0).is_empty());
}
