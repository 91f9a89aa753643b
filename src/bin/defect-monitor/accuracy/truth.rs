// SPDX-License-Identifier: MPL-2.0
//! Measures the damage: compares the damaged stream with the undamaged one, picture by picture.

use std::collections::HashMap;

use super::luma::{Luma, Shares};
use super::play::Watched;

/// Share of bad blocks from which a picture is damaged.
const DAMAGED: f64 = 0.005;
/// Damaged pictures this near to each other, in ns, are one event.
const JOIN: u64 = 200_000_000;
/// An episode this near to an event, in ns, belongs to it.
const NEAR: u64 = 500_000_000;

/// Events that start this shortly before the end, in ns, don't count: where an encoder is cut off, its last pictures
/// may really be torn.
const TAIL: u64 = 200_000_000;

/// An episode that a detector reported, in ns.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The detector.
    pub element: String,
    /// Its number of the episode.
    pub id: u64,
    /// The kind of defect.
    pub kind: String,
    /// When it started.
    pub start: u64,
    /// Time of the picture at which it was announced.
    pub told: u64,
    /// When it ended.
    pub end: u64,
}

/// The undamaged stream.
#[derive(Debug, Default)]
pub struct Reference {
    pictures: HashMap<u64, Luma>,
    first: Option<u64>,
    last: u64,
}

impl Reference {
    /// Keeps a picture.
    pub fn keep(&mut self, time: u64, picture: Luma) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(time);
        self.pictures.insert(time, picture);
    }

    fn length(&self) -> u64 {
        self.last - self.first.unwrap_or(self.last)
    }
}

/// The damaged stream received so far, compared with the undamaged one.
#[derive(Debug)]
pub struct Comparison<'a> {
    reference: &'a Reference,
    /// The damaged pictures by their times, in order.
    damaged: Vec<(u64, Shares)>,
    /// Times of the pictures received.
    came: Vec<u64>,
}

/// A time with damage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Time of the first damaged picture
    pub start: u64,
    /// and of the last, in ns.
    pub end: u64,
    /// The largest shares of its pictures.
    pub shares: Shares,
    /// Time from its start to the announcement, if it was announced.
    pub delay: Option<u64>,
}

/// What was found on one clip.
#[derive(Debug, Default)]
pub struct Result {
    /// The damage.
    pub events: Vec<Event>,
    /// Episodes in the damaged stream where nothing is damaged.
    pub wrong: usize,
    /// Kinds of the episodes in the undamaged stream.
    pub false_alarms: Vec<String>,
    /// Length of the undamaged stream, in ns.
    pub length: u64,
    /// Pictures of the undamaged stream that are missing in the damaged one.
    pub lost: usize,
}

impl<'a> Comparison<'a> {
    /// A comparison with `reference`.
    pub fn new(reference: &'a Reference) -> Self {
        Self {
            reference,
            damaged: Vec::new(),
            came: Vec::new(),
        }
    }

    /// Takes a picture of the damaged stream.
    pub fn take(&mut self, time: u64, picture: Luma) {
        let undamaged = self.reference.pictures.get(&time);
        let Some(shares) = undamaged.and_then(|undamaged| undamaged.differs(&picture)) else {
            return;
        };
        self.came.push(time);
        if shares.bad > 0.0 {
            self.damaged.push((time, shares));
        }
    }

    /// Matches the episodes with the damage. `clean`: those of the undamaged stream.
    pub fn result(&self, clean: &Watched, found: &Watched) -> Result {
        let reported: Vec<&Episode> = found
            .episodes
            .iter()
            .filter(|e| e.kind == "block-corruption")
            .collect();
        let touches = |e: &Episode, start: u64, end: u64| {
            e.start <= end.saturating_add(NEAR) && e.end.saturating_add(NEAR) >= start
        };
        let mut events = self.events();
        for event in &mut events {
            let first = reported
                .iter()
                .filter(|e| touches(e, event.start, event.end))
                .map(|e| e.told.saturating_sub(event.start))
                .min();
            event.delay = first;
        }
        // Small damage is no event, and no false alarm if reported. Lost pictures are damage, too.
        let mut times: Vec<u64> = self.reference.pictures.keys().copied().collect();
        times.retain(|time| !self.came.contains(time));
        let lost = times.len();
        times.extend(self.damaged.iter().map(|(time, ..)| *time));
        let is_wrong = |e: &&&Episode| !times.iter().any(|time| touches(e, *time, *time));
        Result {
            wrong: reported.iter().filter(is_wrong).count(),
            events,
            false_alarms: clean
                .episodes
                .iter()
                .filter(|e| e.start.saturating_add(TAIL) < self.reference.last)
                .map(|e| e.kind.clone())
                .collect(),
            length: self.reference.length(),
            lost,
        }
    }

    fn events(&self) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let damaged = |(_, shares): &&(u64, Shares)| shares.bad >= DAMAGED;
        for &(time, shares) in self.damaged.iter().filter(damaged) {
            match events.last_mut() {
                Some(event) if time <= event.end.saturating_add(JOIN) => {
                    event.end = time;
                    event.shares = event.shares.max(shares);
                }
                _ => events.push(Event {
                    start: time,
                    end: time,
                    shares,
                    delay: None,
                }),
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: u64 = 40_000_000;

    fn picture(bad: usize, by: u8) -> Luma {
        let mut plane = vec![100u8; 320 * 160];
        for block in 0..bad {
            for y in 0..16 {
                for x in 0..16 {
                    plane[(block / 20 * 16 + y) * 320 + block % 20 * 16 + x] += by;
                }
            }
        }
        Luma::of(&plane, 320, 320, 160)
    }

    fn episode(start: u64, end: u64) -> Episode {
        Episode {
            element: "corruptiondetect0".into(),
            id: start,
            kind: "block-corruption".into(),
            start: start * FRAME,
            told: (start + 1) * FRAME,
            end: end * FRAME,
        }
    }

    #[test]
    fn events_and_alarms_are_matched() {
        let mut undamaged = Reference::default();
        (0..200).for_each(|n| undamaged.keep(n * FRAME, picture(0, 0)));
        let mut compared = Comparison::new(&undamaged);
        for n in (0..200).filter(|n| *n != 150) {
            let bad = if (20..30).contains(&n) || n == 33 || n == 80 {
                20
            } else {
                0
            };
            compared.take(n * FRAME, picture(bad, 60));
        }
        let found = Watched {
            episodes: vec![episode(22, 40), episode(120, 121), episode(155, 156)],
        };
        let clean = Watched {
            episodes: vec![episode(3, 4)],
        };
        let result = compared.result(&clean, &found);
        assert_eq!(result.events.len(), 2);
        assert_eq!(result.events[0].end, 33 * FRAME);
        assert_eq!(result.events[0].delay, Some(3 * FRAME));
        assert_eq!(result.events[1].delay, None);
        assert_eq!(result.events[0].shares.gross, 0.1);
        assert_eq!((result.wrong, result.lost), (1, 1));
        assert_eq!(result.false_alarms, ["block-corruption"]);
    }
}
