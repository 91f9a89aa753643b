// SPDX-License-Identifier: MPL-2.0
//! The demonstration programme: picture and sound, made as they are played, with faults at known times.
//!
//! A new fault is a line in [`FAULTS`]; it is put in if a detector that reports its kind is at work.

mod picture;
mod play;
mod sound;
mod step;
mod verdict;

use super::choice::Choice;
use super::time;

/// Length of the programme, in ms.
pub const LENGTH: u64 = 30_000;

/// A fault of the programme.
#[derive(Debug)]
pub struct Fault {
    /// When it begins and ends, in ms.
    from: u64,
    to: u64,
    /// What is to be reported.
    kind: &'static str,
    /// Of sound: the channel that has it, if not all have.
    channel: Option<i32>,
    /// For people.
    what: &'static str,
    how: How,
}

/// How a fault is made.
#[derive(Debug)]
enum How {
    Picture(picture::Change),
    Sound(sound::Change),
}
use How::{Picture, Sound};

/// Times are multiples of a picture (40 ms) and of a block of sound (10 ms).
#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    Fault { from: 2_000, to: 5_000, kind: "black", channel: None, what: "black picture", how: Picture(picture::black) },
    Fault { from: 7_000, to: 10_000, kind: "black", channel: None, what: "black but for a logo", how: Picture(picture::logo) },
    Fault { from: 12_000, to: 16_000, kind: "freeze", channel: None, what: "picture stands still", how: Picture(picture::hold) },
    Fault { from: 17_000, to: 21_000, kind: "silence", channel: None, what: "no sound", how: Sound(sound::mute) },
    Fault { from: 23_000, to: 28_000, kind: "silence", channel: Some(1), what: "right channel dead", how: Sound(sound::mute_right) },
];

/// The programme, with the faults that can be found.
#[derive(Debug)]
pub struct Programme {
    faults: Vec<&'static Fault>,
}

impl Programme {
    /// With the faults that those detectors report.
    pub fn new(choice: &Choice) -> Self {
        let faults = FAULTS.iter().filter(|f| choice.reports(f.kind)).collect();
        Self { faults }
    }

    /// What is put in, for people.
    pub fn announcement(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "Demonstration programme, {} of picture and sound. Injected faults:",
            time::short(LENGTH * 1_000_000)
        )];
        lines.extend(self.faults.iter().map(|f| format!("  {}", f.words())));
        lines.push(String::new());
        lines
    }
}

impl Fault {
    fn words(&self) -> String {
        let clock = |ms: u64| time::clock(ms * 1_000_000);
        format!(
            "{} to {}  {:<20}  {}",
            clock(self.from),
            clock(self.to),
            self.what,
            self.kind
        )
    }

    fn covers(&self, ms: u64) -> bool {
        (self.from..self.to).contains(&ms)
    }
}
