// SPDX-License-Identifier: MPL-2.0
//! The sound of places: noise that gets duller the higher, and what comes and goes.

use std::f32::consts::TAU;

use super::{Dice, Dull};

/// A quiet room, 45 dB under who talks in it.
pub fn room(rate: u32, length: usize, seed: u64) -> Vec<f32> {
    let (mut dice, mut dull) = (Dice::new(seed), [Dull::default(); 2]);
    let walls = |x: f32, dull: &mut [Dull; 2]| {
        let x = dull[0].pass(x, 400.0, rate);
        dull[1].pass(x, 1_500.0, rate)
    };
    (0..length)
        .map(|_| 0.008 * walls(dice.roll(), &mut dull))
        .collect()
}

/// Wind in trees: it swells.
pub fn wind(rate: u32, length: usize, seed: u64) -> Vec<f32> {
    let (mut dice, mut dull, mut swell) = (Dice::new(seed), [Dull::default(); 3], Dull::default());
    let mut wish = 0.5;
    (0..length)
        .map(|i| {
            if i % (rate as usize / 2) == 0 {
                wish = dice.between(0.1, 1.0);
            }
            let loud = swell.pass(wish, 0.6, rate);
            let low = dull[0].pass(dice.roll(), 300.0, rate);
            let far = dull[1].pass(low, 2_000.0, rate);
            // Leaves and air take the highest.
            loud * dull[2].pass(far, 5_000.0, rate)
        })
        .collect()
}

/// Cars that pass by, and birds.
pub fn passing(rate: u32, length: usize, seed: u64) -> Vec<f32> {
    let (mut dice, mut dull) = (Dice::new(seed), [Dull::default(); 5]);
    let (mut bird, mut pitch, mut phase, mut motor) = (0.0f32, 3_000.0, 0.0f32, 0.0f32);
    let (speed, at) = (dice.between(4.0, 9.0), dice.between(0.0, 12.0));
    (0..length)
        .map(|i| {
            let t = i as f32 / rate as f32;
            if i % (rate as usize / 4) == 0 && dice.roll() > 0.6 {
                (bird, pitch) = (dice.between(0.02, 0.08), dice.between(2_200.0, 3_400.0));
            }
            bird *= (-12.0 / rate as f32).exp();
            phase = (phase + (pitch + 400.0 * (TAU * 11.0 * t).sin()) / rate as f32).fract();
            let away = ((t + at) % 12.0 - 6.0).abs();
            let near = 1.0 / (1.0 + away * away);
            // It sounds lower once it has passed.
            let gear = 37.0 + speed - 2.0 * ((t + at) % 12.0 - 6.0).clamp(-1.0, 1.0)
                + 1.5 * (0.7 * t).sin();
            motor = (motor + gear / rate as f32).fract();
            let engine = dull[0].pass(motor - 0.5 + 0.8 * dice.roll(), 250.0, rate);
            let engine = dull[2].pass(engine, 1_000.0, rate);
            let engine = dull[3].pass(engine, 5_000.0, rate);
            // It begins to sing without a click.
            let song = dull[4].pass(bird, 40.0, rate) * (TAU * phase).sin();
            near * engine + dull[1].pass(song, 8_000.0, rate)
        })
        .collect()
}
