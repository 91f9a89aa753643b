// SPDX-License-Identifier: MPL-2.0
//! Decides how a stream goes on whose worker failed while it was in progress.
//!
//! It is unknown which of a worker's streams caused the failure. So all go on, and failures are counted; a stream
//! with two of them runs alone, so that the third shows whether it is the cause.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGKILL, SIGTERM};

/// Age from which failures don't count.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// When workers failed while the stream was in progress, oldest first.
#[derive(Debug, Default)]
pub struct Crashes(Vec<Instant>);

/// With which other streams a stream may share a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// It shares a worker with other streams.
    WithOthers,
    /// It has a worker of its own.
    Alone,
    /// It is quarantined.
    SetAside,
}

impl Crashes {
    /// Notes that a worker failed.
    pub fn note(&mut self, at: Instant) {
        self.0.push(at);
    }

    /// How the stream goes on.
    pub fn sharing(&mut self, now: Instant) -> Sharing {
        self.0
            .retain(|at| now.saturating_duration_since(*at) < FORGOTTEN);
        match self.0.len() {
            0 | 1 => Sharing::WithOthers,
            2 => Sharing::Alone,
            _ => Sharing::SetAside,
        }
    }
}

/// Whether a process failed by itself, rather than being killed from outside.
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
        assert_eq!(crashes.sharing(start), Sharing::WithOthers);
        for (n, sharing) in [Sharing::WithOthers, Sharing::Alone, Sharing::SetAside]
            .into_iter()
            .enumerate()
        {
            let now = start + minute * n as u32;
            crashes.note(now);
            assert_eq!(crashes.sharing(now), sharing);
        }
        assert_eq!(crashes.sharing(start + minute * 60), Sharing::Alone);
        assert_eq!(crashes.sharing(start + minute * 70), Sharing::WithOthers);
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
