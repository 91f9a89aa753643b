// SPDX-License-Identifier: MPL-2.0
//! The programme's sound: two voices that speak at the same time, in a room that is never quite silent, and what may happen to it.

use std::f32::consts::TAU;

/// How long a block lasts, in ms.
pub const DURATION: u64 = 10;

const RATE: f32 = 48_000.0;
const FRAMES: usize = 480;

/// Left and right of a block.
pub type Block = [[f32; 2]; FRAMES];

/// A fault: changes a block.
pub type Change = fn(&mut Block, Place);

/// Where in a fault a block is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Blocks of the fault before it.
    pub before: u64,
    /// Blocks of the fault after it.
    pub after: u64,
}

/// The speakers.
pub struct Voices {
    voices: [Voice; 2],
    time: f32,
    noise: u32,
}

struct Voice {
    /// One period of the vocal cords behind a mouth.
    wave: Vec<f32>,
    phase: f32,
    pitch: f32,
    /// Syllables a second.
    pace: f32,
    /// How loud on the left and on the right.
    place: [f32; 2],
}

/// Peak of the room's noise, for about -85 dBFS: a good studio.
const ROOM: f32 = 0.000_1;

impl Voices {
    /// At the start of the programme.
    pub fn new() -> Self {
        let voice = |pitch, pace, formants, place| Voice {
            wave: wave(pitch, formants),
            phase: 0.0,
            pitch,
            pace,
            place,
        };
        Self {
            voices: [
                voice(110.0, 3.7, [700.0, 1200.0], [0.16, 0.10]),
                voice(196.0, 4.3, [450.0, 1900.0], [0.09, 0.15]),
            ],
            time: 0.0,
            noise: 1,
        }
    }

    /// The next block.
    pub fn block(&mut self) -> Block {
        let mut block = [[0.0; 2]; FRAMES];
        for frame in &mut block {
            self.time += 1.0 / RATE;
            for voice in &mut self.voices {
                let sample = voice.sample(self.time);
                for (to, gain) in frame.iter_mut().zip(voice.place) {
                    *to += gain * sample;
                }
            }
            for to in frame.iter_mut() {
                self.noise = self
                    .noise
                    .wrapping_mul(1_664_525)
                    .wrapping_add(1_013_904_223);
                *to += ROOM * ((self.noise >> 8) as f32 / 8_388_608.0 - 1.0);
            }
        }
        block
    }
}

impl Voice {
    fn sample(&mut self, time: f32) -> f32 {
        // Pitch and loudness wander as in speech, and never stand still.
        let bend = 1.0 + 0.12 * (TAU * 0.31 * time).sin() + 0.03 * (TAU * 5.1 * time).sin();
        self.phase = (self.phase + self.pitch * bend / RATE).fract();
        let syllable = 0.55 - 0.45 * (TAU * self.pace * time).cos();
        let stress = 0.7 + 0.3 * (TAU * 0.23 * self.pace * time).sin();
        let at = self.phase * self.wave.len() as f32;
        let (i, share) = (at as usize, at.fract());
        let next = self.wave[(i + 1) % self.wave.len()];
        let here = self.wave[i % self.wave.len()];
        syllable * stress * (here + (next - here) * share)
    }
}

/// Harmonics up to 4 kHz that fall off by 6 dB an octave but for two formants; its peak is 1.
fn wave(pitch: f32, formants: [f32; 2]) -> Vec<f32> {
    const LENGTH: usize = 2048;
    let harmonics = (4000.0 / pitch) as usize;
    let level = |f: f32| {
        let resonance = |formant: f32| (-((f - formant) / 150.0).powi(2)).exp();
        pitch / f + formants.into_iter().map(resonance).sum::<f32>() * 0.5
    };
    let mut wave: Vec<f32> = (0..LENGTH)
        .map(|i| {
            let turn = TAU * i as f32 / LENGTH as f32;
            (1..=harmonics)
                .map(|k| level(k as f32 * pitch) * (turn * k as f32 + (k * k) as f32).sin())
                .sum()
        })
        .collect();
    let peak = wave.iter().fold(f32::MIN_POSITIVE, |m, s| m.max(s.abs()));
    wave.iter_mut().for_each(|s| *s /= peak);
    wave
}

/// Nothing at all.
pub fn mute(block: &mut Block, place: Place) {
    for (i, frame) in block.iter_mut().enumerate() {
        *frame = frame.map(|s| s * fade(i, place));
    }
}

/// Nothing on the right.
pub fn mute_right(block: &mut Block, place: Place) {
    for (i, frame) in block.iter_mut().enumerate() {
        frame[1] *= fade(i, place);
    }
}

/// Out in the first block and in again in the last: a cut through a wave would click.
fn fade(frame: usize, place: Place) -> f32 {
    let share = frame as f32 / FRAMES as f32;
    let level = match place {
        Place { before: 0, .. } => 1.0 - share,
        Place { after: 0, .. } => share,
        _ => return 0.0,
    };
    level * level * (3.0 - 2.0 * level)
}

/// As bytes of F32LE.
pub fn write(block: &Block, data: &mut [u8]) {
    for (to, sample) in data.chunks_exact_mut(4).zip(block.as_flattened()) {
        to.copy_from_slice(&sample.to_le_bytes());
    }
}
