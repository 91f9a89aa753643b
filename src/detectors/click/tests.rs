// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::testing::{band, listen, listen_with, noise, sine, square};

const RATE: u32 = 48_000;

#[test]
fn steps_in_a_recording_are_found_where_they_are() {
    // As in Essentia's unit test: single samples of 0.1, 0.08 and 0.05 at a quarter, half and three quarters.
    // None falls on a drum, of which there is one every half second.
    let length = 4.4 / 0.75;
    let mut x = band(RATE, length, 4);
    let places = [0.25, 0.5, 0.75].map(|part| part * length);
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
fn plosives_castanets_and_applause_are_no_clicks() {
    let n = 4 * RATE as usize;
    // A burst of noise that sets in within half a millisecond, and dies away over so many seconds.
    let burst = |x: &mut [f32], at: usize, size: f32, fade: f32, hiss: &mut dyn FnMut() -> f32| {
        for (i, v) in x[at..].iter_mut().take(RATE as usize / 5).enumerate() {
            let t = i as f32 / RATE as f32;
            *v += size * hiss() * (t / 0.0005).min(1.0) * (-t / fade).exp();
        }
    };
    let mut dice = noise(2);
    let mut plosives = band(RATE, 4.0, 3);
    let mut castanets = vec![0.0; n];
    let mut applause = vec![0.0; n];
    for at in (4_000..n - 20_000).step_by(9_600) {
        burst(&mut plosives, at, 0.3, 0.02, &mut dice);
        burst(&mut castanets, at, 0.6, 0.008, &mut dice);
    }
    for _ in 0..400 {
        let at = ((dice() + 1.0) / 2.0 * (n - 20_000) as f32) as usize;
        burst(&mut applause, at, 0.1, 0.01, &mut dice);
    }
    for (name, x) in [
        ("plosives", plosives),
        ("castanets", castanets),
        ("applause", applause),
    ] {
        let said = listen::<Click>(RATE, &[x]);
        assert!(said.episodes.is_empty(), "{name}: {:?}", said.times());
    }
}

/// Samples were lost, and the times of the buffers say so.
#[test]
fn what_a_jump_of_time_cuts_is_no_click() {
    use crate::detector::{Reason, Runner, testing::format};
    let x = band(RATE, 4.0, 5);
    let mut runner = Runner::<Click>::new(format(RATE, 1), Click::COMMON, Default::default());
    for (n, block) in x
        .chunks_exact(480)
        .enumerate()
        .filter(|(n, _)| !(200..216).contains(n))
    {
        let at = n as u64 * 10 * MS;
        // From a crest to a trough.
        let turned: Vec<f32> = block
            .iter()
            .map(|v| if n < 200 { *v } else { -v - 0.2 })
            .collect();
        runner.push(Span::new(at, at + 10 * MS), Block::new(&turned, 480, RATE));
    }
    runner.reset(Reason::Eos);
    assert_eq!(runner.take_reports().len(), 0);
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

#[test]
fn clicks_at_the_end_of_a_block_at_a_low_rate_harm_nothing() {
    // Two clicks 11 to 14 samples apart around the end of a block of 80.
    for first in 60..80 {
        for apart in 11..15 {
            let mut x = sine(8000, 1.0, 440.0, 0.05);
            x[4000 + first] = 0.9;
            x[4000 + first + apart] = -0.6;
            listen::<Click>(8000, &[x]);
        }
    }
}

#[test]
fn steps_of_eight_bits_are_no_clicks() {
    let step = 1.0 / 128.0;
    // A pause in which the last bit changes now and then, and soft speech in such steps.
    let mut pause = vec![0.0; 96_000];
    for at in (5_000..90_000).step_by(7_001) {
        pause[at] = -step;
        pause[at + 2..at + 4].fill(-step);
    }
    let coarse: Vec<f32> = sine(RATE, 2.0, 150.0, 0.02)
        .iter()
        .map(|x| (x / step).round() * step)
        .collect();
    for (name, x) in [("pause", pause), ("speech", coarse)] {
        let said = listen::<Click>(RATE, &[x]);
        assert!(said.episodes.is_empty(), "{name}: {:?}", said.times());
    }
}

#[test]
fn a_drum_that_sets_in_at_once_is_no_click() {
    let mut x = band(RATE, 4.0, 3)
        .iter()
        .map(|v| 0.1 * v)
        .collect::<Vec<_>>();
    // A sample of a drum that begins at its crest, over soft sound.
    for (i, v) in x[100_003..].iter_mut().enumerate() {
        let t = i as f32 / RATE as f32;
        *v += 0.6 * (std::f32::consts::TAU * 180.0 * t).cos() * (-t / 0.06).exp();
    }
    let said = listen::<Click>(RATE, &[x]);
    assert!(said.episodes.is_empty(), "{:?}", said.times());
}
