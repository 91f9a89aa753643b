// SPDX-License-Identifier: MPL-2.0
//! What happens, for the journal: a line each on standard error, with the time.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A line about a stream or a part.
pub fn line(about: &str, text: impl AsRef<str>) {
    let time = Timestamp::now();
    let text = text.as_ref().replace('\n', "; ");
    let line = match about {
        "" => format!("{time:.3}  {text}\n"),
        about => format!("{time:.3}  {about}: {text}\n"),
    };
    // In one piece, so that lines of many threads don't mix; nobody to complain to if it fails.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// What comes again and again is logged once in so long.
const SELDOM: Duration = Duration::from_secs(600);
/// So many sorts of lines are known; of more than these none is logged.
const MANY: usize = 50;

/// Lets the first of each sort of lines pass, and one in ten minutes.
#[derive(Debug, Default)]
pub struct Limit(BTreeMap<String, Instant>);

impl Limit {
    /// Whether a line of that sort is to be logged now.
    pub fn allows(&mut self, sort: &str) -> bool {
        self.0.retain(|_, at| at.elapsed() < SELDOM);
        if self.0.contains_key(sort) || self.0.len() >= MANY {
            return false;
        }
        self.0.insert(sort.to_owned(), Instant::now());
        true
    }
}
