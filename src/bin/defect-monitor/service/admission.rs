// SPDX-License-Identifier: MPL-2.0
//! How many streams this machine can watch in real time: from what those that are watched take, whether one more fits.
//!
//! The supervisor tells [`Admission::note`] every second or so what the process has used and how much stream it has watched for it,
//! and asks [`Admission::ask`] before it starts a stream. What a stream costs is CPU time per second *of stream*, so that it is
//! right as well for files that are read faster than real time, and for streams that lag.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;

use crate::machine::Machine;

/// Share of the machine that streams may take: what is left is for peaks, and for writing results.
pub const HEADROOM: f64 = 0.8;

/// What a stream costs is averaged over so long: programmes differ from minute to minute, machines from second to second.
const WINDOW: Duration = Duration::from_secs(60);

/// Of so much stream the cost is known well enough to judge by it.
const ENOUGH: Duration = Duration::from_secs(5);

/// A stream this far behind has broken real time; less is a matter of networks and their buffers.
pub const LATE: Duration = Duration::from_secs(5);

/// What becomes of streams that don't fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// They are watched, and it is said that real time may break.
    #[default]
    Flag,
    /// They aren't watched until there is room.
    Refuse,
}

/// What the process has used up to an instant, in all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Use {
    /// Time since any instant that stays the same.
    pub at: Duration,
    /// CPU time of the process: `machine::process_cpu()`.
    pub cpu: Duration,
    /// How much stream was watched for it: what the positions of all streams have advanced, those that are over included.
    pub watched: Duration,
    /// Bytes of memory: `machine::resident()`.
    pub memory: u64,
    /// Streams that are being watched.
    pub streams: usize,
    /// How far the latest of them is behind.
    pub lag: Duration,
}

/// What is to be done with a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It fits.
    Start,
    /// It doesn't fit, and why; it is started all the same.
    Flag(String),
    /// It doesn't fit, and why; ask again later.
    Refuse(String),
    /// What streams cost isn't known well enough; ask again in a few seconds.
    Wait,
}

/// How loaded the process is, for metrics and the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Cores that a stream takes on average; none until it is known.
    pub cores_per_stream: Option<f64>,
    /// Share of what may be used ([`HEADROOM`]) that streams take if all keep up with real time; over 1 they can't for long.
    pub share: f64,
    /// How many streams such as these fit.
    pub fits: Option<usize>,
    /// The latest stream is behind by more than [`LATE`].
    pub late: bool,
}

/// Decides.
#[derive(Debug)]
pub struct Admission {
    policy: Policy,
    machine: Machine,
    /// The last [`WINDOW`], oldest first.
    uses: VecDeque<Use>,
    /// Started since the latest of them.
    started: usize,
}

impl Admission {
    /// For a process that has just started.
    pub fn new(policy: Policy, machine: Machine) -> Self {
        Self {
            policy,
            machine,
            uses: VecDeque::new(),
            started: 0,
        }
    }

    /// Takes note of what the process has used.
    pub fn note(&mut self, used: Use) {
        while self.uses.len() > 1 && self.uses[1].at + WINDOW <= used.at {
            self.uses.pop_front();
        }
        self.uses.push_back(used);
        self.started = 0;
    }

    /// What to do with one more stream. A stream that is started on this counts at once.
    pub fn ask(&mut self) -> Answer {
        let Some(cost) = self.cores_per_stream() else {
            // As many as could hardly be too many, to learn from.
            if self.streams() as f64 >= self.machine.cores.ceil() {
                return Answer::Wait;
            }
            self.started += 1;
            return Answer::Start;
        };
        let Some(why) = self.why_not(cost) else {
            self.started += 1;
            return Answer::Start;
        };
        match self.policy {
            Policy::Refuse => Answer::Refuse(why),
            Policy::Flag => {
                self.started += 1;
                Answer::Flag(why)
            }
        }
    }

