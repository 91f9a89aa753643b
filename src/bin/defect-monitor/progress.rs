// SPDX-License-Identifier: MPL-2.0
//! The progress line: position, speed, open defects.

use std::time::{Duration, Instant};

use super::job::Job;
use super::{demo, summary, time};

/// Says when it is time for another.
#[derive(Debug)]
pub struct Progress {
    drawn: Option<Instant>,
    frame: Duration,
}

impl Progress {
    /// Five a second are enough for the eye.
    pub fn new() -> Self {
        Self {
            drawn: None,
            frame: Duration::from_millis(200),
        }
    }

    /// The line, if it is due.
    pub fn line(&mut self, jobs: &[Job], named: bool) -> Option<String> {
        let now = Instant::now();
        if self.drawn.is_some_and(|d| now < d + self.frame) {
            return None;
        }
        self.drawn = Some(now);
        let parts: Vec<_> = jobs.iter().map(|job| part(job, named)).collect();
        Some(parts.join(" | "))
    }
}

fn part(job: &Job, named: bool) -> String {
    let mut text = String::new();
    if named {
        text.push_str(&job.label);
        text.push(' ');
    }
    text.push_str(&time::short(job.play.progress()));
    let programme = job.programme.as_ref().map(|_| demo::LENGTH * 1_000_000);
    if let Some(length) = programme.or_else(|| job.play.length()).filter(|l| *l > 0) {
        let share = job.play.progress().min(length) as f64 / length as f64;
        text.push_str(&format!(
            " of {} ({:.0} %)",
            time::short(length),
            share * 100.0
        ));
    }
    if let Some(speed) = summary::speed(&job.play) {
        text.push_str(&format!("  {speed}"));
    }
    let open = job.tally.open().unwrap_or_else(|| "nothing".to_owned());
    text.push_str(&format!("  open: {open}"));
    text
}
