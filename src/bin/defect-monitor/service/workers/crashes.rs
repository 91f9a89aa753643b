// SPDX-License-Identifier: MPL-2.0
//! What becomes of a stream whose worker failed while it was in progress.
//!
//! Nobody knows which of a worker's streams it was. So all go on, and are counted; those that were there twice run alone, so that the third
//! time shows which it is.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGKILL, SIGTERM};

/// Failures longer ago don't count.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// When workers failed while the stream was in progress, oldest first.
#[derive(Debug, Default)]
pub struct Crashes(Vec<Instant>);

/// How a stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// In a worker with others.
    Others,
    /// In a worker of its own.
    None,
    /// Not at all.
    SetAside,
}

impl Crashes {
    /// A worker failed at that instant.
    pub fn note(&mut self, at: Instant) {
        self.0.push(at);
    }

    /// How the stream goes on at that instant.
    pub fn company(&mut self, now: Instant) -> Company {
        self.0
            .retain(|at| now.saturating_duration_since(*at) < FORGOTTEN);
        match self.0.len() {
            0 | 1 => Company::Others,
            2 => Company::None,
            _ => Company::SetAside,
        }
    }
}

/// Whether a process failed by itself. Who is killed from outside isn't to blame.
pub fn is_failure(status: ExitStatus) -> bool {
    match status.signal() {
        Some(signal) => ![SIGHUP, SIGINT, SIGKILL, SIGTERM].contains(&signal),
        None => !status.success(),
    }
}

/// How a process ended, in words.
pub fn words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => {
            let name = signal_hook::low_level::signal_name(signal);
            format!("was ended by {}", name.unwrap_or("an unknown signal"))
        }
        (None, code) => format!("ended with status {}", code.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_there_three_times_is_set_aside_for_a_while() {
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let mut crashes = Crashes::default();
        assert_eq!(crashes.company(start), Company::Others);
        for (n, company) in [Company::Others, Company::None, Company::SetAside]
            .into_iter()
            .enumerate()
        {
            let now = start + minute * n as u32;
            crashes.note(now);
            assert_eq!(crashes.company(now), company);
        }
        assert_eq!(crashes.company(start + minute * 60), Company::None);
        assert_eq!(crashes.company(start + minute * 70), Company::Others);
    }

    #[test]
    fn only_faults_are_the_fault_of_streams() {
        for (raw, is) in [
            (11, true),
            (6, true),
            (7, true),
            (9, false),
            (15, false),
            (0, false),
            (2 << 8, true),
        ] {
            let status = ExitStatus::from_raw(raw);
            assert_eq!(is_failure(status), is, "{}", words(status));
        }
        assert_eq!(words(ExitStatus::from_raw(11)), "was ended by SIGSEGV");
    }
}
