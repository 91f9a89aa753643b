// SPDX-License-Identifier: MPL-2.0
//! Faults that are put into decoded pictures and sound at known times, one sort in a file.

mod captions;
mod file;
mod picture;
mod sound;

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::options::seconds;

pub use file::write;

/// A second, in ns.
const SECOND: u64 = 1_000_000_000;

/// A fault of picture or sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Black pictures
    Black,
    /// The picture stands still
    Freeze,
    /// All but a strip at the bottom stands still
    PartialFreeze,
    /// Blue pictures
    SolidColor,
    /// Colour bars
    ColorBars,
    /// Every third picture is a repeat
    Stutter,
    /// In every fifth picture the lower half is that of the one before
    Tearing,
    /// Every other line is that of the picture before
    Combing,
    /// Black bars above and below
    Letterbox,
    /// Black bars on both sides
    Pillarbox,
    /// Black bars all around
    Windowbox,
    /// No sound
    Silence,
    /// 100 ms without sound
    Dropout,
    /// A single sample that doesn't belong there
    Click,
    /// Sound 20 dB too loud, cut off at full scale
    Clipping,
    /// Mains hum: 50, 100 and 150 Hz, -30 dBFS
    Hum,
    /// White noise, -40 dBFS
    Hiss,
    /// The right channel is the left one, inverted
    PhaseInversion,
    /// The right channel is the left one
    DualMono,
    /// From then on pictures come 225 ms late
    AvSync,
    /// Captions that are attached to pictures are removed
    CaptionsMissing,
    /// The same captions again and again
    CaptionsStopped,
    /// Bits of captions are flipped
    CaptionsCorrupt,
    /// From then on captions come 8 s late
    CaptionsLate,
}

/// What a fault is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// What is seen.
    Pictures,
    /// What is heard.
    Sound,
    /// The captions that are attached to pictures.
    Captions,
}

impl Medium {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pictures => "pictures",
            Self::Sound => "sound",
            Self::Captions => "captions",
        }
    }
}

/// A stretch of a stream, in ns from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Where it starts.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
}

/// When a fault is there: for `length` ns, from `first` on, every `period` ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    first: u64,
    length: u64,
    period: u64,
}

impl Fault {
    /// The kind of defect that it is.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Freeze => "freeze",
            Self::PartialFreeze => "partial-freeze",
            Self::SolidColor => "solid-color",
            Self::ColorBars => "color-bars",
            Self::Stutter => "stutter",
            Self::Tearing => "tearing",
            Self::Combing => "combing",
            Self::Letterbox => "letterbox",
            Self::Pillarbox => "pillarbox",
            Self::Windowbox => "windowbox",
            Self::Silence => "silence",
            Self::Dropout => "dropout",
            Self::Click => "click",
            Self::Clipping => "clipping",
            Self::Hum => "hum",
            Self::Hiss => "hiss",
            Self::PhaseInversion => "phase-inversion",
            Self::DualMono => "dual-mono",
            Self::AvSync => "av-sync",
            Self::CaptionsMissing | Self::CaptionsStopped => "captions-missing",
            Self::CaptionsCorrupt => "captions-corrupt",
            Self::CaptionsLate => "captions-late",
        }
    }

    /// What it is put into.
    pub fn medium(self) -> Medium {
        match self {
            Self::CaptionsMissing
            | Self::CaptionsStopped
            | Self::CaptionsCorrupt
            | Self::CaptionsLate => Medium::Captions,
            Self::Silence
            | Self::Dropout
            | Self::Click
            | Self::Clipping
            | Self::Hum
            | Self::Hiss
            | Self::PhaseInversion
            | Self::DualMono => Medium::Sound,
            _ => Medium::Pictures,
        }
    }

    /// When it is there: about twice as long as its detector takes with its defaults.
    pub fn schedule(self) -> Schedule {
        // Length and pause in ms.
        let (length, pause) = match self {
            Self::Click => (0, 3000),
            Self::Dropout => (100, 2900),
            Self::Tearing => (1000, 4000),
            Self::Combing => (2000, 4000),
            Self::SolidColor | Self::ColorBars => (3000, 4000),
            Self::Black | Self::Freeze | Self::Silence | Self::Stutter | Self::Clipping => {
                (4000, 4000)
            }
            Self::Letterbox | Self::Pillarbox | Self::Windowbox | Self::Hum => (8000, 6000),
            Self::PhaseInversion | Self::DualMono => (12_000, 6000),
            Self::PartialFreeze => (14_000, 4000),
            Self::Hiss => (18_000, 8000),
            Self::CaptionsCorrupt => (8000, 12_000),
            Self::CaptionsMissing => (20_000, 15_000),
            Self::CaptionsStopped => (200_000, 20_000),
            // To the end.
            Self::AvSync | Self::CaptionsLate => (u64::MAX, 0),
        };
        let ns = |ms: u64| ms.saturating_mul(SECOND / 1000);
        let first = match self.medium() {
            // What captions were before has to be known.
            Medium::Captions => 10,
            Medium::Pictures | Medium::Sound => 3,
        };
        Schedule {
            first: first * SECOND,
            length: ns(length),
            period: ns(length).saturating_add(ns(pause)),
        }
    }
}

