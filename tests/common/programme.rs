// SPDX-License-Identifier: MPL-2.0
//! Sound like that of programmes, made: a voice, a band, a place. The same for the same seed, in 16 bits.

use std::f32::consts::TAU;

mod band;
mod place;
mod voice;

/// Left and right, or further channels.
pub type Channels = Vec<Vec<f32>>;

/// What is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Genre {
    /// Somebody talks in a room, with pauses.
    Speech,
    /// A band: chords, a bass, drums.
    Music,
    /// The sound of a place, soft: wind, birds, something passing by.
    Ambience,
}

impl Genre {
    pub const ALL: [Self; 3] = [Self::Speech, Self::Music, Self::Ambience];

    pub fn name(self) -> &'static str {
        match self {
            Self::Speech => "speech",
            Self::Music => "music",
            Self::Ambience => "ambience",
        }
    }

    /// So much of it in stereo: what is in the middle, and a room around it. Speech and music have -20 dBFS, a place -35 dBFS.
    pub fn stereo(self, rate: u32, seconds: f32, seed: u64) -> Channels {
        let length = (rate as f32 * seconds) as usize;
        let (middle, sides, level) = match self {
            Self::Speech => (
                voice::talk(rate, length, seed),
                [
                    place::room(rate, length, seed + 1),
                    place::room(rate, length, seed + 2),
                ],
                -20.0,
            ),
            Self::Music => (
                band::play(rate, length, seed),
                [
                    band::echo(rate, length, seed, 1),
                    band::echo(rate, length, seed, 2),
                ],
                -20.0,
            ),
            Self::Ambience => (
                place::passing(rate, length, seed),
                [
                    place::wind(rate, length, seed + 1),
                    place::wind(rate, length, seed + 2),
                ],
                -35.0,
            ),
        };
        let mut channels: Channels = sides
            .iter()
            .map(|side| middle.iter().zip(side).map(|(m, s)| m + s).collect())
            .collect();
        let power = channels.iter().map(|c| power(c)).sum::<f32>() / 2.0;
        let gain = db(level) / power.sqrt().max(1e-9);
        channels
            .iter_mut()
            .flatten()
            .for_each(|x| *x = limited(*x * gain));
        sixteen_bits(&mut channels);
        channels
    }
}

/// What a limiter leaves of it: over half of full scale it bends, without an edge.
fn limited(x: f32) -> f32 {
    let over = (x.abs() - 0.5).max(0.0);
    (x.abs().min(0.5) + 0.4 * (over / 0.4).tanh()).copysign(x)
}

/// Mean square.
pub fn power(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum::<f32>() / x.len().max(1) as f32
}

/// The amplitude of a level in dBFS.
pub fn db(level: f32) -> f32 {
    10f32.powf(level / 20.0)
}

/// As 16 bits hold it: every format of the contract holds that exactly.
pub fn sixteen_bits(channels: &mut Channels) {
    for x in channels.iter_mut().flatten() {
        *x = (*x * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0;
    }
}

/// Numbers that are the same each time; the generator is Knuth's MMIX.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.roll();
        dice
    }

    /// Evenly between -1 and 1.
    pub fn roll(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    /// Evenly between these.
    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * (self.roll() + 1.0) / 2.0
    }

    /// One of them.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.between(0.0, of.len() as f32) as usize).min(of.len() - 1)]
    }
}

/// A low-pass of one pole, at the same place at every rate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dull(f32);

impl Dull {
    pub fn pass(&mut self, x: f32, hz: f32, rate: u32) -> f32 {
        self.0 += (x - self.0) * (1.0 - (-TAU * hz / rate as f32).exp());
        self.0
    }
}
