// SPDX-License-Identifier: MPL-2.0
//! What happens, for the journal: a line each on standard error, with the time.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A line about a stream or a part.
pub fn line(about: &str, text: impl AsRef<str>) {
    let time = Timestamp::now();
    let text = plain(text.as_ref());
    let line = match about {
        "" => format!("{time:.3}  {text}\n"),
        about => format!("{time:.3}  {about}: {text}\n"),
    };
    // In one piece, so that lines of many threads don't mix; nobody to complain to if it fails.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// A text in one line. Control characters, which a server may have sent, are shown and not obeyed by a terminal.
fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => line.push_str("; "),
            c if c.is_control() => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        let line = plain("404 \u{1b}[2J\u{1b}[31mowned\u{1b}[0m\rfake\nline\u{9b}x");
        assert!(line.chars().all(|c| !c.is_control()), "{line}");
        assert_eq!(plain("Zürich 1\n2"), "Zürich 1; 2");
    }

    #[test]
    fn what_comes_again_is_logged_once() {
        let mut limit = Limit::default();
        assert!(limit.allows("a") && !limit.allows("a") && limit.allows("b"));
    }
}
