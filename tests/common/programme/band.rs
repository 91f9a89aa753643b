// SPDX-License-Identifier: MPL-2.0
//! A band: a chord every half bar, a bass, and drums.

use std::f32::consts::TAU;

use super::{Dice, Dull};

/// Roots of the chords, in semitones over A.
const ROOTS: [i32; 4] = [0, 5, 7, 3];

fn note(semitones: i32, base: f32) -> f32 {
    base * 2f32.powf(semitones as f32 / 12.0)
}

/// How far a note is there, `at` samples after its start, of `length`: it begins and ends without a click.
fn touch(at: usize, length: usize, rate: u32, attack: f32) -> f32 {
    let (t, left) = (at as f32 / rate as f32, (length - at) as f32 / rate as f32);
    let swing = |x: f32| 0.5 - 0.5 * (std::f32::consts::PI * x.min(1.0)).cos();
    swing(t / attack) * swing(left / 0.03)
}

/// A chord, from `at` samples after its start.
fn chord(root: i32, at: usize, length: usize, rate: u32, detune: f32) -> f32 {
    let t = at as f32 / rate as f32;
    let attack = touch(at, length, rate, 0.008);
    let third = if root == 3 { 4 } else { 3 };
    let fade = (-2.5 * t).exp();
    let voice = |semitones: i32| {
        let turn = TAU * note(root + semitones, 220.0) * detune * t;
        let overtone = |k: u8| (turn * f32::from(k)).sin() / f32::from(k * k);
        (1..5).map(overtone).sum::<f32>()
    };
    attack * fade * (voice(0) + voice(third) + voice(7))
}

pub fn play(rate: u32, length: usize, seed: u64) -> Vec<f32> {
    let mut dice = Dice::new(seed);
    let beat = (rate as f32 * dice.between(0.42, 0.58)) as usize;
    let (mut skin, mut metal) = (Dull::default(), Dull::default());
    let (mut root, mut step) = (0, 0);
    (0..length)
        .map(|i| {
            let (n, at) = (i / beat, i % beat);
            if at == 0 {
                root = if n % 2 == 0 { dice.one(&ROOTS) } else { root };
                step = dice.one(&[0, 0, 7, 12]);
            }
            let t = at as f32 / rate as f32;
            let hz = note(root + step, 55.0 * 1.0595);
            let turn = TAU * hz * t;
            let string = turn.sin() + 0.5 * (2.0 * turn).sin() + 0.25 * (3.0 * turn).sin();
            let bass = 0.3 * string * (-3.0 * t).exp() * touch(at, beat, rate, 0.01);
            let skin_moves = TAU * (50.0 * t - 1.2 * (-30.0 * t).exp());
            let kick = skin_moves.sin() * (-12.0 * t).exp() * touch(at, beat, rate, 0.008);
            let snare =
                skin.pass(dice.roll(), 3_000.0, rate) * (-18.0 * t).exp() * (t / 0.002).min(1.0);
            let off = (t - beat as f32 / rate as f32 / 2.0).max(0.0);
            let hat = dice.roll();
            let hat = (hat - metal.pass(hat, 6_000.0, rate))
                * (-60.0 * off).exp()
                * (off / 0.001).min(1.0);
            let drum = if n % 2 == 0 { 0.9 * kick } else { 0.5 * snare };
            let long = (n % 2) * beat + at;
            0.12 * chord(root, long, 2 * beat, rate, 1.0) + 0.9 * bass + drum + 0.12 * hat
        })
        .collect()
}

/// What else of the band is at one side: the chords, a little out of tune, and another melody.
pub fn echo(rate: u32, length: usize, seed: u64, side: u64) -> Vec<f32> {
    let mut dice = Dice::new(seed * 7 + side);
    let beat = (rate as f32 * dice.between(0.3, 0.4)) as usize;
    let detune = if side == 1 { 1.003 } else { 0.997 };
    let mut root = 0;
    (0..length)
        .map(|i| {
            if i % beat == 0 {
                root = dice.one(&[0, 2, 3, 5, 7, 10, 12]);
            }
            0.04 * chord(root, i % beat, beat, rate, detune)
        })
        .collect()
}
