// SPDX-License-Identifier: MPL-2.0
//! Health and numbers of the service's parts (store, receivers, members).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::log;

/// Health of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "health", content = "why")]
pub enum PartHealth {
    /// Works as it should.
    Fine,
    /// Works in part, or late: a store that is away while results are spooled.
    Degraded(String),
    /// Loses something. Streams are watched all the same.
    Broken(String),
}

impl PartHealth {
    /// In words.
    fn text(&self) -> String {
        match self {
            Self::Fine => "works again".to_owned(),
            Self::Degraded(why) => format!("degraded: {why}"),
            Self::Broken(why) => format!("broken: {why}"),
        }
    }
}

/// The state of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name, e.g. `results` or `alerts: mqtt`.
    pub name: String,
    /// Its health.
    #[serde(flatten)]
    pub health: PartHealth,
    /// Since when it has been so.
    pub since: Timestamp,
}

/// A number that parts keep: a metric family, one value for each part.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// What it says.
    pub help: &'static str,
    /// It only grows.
    pub counts: bool,
    /// By the name of the part.
    pub values: BTreeMap<String, f64>,
}

/// All parts. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Parts(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    parts: BTreeMap<String, (PartHealth, Timestamp)>,
    numbers: BTreeMap<&'static str, Number>,
}

impl Parts {
    /// Sets the health of a part. Set `Fine` at the start, so that it is known.
    pub fn report(&self, part: &str, health: PartHealth) {
        let log = match health {
            PartHealth::Fine => log::line,
            PartHealth::Degraded(_) => log::warn,
            PartHealth::Broken(_) => log::error,
        };
        if let Some(text) = self.note(part, health) {
            log(part, &text);
        }
    }

    /// Sets the health of a part. Returns the text to log: trouble once, and when it is over.
    fn note(&self, part: &str, health: PartHealth) -> Option<String> {
        let mut inner = self.inner();
        match inner.parts.get_mut(part) {
            Some(now) => {
                // The same state with another reason isn't logged again.
                let same = std::mem::discriminant(&now.0) == std::mem::discriminant(&health);
                let since = if same { now.1 } else { Timestamp::now() };
                let text = (!same).then(|| health.text());
                *now = (health, since);
                text
            }
            None => {
                let text = (health != PartHealth::Fine).then(|| health.text());
                let entry = (health, Timestamp::now());
                inner.parts.insert(part.to_owned(), entry);
                text
            }
        }
    }

    /// There is no such part any more.
    pub fn remove(&self, part: &str) {
        let mut inner = self.inner();
        inner.parts.remove(part);
        for number in inner.numbers.values_mut() {
            number.values.remove(part);
        }
    }

    /// Sets a number that goes up and down. `name` is the metric's, in base units, e.g. `defect_results_spooled_bytes`.
    pub fn gauge(&self, name: &'static str, help: &'static str, part: &str, value: f64) {
        self.number(name, help, false, part, |v| *v = value);
    }

    /// Adds to a number that only grows. The metric gets the suffix `_total` if `name` hasn't.
    pub fn add(&self, name: &'static str, help: &'static str, part: &str, by: f64) {
        let name = name.strip_suffix("_total").unwrap_or(name);
        self.number(name, help, true, part, |v| *v += by);
    }

    /// All parts.
    pub fn list(&self) -> Vec<Part> {
        let inner = self.inner();
        let parts = inner.parts.iter();
        parts
            .map(|(name, (health, since))| Part {
                name: name.clone(),
                health: health.clone(),
                since: *since,
            })
            .collect()
    }

    /// All numbers, by metric; those that only grow without `_total`.
    pub fn numbers(&self) -> BTreeMap<&'static str, Number> {
        self.inner().numbers.clone()
    }

    fn number(
        &self,
        name: &'static str,
        help: &'static str,
        counts: bool,
        part: &str,
        change: impl FnOnce(&mut f64),
    ) {
        let mut inner = self.inner();
        let number = inner.numbers.entry(name).or_insert_with(|| Number {
            help,
            counts,
            values: BTreeMap::new(),
        });
        match number.values.get_mut(part) {
            Some(value) => change(value),
            None => change(number.values.entry(part.to_owned()).or_default()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_as_it_said_last_since_it_became_so() {
        let parts = Parts::default();
        parts.report("results", PartHealth::Fine);
        let first = parts.list()[0].since;
        parts.report("results", PartHealth::Degraded("away".to_owned()));
        let degraded = parts.list()[0].clone();
        parts.report("results", PartHealth::Degraded("away, 3 tries".to_owned()));
        let still = parts.list()[0].clone();
        assert!(first <= degraded.since);
        assert_eq!(still.since, degraded.since);
        assert_eq!(
            still.health,
            PartHealth::Degraded("away, 3 tries".to_owned())
        );
        assert_eq!(parts.list().len(), 1);
    }

    #[test]
    fn trouble_is_logged_once_and_when_it_is_over() {
        let parts = Parts::default();
        let away = |n: u32| PartHealth::Degraded(format!("away, {n} tries"));
        assert_eq!(parts.note("a", PartHealth::Fine), None);
        let begins = parts.note("a", away(1));
        assert_eq!(begins.as_deref(), Some("degraded: away, 1 tries"));
        assert_eq!(parts.note("a", away(2)), None);
        let ends = parts.note("a", PartHealth::Fine);
        assert_eq!(ends.as_deref(), Some("works again"));
        assert_eq!(parts.note("a", PartHealth::Fine), None);
    }

    #[test]
    fn numbers_are_set_or_added_to_by_part() {
        let parts = Parts::default();
        parts.gauge("spooled_bytes", "Waiting.", "results", 7.0);
        parts.gauge("spooled_bytes", "Waiting.", "results", 5.0);
        parts.add("sent_total", "Sent.", "a", 1.0);
        parts.add("sent_total", "Sent.", "a", 2.0);
        parts.add("sent_total", "Sent.", "b", 4.0);
        let numbers = parts.numbers();
        assert_eq!(numbers["spooled_bytes"].values["results"], 5.0);
        assert!(numbers["sent"].counts && !numbers["spooled_bytes"].counts);
        assert_eq!(numbers["sent"].values["a"], 3.0);
        assert_eq!(numbers["sent"].values["b"], 4.0);
    }
}
