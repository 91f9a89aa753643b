// SPDX-License-Identifier: MPL-2.0
//! The settings that every detector has.

use super::settings::{Domain, MAX_TIME, Setting, Spec, Value};
use crate::media::{MS, Ns};

/// The shortest time between two `ongoing` messages of an episode, in ns; shorter settings would flood the bus. Chosen.
pub(super) const SHORTEST_UPDATE_INTERVAL: Ns = 100 * MS;

/// The shortest time between two measurement messages, in ns; shorter settings would flood the bus. Chosen: a block of sound.
pub(super) const SHORTEST_MEASUREMENT_INTERVAL: Ns = 10 * MS;

setting_enum! {
    /// How bad a defect is.
    pub enum Severity: "GstDefectSeverity" {
        /// Worth knowing
        Info = "info",
        /// Should be looked at
        Warning = "warning",
        /// Viewers notice it
        Error = "error",
        /// The programme is lost
        Critical = "critical",
    }
}

/// The settings that every detector has.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Whether it analyses at all.
    pub active: bool,
    /// What its messages say.
    pub severity: Severity,
    /// How long a defect has to last before it is announced.
    pub min_duration: Ns,
    /// How long it has to be gone before it is over.
    pub clear_duration: Ns,
    /// Time between two `ongoing` messages, 0 = none.
    pub update_interval: Ns,
    /// Time between two measurement messages, 0 = none.
    pub measurement_interval: Ns,
    /// Whether measurements, and defects that begin, are posted.
    pub post_messages: bool,
}

impl Common {
    /// A detector's defaults: severity, `min-duration`, `clear-duration`.
    pub const fn new(severity: Severity, min_duration: Ns, clear_duration: Ns) -> Self {
        Self {
            active: true,
            severity,
            min_duration,
            clear_duration,
            update_interval: 0,
            measurement_interval: 0,
            post_messages: true,
        }
    }

    /// The declarations, with this as the defaults.
    pub fn specs(&self) -> Vec<Spec> {
        let time = |name, doc, default| Spec {
            name,
            doc,
            default: Value::U64(default),
            domain: Domain::U64(0, MAX_TIME),
        };
        vec![
            Spec {
                name: "active",
                doc: "Whether the stream is analysed; if not, buffers only pass",
                default: Value::Bool(self.active),
                domain: Domain::Bool,
            },
            Spec {
                name: "severity",
                doc: "Severity that the messages carry",
                default: self.severity.to_value(),
                domain: Severity::domain(None),
            },
            time(
                "min-duration",
                "How long a defect has to last before it is reported, in ns",
                self.min_duration,
            ),
            time(
                "clear-duration",
                "How long a defect has to be gone before its end is reported, in ns",
                self.clear_duration,
            ),
            time(
                "update-interval",
                "Stream time between two messages about a defect that goes on, in ns (0 = off, else at least 100 ms)",
                self.update_interval,
            ),
            time(
                "measurement-interval",
                "Stream time between two measurement messages, in ns (0 = off, else at least 10 ms)",
                self.measurement_interval,
            ),
            Spec {
                name: "post-messages",
                doc: "Whether measurements, and defects that begin from now on, are posted on the bus; a defect that was posted still gets \
                its end",
                default: Value::Bool(self.post_messages),
                domain: Domain::Bool,
            },
        ]
    }

    /// How many there are.
    pub const COUNT: usize = 7;

    /// The value of the setting with that index.
    pub fn get(&self, index: usize) -> Value {
        match index {
            0 => Value::Bool(self.active),
            1 => self.severity.to_value(),
            2 => Value::U64(self.min_duration),
            3 => Value::U64(self.clear_duration),
            4 => Value::U64(self.update_interval),
            5 => Value::U64(self.measurement_interval),
            _ => Value::Bool(self.post_messages),
        }
    }

    /// Changes the setting with that index; a value of the wrong type changes nothing.
    pub fn set(&mut self, index: usize, value: Value) {
        match (index, value) {
            (0, Value::Bool(v)) => self.active = v,
            (1, v @ Value::Choice(_)) => {
                self.severity = Severity::from_value(v).unwrap_or(self.severity)
            }
            (2, Value::U64(v)) => self.min_duration = v,
            (3, Value::U64(v)) => self.clear_duration = v,
            (4, Value::U64(v)) => self.update_interval = v,
            (5, Value::U64(v)) => self.measurement_interval = v,
            (6, Value::Bool(v)) => self.post_messages = v,
            _ => {}
        }
    }
}
