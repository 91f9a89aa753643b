// SPDX-License-Identifier: MPL-2.0
//! The shortcut of the true-peak meter, and its episodes.

use super::{oracle::Dice, *};

/// Leaving out what can't matter changes nothing: neither the largest so far, nor what exceeds the limit.
#[test]
fn the_shortcut_changes_nothing() {
    for rate in [8_000, 44_100, 48_000, 96_000, 192_000] {
        let mut dice = Dice(5);
        let length = rate as usize / 100;
        let (mut short, mut full) = (TruePeak::new(rate, 1), TruePeak::new(rate, 1));
        for _ in 0..400 {
            let loud = 10f64.powf(dice.roll() - 1.0);
            let samples: Vec<f32> = (0..length).map(|_| (dice.roll() * loud) as f32).collect();
            let block = Block::new(&samples, length, rate);
            let a = short.push(0, &block, 0.5);
            // A limit of 0 leaves nothing out.
            let b = full.push(0, &block, 0.0);
            assert_eq!(short.largest(), full.largest());
            assert_eq!(a > 0.5, b > 0.5);
            assert!(a <= 0.5 || a == b);
        }
    }
}

#[test]
fn peaks_are_reported_on_their_channel_and_counted() {
    let mut left = sine(48_000, 997.0, &[(20.0, Some(-20.0))]);
    for at in [4.0, 4.5, 15.0] {
        left[(at * 48_000.0) as usize] = 0.95;
    }
    let right = sine(48_000, 997.0, &[(20.0, Some(-20.0))]);
    let mut listener = Listener::new(48_000, STEREO);
    listener.listen(&vec![left, right], |_, _| {});
    let found = listener.findings();
    let begins: Vec<_> = found.iter().filter(|f| f.state == State::Begin).collect();
    assert_eq!(begins.len(), 2);
    assert!(
        begins
            .iter()
            .all(|f| f.kind == LoudnessKind::TruePeak as usize && f.channel == Some(0))
    );
    assert_eq!(begins[0].at, 4 * SECOND);
    assert_eq!(begins[0].observation.threshold, -1.0);
    assert!(begins[0].observation.value > -0.5 && begins[0].observation.value < 0.5);
    let end = found
        .iter()
        .find(|f| matches!(f.state, State::End(_)))
        .unwrap();
    assert_eq!(end.count, Some(2));
    assert_eq!(end.duration, 510 * MS);
}

#[test]
fn absurd_samples_stay_finite() {
    let signal = vec![vec![1000.0; 480_000], vec![-1000.0; 480_000]];
    let v = measure(48_000, STEREO, &signal);
    for x in [
        v.momentary,
        v.integrated,
        v.range,
        v.true_peak,
        v.short_term_max,
    ] {
        assert!(x.is_finite(), "{v:?}");
    }
}

/// A wave that begins anew after a gap isn't a step.
#[test]
fn nothing_rings_over_a_gap() {
    let samples: Vec<f32> = (0..480).map(|n| 0.85 * (n as f32 * 0.005).cos()).collect();
    let block = Block::new(&samples, 480, 48_000);
    let mut peaks = TruePeak::new(48_000, 1);
    for _ in 0..3 {
        assert!(peaks.push(0, &block, 0.0) < 0.86);
        peaks.interrupt();
    }
}