    /// How loaded it is now.
    pub fn load(&self) -> Load {
        let cost = self.cores_per_stream();
        let usable = self.machine.cores * HEADROOM;
        let fits = cost
            .filter(|c| *c > 0.0)
            .map(|cost| (usable / cost) as usize);
        let by_memory = self.memory_per_stream().filter(|m| *m > 0.0);
        let by_memory = by_memory.map(|m| (self.machine.memory as f64 * HEADROOM / m) as usize);
        Load {
            cores_per_stream: cost,
            share: cost.unwrap_or(0.0) * self.streams() as f64 / usable,
            fits: fits.into_iter().chain(by_memory).min(),
            late: self.uses.back().is_some_and(|u| u.lag > LATE),
        }
    }

    fn streams(&self) -> usize {
        self.uses.back().map_or(0, |u| u.streams) + self.started
    }

    fn cores_per_stream(&self) -> Option<f64> {
        let (first, last) = (self.uses.front()?, self.uses.back()?);
        let watched = last.watched.saturating_sub(first.watched);
        let cpu = last.cpu.saturating_sub(first.cpu);
        (watched >= ENOUGH).then(|| cpu.as_secs_f64() / watched.as_secs_f64())
    }

    /// Everything that the process has is put down to its streams: a little much as long as there are few.
    fn memory_per_stream(&self) -> Option<f64> {
        let last = self.uses.back().filter(|u| u.streams > 0)?;
        Some(last.memory as f64 / last.streams as f64)
    }

    /// Why one more doesn't fit.
    fn why_not(&self, cost: f64) -> Option<String> {
        let (wanted, cores) = (self.streams() + 1, self.machine.cores);
        let percent = HEADROOM * 100.0;
        let needed = cost * wanted as f64;
        if needed > cores * HEADROOM {
            return Some(format!(
                "{wanted} streams take {needed:.2} cores, {cost:.3} each; {percent:.0} % of {cores:.2} may be used"
            ));
        }
        let memory = self.memory_per_stream()?;
        let needed = memory * wanted as f64;
        let bytes = self.machine.memory as f64;
        let late = self.load().late.then(|| {
            format!(
                "streams are late already: {:.1} s",
                self.uses.back().map_or(0.0, |u| u.lag.as_secs_f64())
            )
        });
        late.or_else(|| {
            (needed > bytes * HEADROOM).then(|| {
                format!(
                    "{wanted} streams take {:.0} MB, {:.0} each; {percent:.0} % of {:.0} may be used",
                    needed / 1e6,
                    memory / 1e6,
                    bytes / 1e6
                )
            })
        })
    }
}

/// How far one stream is behind: how much later its data comes than the earliest of it did.
///
/// The least difference between the clock and the stream is where it is on time; it is allowed to creep up, by the
/// deviation of two clocks, so that it isn't taken for lag after days.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lag {
    on_time: Option<f64>,
    last: f64,
}

/// Clocks of senders deviate by up to 30 ppm (ISO/IEC 13818-1, 2.4.2.1); ours by as much again.
const DRIFT: f64 = 60e-6;

