// SPDX-License-Identifier: MPL-2.0
//! What looks like a fault and isn't.

use super::*;

const RATE: u32 = 48_000;

#[track_caller]
fn quiet(signal: Signal) {
    assert_eq!(hear(RATE, STEREO, &signal), []);
}

#[test]
fn ordinary_stereo() {
    quiet(stereo(RATE, 40));
}

#[test]
fn ambience_of_two_distant_microphones() {
    quiet(vec![voice(RATE, 40, 1), voice(RATE, 40, 2)]);
}

#[test]
fn spaced_microphones() {
    let sound = voice(RATE, 40, 1);
    let late = [&[0.0; 40], &sound[..sound.len() - 40]].concat();
    quiet(vec![sound, late]);
}

/// More side than middle: r = -0.4, wide but not inverted.
#[test]
fn a_wide_effect() {
    let (middle, side) = (voice(RATE, 40, 1), voice(RATE, 40, 2));
    quiet(vec![mix(&middle, &side, 1.5), mix(&middle, &side, -1.5)]);
}

#[test]
fn silence_and_dither() {
    quiet(vec![vec![0.0; 40 * 48_000]; 2]);
    let mut dice = Dice(4);
    let dither: Vec<f32> = (0..40 * 48_000).map(|_| dice.roll() / 32_768.0).collect();
    quiet(vec![dither.clone(), dither.iter().map(|x| -x).collect()]);
}

/// A speaker in the middle and a wide background: in the pauses it isn't mono.
#[test]
fn a_commentary() {
    let middle = voice(RATE, 40, 1);
    let crowd = |seed| {
        let mut dice = Dice(seed);
        (0..40 * 48_000)
            .map(|_| 0.02 * dice.roll())
            .collect::<Vec<f32>>()
    };
    quiet(vec![
        mix(&middle, &crowd(5), 1.0),
        mix(&middle, &crowd(6), 1.0),
    ]);
}

#[test]
fn short_effects() {
    let mut signal = stereo(RATE, 40);
    between(&mut signal, RATE, 5.0, 10.0, |f| f[1] = -f[1]);
    between(&mut signal, RATE, 15.0, 22.0, |f| f[0] = f[1]);
    between(&mut signal, RATE, 28.0, 35.0, |f| f[0] *= 0.1);
    quiet(signal);
}

/// Two inverted moments with silence between them aren't one long one.
#[test]
fn moments_apart() {
    let mut signal = stereo(RATE, 40);
    between(&mut signal, RATE, 5.0, 9.0, |f| f[1] = -f[1]);
    between(&mut signal, RATE, 9.0, 18.0, |f| f.fill(0.0));
    between(&mut signal, RATE, 18.0, 22.0, |f| f[1] = -f[1]);
    quiet(signal);
}
