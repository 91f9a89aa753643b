// SPDX-License-Identifier: MPL-2.0
//! The last 24 hours of a stream, by the minute, in memory of a fixed size.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::Serialize;

/// What is kept: a day.
pub const MINUTES: usize = 24 * 60;

/// The state of a minute; of two, the larger one is remembered.
///
/// A detector that can't judge the content doesn't hide that others can, so `Inconclusive` is below `Ok`. A gap matters more than
/// either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum MinuteState {
    /// Nothing is known: not in the configuration, or the process didn't run.
    #[default]
    Nothing,
    /// Nobody could judge the content.
    Inconclusive,
    /// Nothing wrong.
    Ok,
    /// Part of the minute or all of it wasn't watched: no connection, maintenance.
    Unwatched,
    /// A defect of severity `info`, or one within a maintenance window.
    Info,
    /// One of severity `warning`.
    Warning,
    /// One of severity `error`.
    Error,
    /// One of severity `critical`.
    Critical,
}

impl MinuteState {
    /// That of a severity.
    pub fn of_severity(severity: &str) -> Self {
        match severity {
            "info" => Self::Info,
            "warning" => Self::Warning,
            "critical" => Self::Critical,
            _ => Self::Error,
        }
    }
}

/// A minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minute {
    /// How it was.
    pub state: MinuteState,
    /// The kind of defect, or why it wasn't watched: a number of [`ReasonWords`].
    pub what: u8,
}

/// A ring of minutes.
#[derive(Debug)]
pub struct Day {
    /// The latest minute written to, in minutes of Unix time.
    newest: i64,
    minutes: Box<[Minute]>,
}

/// The minute that a moment is in.
pub fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

impl Default for Day {
    fn default() -> Self {
        Self {
            newest: i64::MIN / 2,
            minutes: vec![Minute::default(); MINUTES].into(),
        }
    }
}

impl Day {
    /// Remembers how a minute was, unless something worse of it is known.
    pub fn note(&mut self, minute: i64, seen: Minute) {
        let span = MINUTES as i64;
        if (minute - self.newest).abs() >= span {
            // A day without a word, or a clock that was set.
            if minute < self.newest && minute_of(Timestamp::now()) >= self.newest {
                return;
            }
            self.minutes.fill(Minute::default());
            self.newest = minute;
        }
        while self.newest < minute {
            self.newest += 1;
            let index = index(self.newest);
            self.minutes[index] = Minute::default();
        }
        let slot = &mut self.minutes[index(minute)];
        if seen.state > slot.state {
            *slot = seen;
        }
    }

    /// How a minute was.
    pub fn at(&self, minute: i64) -> Minute {
        if minute > self.newest || minute <= self.newest - MINUTES as i64 {
            return Minute::default();
        }
        self.minutes[index(minute)]
    }

    /// The day up to a minute as runs of equal ones, oldest first: state, word, how many.
    pub fn runs(&self, until: i64) -> Vec<[u16; 3]> {
        let mut runs: Vec<[u16; 3]> = Vec::new();
        for minute in until - MINUTES as i64 + 1..=until {
            let Minute { state, what } = self.at(minute);
            match runs.last_mut() {
                Some([m, w, count]) if *m == state as u16 && *w == u16::from(what) => *count += 1,
                _ => runs.push([state as u16, u16::from(what), 1]),
            }
        }
        runs
    }
}

fn index(minute: i64) -> usize {
    minute.rem_euclid(MINUTES as i64) as usize
}

/// The words that minutes refer to by number: kinds of defects and reasons. At most 256; further ones get number 0
/// (the empty word).
#[derive(Debug)]
pub struct ReasonWords(RwLock<Vec<Arc<str>>>);

impl Default for ReasonWords {
    fn default() -> Self {
        Self(RwLock::new(vec!["".into()]))
    }
}

impl ReasonWords {
    /// The number of a word; 0 if it is empty, or can't be had.
    pub fn number(&self, word: &str) -> u8 {
        let known = |words: &[Arc<str>]| words.iter().position(|w| **w == *word);
        let found = known(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(number) = found {
            return number as u8;
        }
        let mut words = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let number = known(&words).or_else(|| {
            (words.len() <= usize::from(u8::MAX)).then(|| {
                words.push(word.into());
                words.len() - 1
            })
        });
        number.unwrap_or(0) as u8
    }

    /// All of them, by number.
    pub fn all(&self) -> Vec<Arc<str>> {
        let words = self.0.read().unwrap_or_else(PoisonError::into_inner);
        words.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Minute = Minute {
        state: MinuteState::Ok,
        what: 0,
    };
    const BLACK: Minute = Minute {
        state: MinuteState::Error,
        what: 3,
    };

    #[test]
    fn the_worst_of_a_minute_is_remembered_and_gaps_are_nothing() {
        let mut day = Day::default();
        day.note(1000, OK);
        day.note(1001, BLACK);
        day.note(1001, OK);
        day.note(1005, OK);
        assert_eq!(day.at(1001), BLACK);
        assert_eq!(day.at(1003), Minute::default());
        assert_eq!(
            day.runs(1006),
            [
                [0, 0, 1433],
                [2, 0, 1],
                [6, 3, 1],
                [0, 0, 3],
                [2, 0, 1],
                [0, 0, 1]
            ]
        );
    }

    #[test]
    fn a_day_later_it_is_forgotten() {
        let mut day = Day::default();
        day.note(1000, BLACK);
        day.note(1000 + MINUTES as i64 - 1, OK);
        assert_eq!(day.at(1000), BLACK);
        day.note(1000 + MINUTES as i64, OK);
        assert_eq!(day.at(1000), Minute::default());
        assert_eq!(day.at(1000 + MINUTES as i64), OK);
        day.note(1000 + 10 * MINUTES as i64, OK);
        let marked = day.runs(1000 + 10 * MINUTES as i64);
        assert_eq!(marked, [[0, 0, 1439], [2, 0, 1]]);
    }

    #[test]
    fn old_news_is_left_out_and_a_clock_that_was_set_back_begins_anew() {
        let now = minute_of(Timestamp::now());
        let mut day = Day::default();
        day.note(now, OK);
        day.note(now - 5000, BLACK);
        assert_eq!(day.at(now), OK);
        day.note(now + 100_000, OK);
        day.note(now, BLACK);
        assert_eq!(day.at(now), BLACK);
    }

    #[test]
    fn words_keep_their_numbers_and_end() {
        let words = ReasonWords::default();
        let black = words.number("black");
        assert_eq!(words.number("black"), black);
        assert_eq!(words.number(""), 0);
        for i in 0..400 {
            words.number(&format!("word {i}"));
        }
        assert_eq!(words.all().len(), 256);
        assert_eq!(words.number("one more"), 0);
        assert_eq!(&*words.all()[usize::from(black)], "black");
    }
}
