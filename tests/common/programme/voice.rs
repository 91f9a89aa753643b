// SPDX-License-Identifier: MPL-2.0
//! A voice: pulses through three resonances, with hissing sounds, and pauses to breathe.

use std::f32::consts::TAU;

use super::{Dice, Dull};

/// Resonances of five vowels, in Hz.
const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1090.0, 2440.0],
    [530.0, 1840.0, 2480.0],
    [390.0, 1990.0, 2550.0],
    [570.0, 840.0, 2410.0],
    [440.0, 1020.0, 2240.0],
];

#[derive(Debug, Clone, Copy, Default)]
struct Resonance([f32; 2]);

impl Resonance {
    fn pass(&mut self, x: f32, hz: f32, rate: u32) -> f32 {
        let width = 60.0 + 0.06 * hz;
        let r = (-std::f32::consts::PI * width / rate as f32).exp();
        let turn = 2.0 * r * (TAU * hz.min(0.45 * rate as f32) / rate as f32).cos();
        let y = (1.0 - r) * x + turn * self.0[0] - r * r * self.0[1];
        self.0 = [y, self.0[0]];
        y
    }
}

pub fn talk(rate: u32, length: usize, seed: u64) -> Vec<f32> {
    let mut dice = Dice::new(seed);
    let (mut mouth, mut hiss, mut level) = (
        [Resonance::default(); 3],
        [Dull::default(); 2],
        Dull::default(),
    );
    let (mut phase, mut pitch, mut vowel) = (0.0f32, 120.0, VOWELS[0]);
    let base = dice.between(95.0, 210.0);
    let mut out = Vec::with_capacity(length);
    while out.len() < length {
        // A sentence, then a breath.
        let syllables = 5 + (dice.between(0.0, 9.0) as usize);
        for syllable in 0..=syllables {
            let pause = syllable == syllables;
            let seconds = if pause {
                dice.between(0.3, 0.9)
            } else {
                dice.between(0.12, 0.26)
            };
            let (loud, fricative) = (dice.between(0.4, 1.0), dice.between(0.0, 0.06));
            let (aim, to) = (base * dice.between(0.85, 1.25), dice.one(&VOWELS));
            let n = (seconds * rate as f32) as usize;
            for i in 0..n {
                let done = i as f32 / n as f32;
                pitch += (aim - pitch) * 20.0 / rate as f32;
                for (now, to) in vowel.iter_mut().zip(to) {
                    *now += (to - *now) * 40.0 / rate as f32;
                }
                phase = (phase + pitch / rate as f32).fract();
                let voiced = done > 0.3;
                let open = if pause { 0.0 } else { loud };
                let wish = if voiced { open } else { 0.0 };
                let gain = level.pass(wish, 25.0, rate);
                // The glottis opens slowly and shuts faster: a wave whose overtones fall by 12 dB an octave.
                let flow = if phase < 0.6 {
                    0.5 - 0.5 * (std::f32::consts::PI * phase / 0.6).cos()
                } else {
                    0.5 + 0.5 * (std::f32::consts::PI * (phase - 0.6) / 0.4).cos()
                };
                let pulse = gain * (flow - 0.5 + 0.003 * dice.roll());
                let [a, b, c] = &mut mouth;
                let tone = 6.0 * a.pass(pulse, vowel[0], rate)
                    + 3.0 * b.pass(pulse, vowel[1], rate)
                    + 1.5 * c.pass(pulse, vowel[2], rate);
                let bell = (std::f32::consts::PI * (done / 0.3).min(1.0)).sin();
                let noise = if pause {
                    0.0
                } else {
                    dice.roll() * fricative * bell
                };
                let [low, high] = &mut hiss;
                let high = high.pass(noise, 7_000.0, rate);
                out.push(0.25 * tone + high - low.pass(high, 3_000.0, rate));
            }
        }
    }
    out.truncate(length);
    out
}
