// SPDX-License-Identifier: MPL-2.0
//! What a receiver is sent.

use serde::{Deserialize, Serialize};

use super::operations::Acknowledgement;
use crate::service::outcome::Event;

/// Severities, the least first.
pub const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];

/// The place of a severity among all, from 0; that of an unknown one is the highest.
pub fn rank(severity: &str) -> usize {
    let known = SEVERITIES.iter().position(|known| *known == severity);
    known.unwrap_or(SEVERITIES.len() - 1)
}

/// An alarm begins, goes on or is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    /// The event of its first episode, whose name is that of the alarm.
    #[serde(flatten)]
    pub event: Event,
    /// It comes and goes: its end is awaited for longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flapping: bool,
    /// How often it was sent again, since it lasts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeats: u64,
    /// Who has taken care of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Notice {
    /// The same for one that comes twice: the alarm and its state, and if it goes on for how long it has.
    pub fn key(&self) -> String {
        let (episode, defect) = (&self.event.episode, &self.event.defect);
        match defect.state.as_str() {
            "ongoing" => format!("{episode}/ongoing/{}", defect.duration),
            state => format!("{episode}/{state}"),
        }
    }

    /// Whether the alarm is over.
    pub fn is_end(&self) -> bool {
        self.event.defect.state == "end"
    }

    /// In one line, for people.
    pub fn title(&self) -> String {
        let Event { source, defect, .. } = &self.event;
        let place = match &*source.track {
            "" => source.stream.to_string(),
            track => format!("{} ({track})", source.stream),
        };
        let kind = &defect.kind;
        let seconds = defect.duration as f64 / 1e9;
        match defect.state.as_str() {
            "begin" => format!("{place}: {kind}, {}", defect.severity),
            "end" => format!("{place}: {kind} is over after {seconds:.0} s"),
            _ => format!("{place}: {kind}, {}, for {seconds:.0} s", defect.severity),
        }
    }

    /// What else is known, for people.
    pub fn details(&self) -> String {
        let Event { time, defect, .. } = &self.event;
        let mut all = vec![format!("since {time:.0}")];
        let mut add = |name: &str, text: String| all.push(format!("{name} {text}"));
        add(
            "value",
            format!("{:.3} (limit {:.3})", defect.value, defect.threshold),
        );
        if let Some(detail) = &defect.detail {
            add("detail:", detail.clone());
        }
        if let Some(count) = defect.count.filter(|count| *count > 1) {
            add("times:", count.to_string());
        }
        if let Some(reason) = &defect.reason {
            add("reason:", reason.clone());
        }
        if self.flapping {
            all.push("comes and goes".to_owned());
        }
        if let Some(Acknowledgement { who, word, .. }) = &self.acknowledged {
            all.push(
                format!("taken care of by {who} {word}")
                    .trim_end()
                    .to_owned(),
            );
        }
        all.join(", ")
    }
}
