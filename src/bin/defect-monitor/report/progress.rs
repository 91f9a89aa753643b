// SPDX-License-Identifier: MPL-2.0
//! Progress of a report, and the time it will still take.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::time;

/// How far one file is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    /// Analysed so far, in ns of the stream.
    pub position: u64,
    /// Its whole length in ns, if it is known.
    pub length: Option<u64>,
    /// Nothing is left to do.
    pub is_done: bool,
}

/// How far all files are.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    shares: Vec<Mutex<Share>>,
}

impl Progress {
    /// Of that many files.
    pub fn new(files: usize) -> Self {
        let shares = (0..files).map(|_| Mutex::default()).collect();
        Self {
            started: Instant::now(),
            shares,
        }
    }

    /// Takes note of how far a file is.
    pub fn set(&self, file: usize, share: Share) {
        if let Some(place) = self.shares.get(file) {
            *lock(place) = share;
        }
    }

    /// The line for the terminal.
    pub fn line(&self) -> String {
        let shares: Vec<Share> = self.shares.iter().map(|s| *lock(s)).collect();
        line(&shares, self.started.elapsed())
    }
}

const BAR: usize = 20;

fn line(shares: &[Share], elapsed: Duration) -> String {
    let done = shares.iter().filter(|s| s.is_done).count();
    let whole: f64 = shares.iter().map(of_one).sum::<f64>() / shares.len().max(1) as f64;
    let filled = (whole * BAR as f64).round() as usize;
    let bar = format!(
        "[{}{}]",
        "#".repeat(filled),
        "-".repeat(BAR.saturating_sub(filled))
    );
    let left = elapsed.mul_f64(((1.0 - whole) / whole.max(1e-3)).min(1e5));
    let left = match whole > 0.01 {
        true => format!(", {} left", time::short(left.as_nanos() as u64)),
        false => String::new(),
    };
    let files = match shares.len() {
        1 => String::new(),
        all => format!(" {done} of {all} files,"),
    };
    format!("{bar}{files} {:.0} %{left}", whole * 100.0)
}

/// From 0 to 1; 0 if the length isn't known.
fn of_one(share: &Share) -> f64 {
    match share.length {
        _ if share.is_done => 1.0,
        Some(length) if length > 0 => (share.position as f64 / length as f64).min(1.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_from_what_is_done() {
        let half = Share {
            position: 50,
            length: Some(100),
            is_done: false,
        };
        assert_eq!(
            line(&[half], Duration::from_secs(60)),
            "[##########----------] 50 %, 0:01:00 left"
        );
        let done = Share {
            is_done: true,
            ..half
        };
        let unknown = Share {
            length: None,
            ..half
        };
        assert_eq!(
            line(&[done, unknown], Duration::from_secs(5)),
            "[##########----------] 1 of 2 files, 50 %, 0:00:05 left"
        );
        assert_eq!(
            line(&[unknown], Duration::from_secs(5)),
            "[--------------------] 0 %"
        );
    }
}
