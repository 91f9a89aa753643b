// SPDX-License-Identifier: MPL-2.0
//! Admits streams by capacity, and marks those that may come late.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::admission::{Config, LATE, Load, LoadModel, Policy, Use};
use super::log;
use super::parts::{PartHealth, Parts};
use crate::lock::lock;
use crate::machine::Machine;

#[cfg(test)]
mod tests;
mod ticket;

pub use ticket::Ticket;

/// The name of this part in `/readyz` and metrics.
const PART: &str = "capacity";
/// The metric by which members are added and taken away.
pub const LOAD_RATIO: &str = "defect_capacity_load_ratio";
/// Consecutive seconds of overload before any stream is marked.
const LASTING: u32 = 10;
/// Names in a list before it is cut.
const NAMED: usize = 5;

/// Admits streams as long as they fit.
#[derive(Debug)]
pub struct CapacityGate(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    headroom: f64,
    load: LoadModel,
    started: Instant,
    /// By the number of the ticket.
    streams: BTreeMap<u64, GatedStream>,
    /// Number of the next ticket, and of the next stream that is admitted.
    numbers: (u64, u64),
    /// Stream time that was watched, of all streams.
    watched: Duration,
    /// Consecutive seconds of overload.
    over: u32,
    /// The texts logged last.
    said: [String; 3],
}

/// What a process can watch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    /// Cores that streams may take.
    pub cores: f64,
    /// Share of that, or of the memory, that is used; `None` until that is measured.
    pub used: Option<f64>,
}

/// A stream that has a ticket.
#[derive(Debug)]
struct GatedStream {
    id: Arc<str>,
    /// Its place in the order of admission, and when it was admitted.
    place: Option<(u64, Instant)>,
    is_watching: bool,
    is_refused: bool,
    lag: Duration,
    is_late: bool,
    /// Why it may come late.
    over_capacity: Option<Arc<str>>,
}

impl Default for CapacityGate {
    fn default() -> Self {
        let Config {
            admission: policy,
            headroom,
        } = Config::default();
        Self(Mutex::new(Inner {
            policy,
            headroom,
            load: LoadModel::new(Machine::here(), headroom),
            started: Instant::now(),
            streams: BTreeMap::new(),
            numbers: (0, 0),
            watched: Duration::ZERO,
            over: 0,
            said: Default::default(),
        }))
    }
}

impl CapacityGate {
    /// Sets the configuration.
    pub fn set(&self, config: &Config) {
        let mut inner = lock(&self.0);
        (inner.policy, inner.headroom) = (config.admission, config.headroom);
    }

    /// Whether streams that don't fit aren't to be watched.
    pub fn refuses(&self) -> bool {
        lock(&self.0).policy == Policy::Refuse
    }

    /// What this process can watch, as far as it is known.
    pub fn capacity(&self) -> Capacity {
        let inner = lock(&self.0);
        Capacity {
            cores: Machine::here().cores * inner.headroom,
            used: inner.load.used(),
        }
    }

    /// Makes a ticket for a stream; it isn't admitted yet.
    pub fn ticket(self: &Arc<Self>, id: &Arc<str>) -> Ticket {
        let mut inner = lock(&self.0);
        let number = inner.numbers.0;
        inner.numbers.0 += 1;
        let stream = GatedStream {
            id: Arc::clone(id),
            place: None,
            is_watching: false,
            is_refused: false,
            lag: Duration::ZERO,
            is_late: false,
            over_capacity: None,
        };
        inner.streams.insert(number, stream);
        let gate = Arc::clone(self);
        Ticket::new(gate, number)
    }

    /// To be called once a second with the CPU time that all processes have taken so far, and their bytes of memory.
    /// Marks streams and reports the health of this part.
    pub fn look(&self, parts: &Parts, cpu: Duration, memory: u64) {
        let mut inner = lock(&self.0);
        let headroom = inner.headroom;
        inner.load.set_limits(Machine::here(), headroom);
        let at = inner.started.elapsed();
        inner.note(at, cpu, memory);
        inner.say(parts);
    }
}

impl Inner {
    fn admitted(&self) -> usize {
        self.streams.values().filter(|g| g.place.is_some()).count()
    }