/// How long faults are there, and how far apart, if it isn't for their detectors to say.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Timing {
    /// How long each fault of picture, sound or captions lasts, by default about twice as long as its detector takes; clicks, av-sync and
    /// captions-late have no other length than their own
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub length: Option<Duration>,
    /// Time before the first of these faults and between two; by default some seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub pause: Option<Duration>,
}

impl Timing {
    /// When a fault is there.
    pub fn schedule(&self, fault: Fault) -> Schedule {
        // A millisecond at least, so that events are apart.
        let ns = |time: Duration| {
            u64::try_from(time.as_nanos())
                .unwrap_or(u64::MAX)
                .max(SECOND / 1000)
        };
        let own = fault.schedule();
        let length = match own.length {
            // A click is one sample; what is there to the end has no other length.
            0 | u64::MAX => own.length,
            usual => self.length.map_or(usual, ns),
        };
        let pause = self.pause.map_or(own.period - own.length, ns);
        let first = match fault.medium() {
            // What captions were before has to be known.
            Medium::Captions => self.pause.map_or(own.first, ns).max(own.first),
            Medium::Pictures | Medium::Sound => self.pause.map_or(own.first, ns),
        };
        Schedule {
            first,
            length,
            period: length.saturating_add(pause),
        }
    }
}

impl Schedule {
    /// The number of the event at that time and how much of it is over, in ns.
    pub fn at(&self, time: u64) -> Option<(u64, u64)> {
        let since = time.checked_sub(self.first)?;
        let (number, over) = (since / self.period, since % self.period);
        (over <= self.length.saturating_sub(1)).then_some((number, over))
    }

    /// The event of that number, counted from 0; the last one that there is may have no end.
    pub fn nth(&self, number: u64) -> Option<Event> {
        let start = self.first.checked_add(number.checked_mul(self.period)?)?;
        Some(Event {
            start,
            end: start.saturating_add(self.length),
        })
    }

    /// The events of a stream of that length, in ns: those that are over a second before its end, and one without an end if three seconds
    /// of it are there.
    pub fn events(&self, length: u64) -> Vec<Event> {
        let fits = |event: &Event| match event.end {
            u64::MAX => event.start.saturating_add(3 * SECOND) <= length,
            end => end.saturating_add(SECOND) <= length,
        };
        let mut events: Vec<Event> = (0..)
            .map_while(|number| self.nth(number))
            .take_while(fits)
            .collect();
        if let Some(last) = events.last_mut() {
            last.end = last.end.min(length);
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_where_the_schedule_says() {
        for fault in Fault::value_variants() {
            let schedule = fault.schedule();
            let events = schedule.events(300 * SECOND);
            assert!(!events.is_empty(), "{fault:?}");
            for (n, event) in (0..).zip(&events) {
                assert_eq!(schedule.at(event.start), Some((n, 0)), "{fault:?}");
                assert_eq!(schedule.at(event.start - 1), None, "{fault:?}");
            }
        }
        assert_eq!(Fault::Hiss.schedule().events(10 * SECOND), []);
    }

    #[test]
    fn length_and_pause_can_be_chosen() {
        let timing = Timing {
            length: Some(Duration::from_millis(500)),
            pause: Some(Duration::from_secs(20)),
        };
        let start = |n: u64| n * 20 * SECOND + (n - 1) * SECOND / 2;
        let events = timing.schedule(Fault::Black).events(45 * SECOND);
        let starts: Vec<u64> = events.iter().map(|event| event.start).collect();
        assert_eq!(starts, [start(1), start(2)]);
        assert!(events.iter().all(|e| e.end - e.start == SECOND / 2));
        // Without a choice it is the fault's own time.
        let own = Timing::default();
        assert_eq!(own.schedule(Fault::Black), Fault::Black.schedule());
        assert_eq!(own.schedule(Fault::AvSync), Fault::AvSync.schedule());
        // These have no other length, and none is too short to end.
        let tiny = Timing {
            length: Some(Duration::from_nanos(1)),
            pause: Some(Duration::from_nanos(1)),
        };
        for fault in Fault::value_variants() {
            let events = tiny.schedule(*fault).events(20 * SECOND);
            assert!(!events.is_empty(), "{fault:?}");
            let lasts = |event: &Event| event.end - event.start;
            match fault {
                Fault::Click => assert!(events.iter().all(|event| lasts(event) == 0)),
                Fault::AvSync | Fault::CaptionsLate => assert_eq!(events.len(), 1),
                _ => assert!(events.iter().all(|event| lasts(event) == SECOND / 1000)),
            }
        }
    }
}
