// SPDX-License-Identifier: MPL-2.0
//! Faults of sound, put into a programme.

use std::{f32::consts::TAU, ops::Range};

use super::programme::{Channels, Dice, db, power, sixteen_bits};

/// Mains hum with its overtones, at that level.
pub fn hum(channels: &mut Channels, rate: u32, range: Range<usize>, base: f64, level: f32) {
    let lines = [1.0f64, 0.6, 0.5, 0.2, 0.3];
    let rms = (lines.iter().map(|a| a * a).sum::<f64>() / 2.0).sqrt();
    for i in range {
        let turn = std::f64::consts::TAU * base * i as f64 / f64::from(rate);
        let wave: f64 = (1u8..)
            .zip(lines)
            .map(|(k, a)| a * (turn * f64::from(k) + f64::from(k)).sin())
            .sum();
        let x = (wave / rms) as f32 * db(level);
        channels.iter_mut().for_each(|c| c[i] += x);
    }
    sixteen_bits(channels);
}

/// White noise of that level up to half the rate, another in each channel.
pub fn hiss(channels: &mut Channels, range: Range<usize>, level: f32, seed: u64) {
    let mut dice = Dice::new(seed);
    for x in channels.iter_mut().flat_map(|c| &mut c[range.clone()]) {
        *x += dice.roll() * 3f32.sqrt() * db(level);
    }
    sixteen_bits(channels);
}

/// A click, so many dB over the 20 ms around it.
pub fn click(channels: &mut Channels, rate: u32, at: usize, height: f32) {
    let around = at.saturating_sub(rate as usize / 100)..at + rate as usize / 100;
    let level = channels
        .iter()
        .map(|c| power(&c[around.clone()]))
        .sum::<f32>()
        / channels.len() as f32;
    // In a pause it is held against what would be a soft sound.
    let size = level.sqrt().max(db(-45.0)) * db(height);
    for channel in channels.iter_mut() {
        for (x, part) in channel[at..].iter_mut().zip([1.0, -0.6, 0.2]) {
            *x = (*x + size * part).clamp(-1.0, 1.0);
        }
    }
    sixteen_bits(channels);
}

/// Driven over full scale by so many dB, cut off there, and turned down again by so many.
pub fn clip(channels: &mut Channels, range: Range<usize>, drive: f32, down: f32) {
    let part = |c: &Vec<f32>| c[range.clone()].iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let peak = channels.iter().map(part).fold(1e-6, f32::max);
    for x in channels.iter_mut().flat_map(|c| &mut c[range.clone()]) {
        *x = (*x / peak * db(drive)).clamp(-1.0, 1.0) * db(-down);
    }
    sixteen_bits(channels);
}

/// The bytes of each 16-bit sample the wrong way round.
pub fn swap_bytes(channels: &mut Channels, range: Range<usize>) {
    for x in channels.iter_mut().flat_map(|c| &mut c[range.clone()]) {
        *x = f32::from(((*x * 32_768.0) as i16).swap_bytes()) / 32_768.0;
    }
}

/// A sine in place of the programme.
pub fn tone(channels: &mut Channels, rate: u32, range: Range<usize>, hz: f32, amplitude: f32) {
    for i in range {
        let x = (TAU * hz * (i % (rate as usize * 10)) as f32 / rate as f32).sin() * amplitude;
        channels.iter_mut().for_each(|c| c[i] = x);
    }
    sixteen_bits(channels);
}

/// Changes frames, channel by channel.
pub fn each(channels: &mut Channels, range: Range<usize>, change: impl Fn(&mut [f32; 2])) {
    for i in range {
        let mut frame = [channels[0][i], channels[1][i]];
        change(&mut frame);
        (channels[0][i], channels[1][i]) = (frame[0], frame[1]);
    }
    sixteen_bits(channels);
}
