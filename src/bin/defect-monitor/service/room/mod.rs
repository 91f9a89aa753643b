// SPDX-License-Identifier: MPL-2.0
//! Who is let in, who is beyond what fits, and who is late.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::admission::{Admission, Config, LATE, Load, Policy, Use};
use super::log;
use super::parts::{Health, Parts};
use crate::lock::lock;
use crate::machine::Machine;

mod seat;
#[cfg(test)]
mod tests;

pub use seat::Seat;

/// Its name among the parts of the process.
const PART: &str = "capacity";
/// The metric by which members are added and taken away.
pub const LOAD_RATIO: &str = "defect_capacity_load_ratio";
/// So many seconds in a row streams must take too much before it is said of any.
const LASTING: u32 = 10;
/// Names in a list before it is cut.
const NAMED: usize = 5;

/// Room for streams.
#[derive(Debug)]
pub struct Room(Mutex<Known>);

#[derive(Debug)]
struct Known {
    policy: Policy,
    headroom: f64,
    admission: Admission,
    started: Instant,
    /// By the number of the seat.
    guests: BTreeMap<u64, Guest>,
    /// Of the next seat, and of the next that is let in.
    numbers: (u64, u64),
    /// All stream that was watched.
    watched: Duration,
    /// Seconds in which streams took too much.
    over: u32,
    /// What was said last.
    said: [String; 3],
}

/// Who has a seat.
#[derive(Debug)]
struct Guest {
    id: Arc<str>,
    /// Its place in the order in which streams were let in, and when that was.
    place: Option<(u64, Instant)>,
    is_watching: bool,
    is_refused: bool,
    lag: Duration,
    is_late: bool,
    /// Why it may come late.
    beyond: Option<Arc<str>>,
}

impl Default for Room {
    fn default() -> Self {
        let Config {
            admission: policy,
            headroom,
        } = Config::default();
        Self(Mutex::new(Known {
            policy,
            headroom,
            admission: Admission::new(Machine::here(), headroom),
            started: Instant::now(),
            guests: BTreeMap::new(),
            numbers: (0, 0),
            watched: Duration::ZERO,
            over: 0,
            said: Default::default(),
        }))
    }
}

impl Room {
    /// What the configuration says.
    pub fn set(&self, config: &Config) {
        let mut known = lock(&self.0);
        (known.policy, known.headroom) = (config.admission, config.headroom);
    }

    /// A seat for a stream; it isn't let in yet.
    pub fn seat(self: &Arc<Self>, id: &Arc<str>) -> Seat {
        let mut known = lock(&self.0);
        let number = known.numbers.0;
        known.numbers.0 += 1;
        let guest = Guest {
            id: Arc::clone(id),
            place: None,
            is_watching: false,
            is_refused: false,
            lag: Duration::ZERO,
            is_late: false,
            beyond: None,
        };
        known.guests.insert(number, guest);
        let room = Arc::clone(self);
        Seat::new(room, number)
    }

    /// To be called once a second: how much CPU time all processes have taken so far, and how many bytes of memory they have. Says how that is.
    pub fn look(&self, parts: &Parts, cpu: Duration, memory: u64) {
        let mut known = lock(&self.0);
        let headroom = known.headroom;
        known.admission.set_limits(Machine::here(), headroom);
        let at = known.started.elapsed();
        known.note(at, cpu, memory);
        known.say(parts);
    }
}

impl Known {
    fn admitted(&self) -> usize {
        self.guests.values().filter(|g| g.place.is_some()).count()
    }

    /// Takes note of what the process has used.
    fn note(&mut self, at: Duration, cpu: Duration, memory: u64) {
        for guest in self.guests.values_mut() {
            // Not in one second and out the next.
            let limit = if guest.is_late { LATE / 2 } else { LATE };
            guest.is_late = guest.lag > limit;
        }
        let lag = self.guests.values().map(|g| g.lag).max();
        self.admission.note(Use {
            at,
            cpu,
            watched: self.watched,
            memory,
            streams: self.admitted(),
            lag: lag.unwrap_or_default(),
        });
        let load = self.admission.load();
        self.flag(load.as_ref());
    }

    /// Those that were let in last are beyond what fits.
    fn flag(&mut self, load: Option<&Load>) {
        let streams = self.admitted();
        let fits = load.map_or(usize::MAX, |load| load.fits);
        self.over = match streams > fits {
            true => self.over.saturating_add(1),
            false => 0,
        };
        let why = load.filter(|_| self.over >= LASTING && self.policy != Policy::Off);
        let why = why.map(|load| Arc::from(self.admission.words(load, streams)));
        let places = self.guests.values().filter_map(|g| g.place);
        let mut places: Vec<u64> = places.map(|(place, _)| place).collect();
        places.sort_unstable();
        let first = places.get(fits).copied();
        for guest in self.guests.values_mut() {
            let is_beyond = guest
                .place
                .zip(first)
                .is_some_and(|(p, first)| p.0 >= first);
            guest.beyond = why.clone().filter(|_| is_beyond);
        }
    }

    /// Says how it is: as numbers, as the health of a part, and in the log when it changes.
    fn say(&mut self, parts: &Parts) {
        if let Some(load) = self.admission.load() {
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
        let beyond = self.guests.values().filter(|g| g.beyond.is_some()).count();
        parts.gauge(
            "defect_capacity_beyond_streams",
            "Streams that are watched beyond what fits",
            PART,
            beyond as f64,
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
                true => Health::Fine,
                false => Health::Degraded(text),
            },
        );
    }

    /// Who is concerned by what, and that in words.
    fn trouble(&self) -> ([String; 3], String) {
        let named = |is: fn(&Guest) -> bool, text: fn(&Guest) -> String| {
            let mut names: Vec<String> = self.guests.values().filter(|g| is(g)).map(text).collect();
            names.sort_unstable();
            names
        };
        let id = |g: &Guest| g.id.to_string();
        let late = named(|g| g.is_late, id);
        let beyond = named(|g| g.beyond.is_some(), id);
        let refused = named(|g| g.is_refused, id);
        let mut lines = Vec::new();
        if !late.is_empty() {
            let text = |g: &Guest| format!("{} {:.1} s", g.id, g.lag.as_secs_f64());
            lines.push(format!("late: {}", list(&named(|g| g.is_late, text))));
        }
        if !refused.is_empty() {
            lines.push(format!("not watched, no room: {}", list(&refused)));
        }
        if let Some(why) = self.guests.values().find_map(|g| g.beyond.as_deref()) {
            lines.push(format!("{why}; may come late: {}", list(&beyond)));
        }
        let groups = [late, refused, beyond].map(|names| names.join(" "));
        (groups, lines.join("; "))
    }
}

/// The first of them, and how many more.
fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
