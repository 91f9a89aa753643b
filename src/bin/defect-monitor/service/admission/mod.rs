// SPDX-License-Identifier: MPL-2.0
//! Estimates how many streams this machine can watch in real time, from the cost of those that are watched.
//!
//! The cost of a stream is CPU time per second *of stream*: this holds also for files that are read faster than real
//! time, and for streams that lag.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::machine::{HEADROOM, Machine, share};

/// Time over which the cost of a stream is averaged: programmes differ from minute to minute, machines from second to
/// second.
const WINDOW: Duration = Duration::from_secs(60);
/// Watched time after which the average cost is trusted; the start of a stream is the most expensive part.
const ENOUGH: Duration = Duration::from_secs(10);
/// Lag from which a stream is late; less is caused by networks and their buffers.
pub const LATE: Duration = Duration::from_secs(5);

/// The section `[capacity]` of the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// What becomes of streams beyond what fits.
    pub admission: Policy,
    /// Share of the machine that streams may take.
    #[serde(deserialize_with = "a_share")]
    pub headroom: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admission: Policy::default(),
            headroom: HEADROOM,
        }
    }
}

fn a_share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(from)?;
    share(&number.to_string()).map_err(serde::de::Error::custom)
}

/// What becomes of streams that don't fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// They are watched, and only their lag is shown.
    Off,
    /// They are watched but marked as possibly late. The default: a late result is better than none, and the costs
    /// are only averages.
    #[default]
    Flag,
    /// They wait until there is room, so that the others stay on time.
    Refuse,
}

/// What the process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Use {
    /// Time since a fixed instant.
    pub at: Duration,
    /// CPU time.
    pub cpu: Duration,
    /// Stream time that was watched for it.
    pub watched: Duration,
    /// Bytes of memory.
    pub memory: u64,
    /// Streams that are admitted.
    pub streams: usize,
    /// Lag of the stream that is farthest behind.
    pub lag: Duration,
}

/// How loaded the process is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Cores that a stream takes on average.
    pub cores: f64,
    /// Bytes that a stream takes on average.
    pub memory: f64,
    /// Share of the allowed resources that a stream takes.
    pub share: f64,
    /// How many streams of that cost fit.
    pub fits: usize,
}

/// Whether a stream may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It may start.
    Start,
    /// The cost of streams isn't known yet; ask again.
    Wait,
    /// It doesn't fit, and why; ask again.
    Refuse(String),
}

/// Estimates the load.
#[derive(Debug)]
pub struct LoadModel {
    machine: Machine,
    headroom: f64,
    /// Memory without streams.
    own: Option<u64>,
    /// The last [`WINDOW`], oldest first.
    uses: VecDeque<Use>,
}

impl LoadModel {
    /// For a process that has just started.
    pub fn new(machine: Machine, headroom: f64) -> Self {
        Self {
            machine,
            headroom,
            own: None,
            uses: VecDeque::new(),
        }
    }

    /// Sets the resources of the machine, and the share of them that may be used.
    pub fn set_limits(&mut self, machine: Machine, headroom: f64) {
        (self.machine, self.headroom) = (machine, headroom);
    }

    /// Takes the use of the process into account.
    pub fn note(&mut self, used: Use) {
        if used.streams == 0 || self.own.is_none() {
            self.own = Some(used.memory);
        }
        while self.uses.len() > 1 && self.uses[1].at + WINDOW <= used.at {
            self.uses.pop_front();
        }
        self.uses.push_back(used);
    }

    /// The load, as soon as it is known.
    pub fn load(&self) -> Option<Load> {
        let (first, last) = (self.uses.front()?, self.uses.back()?);
        let watched = last.watched.saturating_sub(first.watched);
        let cpu = last.cpu.saturating_sub(first.cpu);
        if watched < ENOUGH || last.streams == 0 {
            return None;
        }
        let cores = cpu.as_secs_f64() / watched.as_secs_f64();
        let own = self.own.unwrap_or(0);
        let memory = last.memory.saturating_sub(own) as f64 / last.streams as f64;
        let all = self.machine.memory.saturating_sub(own) as f64;
        let by_cores = self.machine.cores * self.headroom / cores.max(1e-6);
        let by_memory = all * self.headroom / memory.max(1.0);
        let fits = by_cores.min(by_memory);
        Some(Load {
            cores,
            memory,
            share: 1.0 / fits.max(1e-6),
            fits: fits as usize,
        })
    }

    /// Share of the cores or the memory for streams that is used, whichever is more; `None` until that is measured.
    pub fn used(&self) -> Option<f64> {
        let (first, last) = (self.uses.front()?, self.uses.back()?);
        let time = last.at.saturating_sub(first.at);
        let cpu = last.cpu.saturating_sub(first.cpu);
        let own = self.own.unwrap_or(0);
        let memory = last.memory.saturating_sub(own) as f64;
        let all = self.machine.memory.saturating_sub(own).max(1) as f64;
        let cores = cpu.as_secs_f64() / time.as_secs_f64() / self.machine.cores;
        (time >= ENOUGH).then(|| cores.max(memory / all) / self.headroom)
    }

    /// Whether one more stream may start besides the `admitted` ones. `learning`: running streams whose cost isn't
    /// measured yet.
    pub fn may_start(&self, streams: usize, learning: usize) -> Answer {
        let Some(load) = self.load() else {
            // At first as many as are surely not too many, to learn their cost.
            return match learning as f64 >= self.machine.cores.ceil() {
                true => Answer::Wait,
                false => Answer::Start,
            };
        };
        if let Some(lag) = self.growing_lag() {
            let lag = lag.as_secs_f64();
            return Answer::Refuse(format!(
                "no room: streams fall behind already, by {lag:.1} s"
            ));
        }
        match streams < load.fits {
            true => Answer::Start,
            false => Answer::Refuse(format!("no room: {}", self.words(&load, streams + 1))),
        }
    }

    /// What that many streams take, and what is available, as a text.
    pub fn words(&self, load: &Load, streams: usize) -> String {
        let percent = self.headroom * 100.0;
        let (n, cores) = (streams as f64, self.machine.cores);
        if load.cores * n > cores * self.headroom {
            let (needed, each) = (load.cores * n, load.cores);
            return format!(
                "{streams} streams take {needed:.2} cores, {each:.3} each; {percent:.0} % of {cores:.2} may be used"
            );
        }
        let own = self.own.unwrap_or(0);
        let all = self.machine.memory.saturating_sub(own) as f64;
        let [needed, each, all] = [load.memory * n, load.memory, all].map(|bytes| bytes / 1e6);
        format!(
            "{streams} streams take {needed:.0} MB, {each:.0} each; {percent:.0} % of {all:.0} may be used"
        )
    }

    /// The lag, if it is large and grows. A constant lag comes from a source that once was late.
    fn growing_lag(&self) -> Option<Duration> {
        let (first, last) = (self.uses.front()?, self.uses.back()?);
        (last.lag > LATE && last.lag > first.lag + Duration::from_secs(1)).then_some(last.lag)
    }
}

#[cfg(test)]
mod tests;
