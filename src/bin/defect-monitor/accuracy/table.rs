// SPDX-License-Identifier: MPL-2.0
//! The table of the figures.

use std::collections::BTreeMap;

use super::luma::Shares;
use super::truth::{Event, Result};

/// Selects one of the shares.
type SelectShare = fn(&Shares) -> f64;
/// The classes of events: name, and the least share of the blocks of which damage.
const CLASSES: [(&str, SelectShare, f64); 8] = [
    ("all", |s| s.bad, 0.0),
    ("area 1 %", |s| s.bad, 0.01),
    ("area 5 %", |s| s.bad, 0.05),
    ("area 10 %", |s| s.bad, 0.1),
    ("gross 1 %", |s| s.gross, 0.01),
    ("gross 5 %", |s| s.gross, 0.05),
    ("visible 1 %", |s| s.visible, 0.01),
    ("visible 5 %", |s| s.visible, 0.05),
];

/// All results.
#[derive(Debug, Default)]
pub struct Table {
    codecs: BTreeMap<&'static str, Vec<Result>>,
}

impl Table {
    /// One more.
    pub fn add(&mut self, codec: &'static str, result: Result) {
        self.codecs.entry(codec).or_default().push(result);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.codecs.is_empty()
    }

    /// What is printed.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<13}{:<17}{:<12}{:>7}{:>7}{:>8}{:>11}{:>9}{:>9}",
            "codec", "kind", "severity", "events", "found", "recall", "precision", "delay", "p95"
        )];
        for (codec, results) in &self.codecs {
            let wrong: usize = results.iter().map(|r| r.wrong).sum();
            for (name, share, least) in CLASSES {
                let events: Vec<&Event> = results
                    .iter()
                    .flat_map(|r| &r.events)
                    .filter(|e| share(&e.shares) >= least)
                    .collect();
                lines.push(line(codec, name, &events, wrong));
            }
        }
        lines.push(String::new());
        lines.extend(self.alarms());
        lines
    }

    /// False alarms on the undamaged streams.
    fn alarms(&self) -> Vec<String> {
        let all = || self.codecs.values().flatten();
        let hours = all().map(|r| r.length).sum::<u64>() as f64 / 3.6e12;
        let lost: usize = all().map(|r| r.lost).sum();
        let mut kinds = BTreeMap::from([("block-corruption", 0u32)]);
        for kind in all().flat_map(|r| &r.false_alarms) {
            *kinds.entry(kind).or_default() += 1;
        }
        let mut lines = vec![
            format!(
                "{:.1} minutes of undamaged streams; {lost} pictures lost in the damaged ones",
                hours * 60.0
            ),
            format!("{:<25}{:>14}{:>11}", "kind", "undamaged", "per hour"),
        ];
        lines.extend(kinds.iter().map(|(kind, count)| {
            let rate = if hours > 0.0 {
                f64::from(*count) / hours
            } else {
                0.0
            };
            format!("{kind:<25}{count:>14}{rate:>11.1}")
        }));
        lines
    }
}

fn line(codec: &str, class: &str, events: &[&Event], wrong: usize) -> String {
    let mut delays: Vec<u64> = events.iter().filter_map(|e| e.delay).collect();
    delays.sort_unstable();
    let found = delays.len();
    let share = |part: usize, whole: usize| match whole {
        0 => "-".to_owned(),
        _ => format!("{:.2}", part as f64 / whole as f64),
    };
    let seconds = |at: usize| match delays.get(at) {
        Some(delay) => format!("{:.2} s", *delay as f64 / 1e9),
        None => "-".to_owned(),
    };
    format!(
        "{:<13}{:<17}{:<12}{:>7}{:>7}{:>8}{:>11}{:>9}{:>9}",
        codec,
        "block-corruption",
        class,
        events.len(),
        found,
        share(found, events.len()),
        share(found, found + wrong),
        seconds(found / 2),
        seconds((found * 95 / 100).min(found.saturating_sub(1)))
    )
}
