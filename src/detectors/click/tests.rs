// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::core::sound::rehearsal::{band, listen, listen_with, noise, square};

const RATE: u32 = 48_000;

#[test]
fn steps_in_a_recording_are_found_where_they_are() {
    // As in Essentia's unit test: single samples of 0.1, 0.08 and 0.05 at a quarter, half and three quarters.
    let mut x = band(RATE, 8.0, 4);
    // Near them, but not on a drum.
    let places = [2.4, 4.4, 6.4];
    for (at, size) in places.iter().zip([0.1, 0.08, 0.05]) {
        x[(at * f64::from(RATE)) as usize] += size;
    }
    let said = listen::<Click>(RATE, &[x]);
    assert_eq!(said.episodes.len(), 3, "{:?}", said.times());
    for (found, at) in said.times().iter().zip(places) {
        assert!((found.0 - at).abs() < 5e-5, "{found:?} {at}");
    }
    assert!(said.episodes.iter().all(|e| e.count == Some(1)));
}

#[test]
fn a_splice_that_jumps_is_a_click() {
    let mut x: Vec<f32> = band(RATE, 4.0, 5);
    let at = 115_000;
    // The second half upside down, from where the wave is high: as if something had been cut out.
    let (i, _) = x[at..at + 2000]
        .iter()
        .enumerate()
        .fold(
            (0, 0.0),
            |m, (i, v)| if v.abs() > m.1 { (i, v.abs()) } else { m },
        );
    x[at + i..].iter_mut().for_each(|v| *v = -*v);
    let said = listen::<Click>(RATE, &[x]);
    let expected = (at + i) as f64 / f64::from(RATE);
    assert!(
        matches!(said.times()[..], [(t, _)] if (t - expected).abs() < 1e-3),
        "{:?} {expected}",
        said.times()
    );
}

#[test]
fn zeros_ones_squares_noise_and_drums_are_no_clicks() {
    let mut hiss = noise(1);
    let quiet: [(&str, Vec<f32>); 7] = [
        ("zeros", vec![0.0; 96_000]),
        ("ones", vec![1.0; 96_000]),
        ("square 200", square(RATE, 2.0, 200.0, 0.5)),
        ("square 1000", square(RATE, 2.0, 1000.0, 0.9)),
        ("square 5000", square(RATE, 2.0, 5000.0, 0.1)),
        ("noise", (0..96_000).map(|_| hiss() * 0.3).collect()),
        ("band", band(RATE, 4.0, 6)),
    ];
    for (name, x) in quiet {
        assert!(listen::<Click>(RATE, &[x]).episodes.is_empty(), "{name}");
    }
}

#[test]
fn clicks_in_silence_are_counted_together_if_close() {
    let mut x = vec![0.0; 6 * RATE as usize];
    for at in [48_000, 60_000, 72_000, 200_000] {
        x[at] = 0.1;
    }
    let said = listen::<Click>(RATE, &[x]);
    assert_eq!(
        said.episodes.iter().map(|e| e.count).collect::<Vec<_>>(),
        [Some(3), Some(1)]
    );
}

#[test]
fn a_click_in_all_channels_is_one_of_the_programme() {
    let (mut a, mut b) = (band(RATE, 3.0, 7), band(RATE, 3.0, 8));
    a[40_000] += 0.3;
    b[40_000] += 0.3;
    b[112_000] -= 0.3;
    let said = listen::<Click>(RATE, &[a, b]);
    assert_eq!(
        said.episodes.iter().map(|e| e.channel).collect::<Vec<_>>(),
        [None, Some(1)]
    );
}

#[test]
fn buffers_and_rates_make_no_difference() {
    for rate in [8000, 44_100, 48_000, 192_000] {
        let mut x = band(rate, 3.0, 9);
        x[rate as usize * 7 / 5] += 0.4;
        let x = [x];
        let first = listen_with::<Click>(rate, &x, 1, |_, _| {});
        assert_eq!(first.episodes.len(), 1, "{rate}");
        for size in [64, 1024, 48_000] {
            assert_eq!(listen_with::<Click>(rate, &x, size, |_, _| {}), first);
        }
    }
}
