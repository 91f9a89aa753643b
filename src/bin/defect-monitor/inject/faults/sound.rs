// SPDX-License-Identifier: MPL-2.0
//! Faults of sound: two channels of floats, interleaved.

use std::f64::consts::TAU;

use oorandom::Rand64;

use super::{Fault, Schedule};

/// Channels.
pub const CHANNELS: usize = 2;
/// Samples per second.
pub const RATE: u64 = 48_000;

/// Frequencies and amplitudes of hum.
const HUM: [(f64, f64); 3] = [(50.0, 0.03), (100.0, 0.02), (150.0, 0.01)];
/// Amplitude of evenly distributed noise of -40 dBFS.
const HISS: f64 = 0.01 * 1.732;
/// By how much sound is too loud: 20 dB.
const GAIN: f32 = 10.0;
/// Amplitude of a click.
const CLICK: f32 = 0.7;

/// Puts one fault into the sound of a stream.
#[derive(Debug)]
pub struct SoundFault {
    fault: Fault,
    schedule: Schedule,
    noise: Rand64,
    /// The event whose click has been put in.
    clicked: Option<u64>,
}

impl SoundFault {
    /// In the time that the schedule says.
    pub fn new(fault: Fault, schedule: Schedule) -> Self {
        Self {
            fault,
            schedule,
            noise: Rand64::new(1),
            clicked: None,
        }
    }

    /// Changes sound that begins at that time, in ns from the start of the stream.
    pub fn apply(&mut self, time: u64, samples: &mut [f32]) {
        for (n, frame) in (0u64..).zip(samples.chunks_exact_mut(CHANNELS)) {
            let at = time + n * 1_000_000_000 / RATE;
            if self.fault == Fault::Click {
                self.click(at, frame);
            } else if self.schedule.at(at).is_some() {
                self.change(at, frame);
            }
        }
    }

    /// The first sample from the start of the event on.
    fn click(&mut self, at: u64, frame: &mut [f32]) {
        let next = self.clicked.map_or(0, |n| n + 1);
        let due = |event: &super::Event| at >= event.start;
        if self.schedule.nth(next).as_ref().is_some_and(due) {
            self.clicked = Some(next);
            frame.iter_mut().for_each(|s| *s -= CLICK.copysign(*s));
        }
    }

    fn change(&mut self, at: u64, frame: &mut [f32]) {
        let seconds = at as f64 / 1e9;
        match self.fault {
            Fault::Silence | Fault::Dropout => frame.fill(0.0),
            Fault::Clipping => frame
                .iter_mut()
                .for_each(|s| *s = (*s * GAIN).clamp(-1.0, 1.0)),
            Fault::Hum => {
                let hum = HUM.iter().map(|(f, a)| a * (TAU * f * seconds).sin());
                let hum = hum.sum::<f64>() as f32;
                frame.iter_mut().for_each(|s| *s += hum);
            }
            Fault::Hiss => {
                for sample in frame {
                    *sample += (HISS * (2.0 * self.noise.rand_float() - 1.0)) as f32;
                }
            }
            Fault::PhaseInversion => frame[1] = -frame[0],
            Fault::DualMono => frame[1] = frame[0],
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::faults::Medium;
    use clap::ValueEnum;

    #[test]
    fn sound_changes_in_the_time_of_the_event_alone() {
        for fault in Fault::value_variants()
            .iter()
            .filter(|f| f.medium() == Medium::Sound)
        {
            let sound = |n: u64| {
                [
                    (n as f64 * 0.05).sin() as f32 * 0.3,
                    (n as f64 * 0.031).cos() as f32 * 0.3,
                ]
            };
            let mut faults = SoundFault::new(*fault, fault.schedule());
            let mut changed = Vec::new();
            // Blocks whose length has nothing to do with that of events.
            for block in 0..1000u64 {
                let first = block * 479;
                let mut samples: Vec<f32> = (first..first + 479).flat_map(sound).collect();
                faults.apply(first * 1_000_000_000 / RATE, &mut samples);
                let now = (first..)
                    .zip(samples.chunks(2))
                    .filter(|(n, s)| *s != sound(*n));
                changed.extend(now.map(|(n, _)| n * 1_000_000_000 / RATE));
            }
            let events = fault.schedule();
            assert!(!changed.is_empty(), "{fault:?}");
            for time in &changed {
                let near = (0..50).any(|n| {
                    events
                        .nth(n)
                        .is_some_and(|e| e.start <= *time && *time <= e.end + 30_000)
                });
                assert!(near, "{fault:?}: {time}");
            }
        }
    }
}