    /// Takes the use of the process into account.
    fn note(&mut self, at: Duration, cpu: Duration, memory: u64) {
        for stream in self.streams.values_mut() {
            // Hysteresis, so that a stream isn't marked in alternate seconds.
            let limit = if stream.is_late { LATE / 2 } else { LATE };
            stream.is_late = stream.lag > limit;
        }
        let lag = self.streams.values().map(|g| g.lag).max();
        self.load.note(Use {
            at,
            cpu,
            watched: self.watched,
            memory,
            streams: self.admitted(),
            lag: lag.unwrap_or_default(),
        });
        let load = self.load.load();
        self.flag(load.as_ref());
    }

    /// Marks the streams admitted last, beyond what fits.
    fn flag(&mut self, load: Option<&Load>) {
        let streams = self.admitted();
        let fits = load.map_or(usize::MAX, |load| load.fits);
        self.over = match streams > fits {
            true => self.over.saturating_add(1),
            false => 0,
        };
        let why = load.filter(|_| self.over >= LASTING && self.policy != Policy::Off);
        let why = why.map(|load| Arc::from(self.load.words(load, streams)));
        let places = self.streams.values().filter_map(|g| g.place);
        let mut places: Vec<u64> = places.map(|(place, _)| place).collect();
        places.sort_unstable();
        let first = places.get(fits).copied();
        for stream in self.streams.values_mut() {
            let is_beyond = stream
                .place
                .zip(first)
                .is_some_and(|(p, first)| p.0 >= first);
            stream.over_capacity = why.clone().filter(|_| is_beyond);
        }
    }

    /// Reports the state: as numbers, as the health of a part, and in the log when it changes.
    fn say(&mut self, parts: &Parts) {
        if let Some(load) = self.load.load() {
            let share = self.admitted() as f64 * load.share;
            parts.gauge(
                LOAD_RATIO,
                "Streams that were let in, as a share of what this process can watch in real time",
                PART,
                share,
            );
            parts.gauge(
                "defect_capacity_streams",
                "How many streams such as these this process can watch in real time",
                PART,
                load.fits as f64,
            );
        }
        let over_capacity = self
            .streams
            .values()
            .filter(|g| g.over_capacity.is_some())
            .count();
        parts.gauge(
            "defect_capacity_beyond_streams",
            "Streams that are watched beyond what fits",
            PART,
            over_capacity as f64,
        );
        let (groups, text) = self.trouble();
        if groups != self.said {
            let over = "all streams are watched, in time, and fit";
            match text.is_empty() {
                true => log::line(PART, over),
                false => log::warn(PART, &text),
            }
            self.said = groups;
        }
        parts.report(
            PART,
            match text.is_empty() {
                true => PartHealth::Fine,
                false => PartHealth::Degraded(text),
            },
        );
    }

    /// Names the streams that each text is about.
    fn trouble(&self) -> ([String; 3], String) {
        let named = |is: fn(&GatedStream) -> bool, text: fn(&GatedStream) -> String| {
            let mut names: Vec<String> =
                self.streams.values().filter(|g| is(g)).map(text).collect();
            names.sort_unstable();
            names
        };
        let id = |g: &GatedStream| g.id.to_string();
        let late = named(|g| g.is_late, id);
        let over_capacity = named(|g| g.over_capacity.is_some(), id);
        let refused = named(|g| g.is_refused, id);
        let mut lines = Vec::new();
        if !late.is_empty() {
            let text = |g: &GatedStream| format!("{} {:.1} s", g.id, g.lag.as_secs_f64());
            lines.push(format!("late: {}", list(&named(|g| g.is_late, text))));
        }
        if !refused.is_empty() {
            lines.push(format!("not watched, no room: {}", list(&refused)));
        }
        if let Some(why) = self
            .streams
            .values()
            .find_map(|g| g.over_capacity.as_deref())
        {
            lines.push(format!("{why}; may come late: {}", list(&over_capacity)));
        }
        let groups = [late, refused, over_capacity].map(|names| names.join(" "));
        (groups, lines.join("; "))
    }
}

/// The first names, and how many more.
fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