impl Lag {
    /// The lag at an instant (since any that stays the same) at which the stream is at that position.
    pub fn note(&mut self, at: Duration, position: Duration) -> Duration {
        let (at, position) = (at.as_secs_f64(), position.as_secs_f64());
        let late = at - position;
        let crept = self
            .on_time
            .map(|least| least + (at - self.last).max(0.0) * DRIFT);
        let least = crept.map_or(late, |least| least.min(late));
        (self.on_time, self.last) = (Some(least), at);
        Duration::try_from_secs_f64(late - least).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Machine = Machine {
        cores: 2.0,
        memory: 1_000_000_000,
    };

    fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// A process with so many streams that take so many cores each, in real time, at second `n`.
    fn used(n: u64, streams: usize, cores: f64) -> Use {
        Use {
            at: second(n),
            cpu: Duration::from_secs_f64(n as f64 * streams as f64 * cores),
            watched: second(n * streams as u64),
            memory: 10_000_000 * streams as u64,
            streams,
            lag: Duration::ZERO,
        }
    }

    /// Starts streams of that cost for as long as they may be started.
    fn filled(policy: Policy, cores: f64) -> (usize, Option<Answer>) {
        let mut admission = Admission::new(policy, MACHINE);
        let (mut streams, mut used) = (0, Use::default());
        for n in 0..60 {
            used.at = second(n);
            used.streams = streams;
            admission.note(used);
            loop {
                match admission.ask() {
                    Answer::Start => streams += 1,
                    Answer::Wait => break,
                    other => return (streams, Some(other)),
                }
            }
            used.cpu += Duration::from_secs_f64(streams as f64 * cores);
            used.watched += second(streams as u64);
            used.memory = 10_000_000 * streams as u64;
        }
        (streams, None)
    }

    #[test]
    fn as_many_start_as_fit() {
        let (streams, answer) = filled(Policy::Refuse, 0.099);
        assert_eq!(streams, 16, "{answer:?}");
        assert!(matches!(answer, Some(Answer::Refuse(why)) if why.contains("17 streams")));
        let (streams, answer) = filled(Policy::Flag, 0.39);
        assert_eq!(streams, 4);
        assert!(matches!(answer, Some(Answer::Flag(_))));
    }

    #[test]
    fn memory_is_a_limit_too() {
        let (streams, answer) = filled(Policy::Refuse, 0.001);
        assert_eq!(streams, 80);
        assert!(matches!(answer, Some(Answer::Refuse(why)) if why.contains("MB")));
    }

    #[test]
    fn nothing_is_judged_before_it_is_known() {
        let mut admission = Admission::new(Policy::Refuse, MACHINE);
        let answers = [(); 4].map(|()| admission.ask());
        assert_eq!(
            answers,
            [Answer::Start, Answer::Start, Answer::Wait, Answer::Wait]
        );
        assert_eq!(admission.load().fits, None);
    }

    #[test]
    fn files_that_are_read_faster_cost_no_more() {
        let mut admission = Admission::new(Policy::Refuse, MACHINE);
        admission.note(Use::default());
        // One file, at ten times its speed, takes a whole core.
        admission.note(Use {
            at: second(10),
            cpu: second(10),
            watched: second(100),
            streams: 1,
            ..Use::default()
        });
        assert_eq!(admission.load().fits, Some(16));
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut admission = Admission::new(Policy::Flag, MACHINE);
        (0..100).for_each(|n| admission.note(used(n, 4, 0.4)));
        let before = admission.load();
        assert!(before.share > 0.99 && !before.late, "{before:?}");
        let mut now = used(99, 4, 0.4);
        for n in 100..200 {
            now.at = second(n);
            now.cpu += Duration::from_millis(400);
            now.watched += second(4);
            admission.note(now);
        }
        assert!(admission.load().share < 0.26, "{:?}", admission.load());
    }

    #[test]
    fn late_streams_let_no_other_in() {
        let mut admission = Admission::new(Policy::Refuse, MACHINE);
        admission.note(used(0, 1, 0.1));
        admission.note(Use {
            lag: second(9),
            ..used(10, 1, 0.1)
        });
        assert!(admission.load().late);
        assert!(
            matches!(admission.ask(), Answer::Refuse(why) if why.contains("late already: 9.0 s"))
        );
    }

    #[test]
    fn lag_is_what_comes_later_than_it_did() {
        let mut lag = Lag::default();
        let ms = Duration::from_millis;
        assert_eq!(lag.note(ms(1000), ms(0)), ms(0));
        assert_eq!(lag.note(ms(2000), ms(1000)), ms(0));
        let late = lag.note(ms(5000), ms(2000)).as_secs_f64();
        assert!((late - 2.0).abs() < 0.001, "{late}");
        let caught_up = lag.note(ms(6000), ms(4990)).as_secs_f64();
        assert!((caught_up - 0.01).abs() < 0.001, "{caught_up}");
        // A sender whose clock is slow by 30 ppm, for ten days.
        let far = 864_000.0;
        let behind = lag.note(
            Duration::from_secs_f64(far),
            Duration::from_secs_f64(far * (1.0 - 30e-6) - 1.0),
        );
        assert!(behind < ms(20), "{behind:?}");
    }
}
