// SPDX-License-Identifier: MPL-2.0
//! Measures the detection of the faults that `inject` makes: how many are found, how soon, how exactly, and false
//! alarms.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::play::Watched;
use super::truth::Episode;
use crate::analysis::Analysis;
use crate::chain::Pace;
use crate::choice::Choice;
use crate::inject::faults::{self, Event, Fault, Timing};
use crate::play::PlayEvent;
use crate::scratch::Scratch;
use crate::source::Streams;

/// An episode this near to an event, in ns, belongs to it.
const NEAR: u64 = 500_000_000;
/// How long to wait for a message of the bus.
const TICK: Duration = Duration::from_millis(50);

/// The results for a kind of fault.
#[derive(Debug, Default)]
struct Figures {
    events: usize,
    /// Time from the start of an event to its announcement, in ns; of the events that were found.
    delays: Vec<u64>,
    /// Errors of starts and ends, in ns.
    edges: Vec<u64>,
    /// False alarms: episodes of the kind where there is no event.
    stray: usize,
}

/// All figures.
#[derive(Debug, Default)]
pub struct Faults {
    found: BTreeMap<&'static str, Figures>,
    /// Kinds reported in clips without faults.
    alarms: BTreeMap<String, usize>,
    /// Length of those clips, in ns.
    length: u64,
}

impl Faults {
    /// Measures one clip with each of those faults, and without any.
    ///
    /// # Errors
    /// If the clip can't be decoded or coded.
    pub fn measure(
        &mut self,
        clip: &Path,
        (faults, timing): (&[Fault], Timing),
        (choice, analysis): (&Choice, Analysis),
        kbits: u32,
        scratch: &Scratch,
    ) -> Result<(), String> {
        let file = scratch.file("faults.mkv");
        let clean = faults::write(clip, &file, (&[], timing), kbits)?;
        let all = analysis.fit(Choice::from_text(&choice.to_string())?);
        for episode in watch(&file, all, analysis)?.episodes {
            *self.alarms.entry(episode.kind).or_default() += 1;
        }
        self.length += clean.length;
        for fault in faults {
            let Some(detector) = choice.only(fault.kind()) else {
                continue;
            };
            if clean.events(*fault).is_empty() {
                self.found.entry(fault.kind()).or_default();
                continue;
            }
            let written = faults::write(clip, &file, (&[*fault], timing), kbits)?;
            let reported = watch(&file, detector, analysis)?.episodes;
            let of_kind = reported.into_iter().filter(|e| e.kind == fault.kind());
            let figures = self.found.entry(fault.kind()).or_default();
            figures.add(&written.events(*fault), &of_kind.collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What is printed.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<17}{:>7}{:>7}{:>8}{:>9}{:>9}{:>7}{:>16}",
            "fault", "events", "found", "recall", "delay", "edges", "stray", "alarms per hour"
        )];
        let hours = self.length as f64 / 3.6e12;
        let per_hour = |kind: &str| {
            let count = self.alarms.get(kind).copied().unwrap_or(0);
            format!("{:.1}", count as f64 / hours.max(1e-9))
        };
        for (kind, figures) in &self.found {
            lines.push(format!(
                "{kind:<17}{}{:>16}",
                figures.text(),
                per_hour(kind)
            ));
        }
        let others = self
            .alarms
            .keys()
            .filter(|k| !self.found.contains_key(k.as_str()));
        lines.extend(others.map(|kind| format!("{kind:<64}{:>16}", per_hour(kind))));
        lines.push(format!(
            "{:.1} minutes without faults; delay and edges: median; too short for an event: -",
            hours * 60.0
        ));
        lines
    }
}

impl Figures {
    fn add(&mut self, events: &[Event], episodes: &[Episode]) {
        let touches = |episode: &Episode, event: &Event| {
            episode.start <= event.end.saturating_add(NEAR)
                && episode.end.saturating_add(NEAR) >= event.start
        };
        self.events += events.len();
        for event in events {
            let Some(episode) = episodes.iter().find(|e| touches(e, event)) else {
                continue;
            };
            self.delays.push(episode.told.saturating_sub(event.start));
            self.edges.push(episode.start.abs_diff(event.start));
            self.edges.push(episode.end.abs_diff(event.end));
        }
        let is_stray = |e: &&Episode| !events.iter().any(|event| touches(e, event));
        self.stray += episodes.iter().filter(is_stray).count();
    }

    fn text(&self) -> String {
        let seconds = |times: &[u64]| {
            let mut sorted = times.to_vec();
            sorted.sort_unstable();
            let median = sorted.get(sorted.len() / 2);
            median.map_or("-".to_owned(), |t| format!("{:.2} s", *t as f64 / 1e9))
        };
        let recall = match self.events {
            0 => "-".to_owned(),
            events => format!("{:.2}", self.delays.len() as f64 / events as f64),
        };
        format!(
            "{:>7}{:>7}{recall:>8}{:>9}{:>9}{:>7}",
            self.events,
            self.delays.len(),
            seconds(&self.delays),
            seconds(&self.edges),
            self.stray
        )
    }
}

/// Watches a file as `defect-monitor` does.
fn watch(file: &Path, choice: Choice, analysis: Analysis) -> Result<Watched, String> {
    let uri = gst::glib::filename_to_uri(file, None).map_err(|e| e.to_string())?;
    let pace = Pace {
        realtime: false,
        limit: None,
    };
    let streams = Streams::new(Arc::new(choice), pace);
    let (mut play, on_defect) = analysis.play(&uri, streams, None)?;
    let mut watched = Watched::default();
    let mut failure = None;
    let mut take = |events: Vec<PlayEvent>| {
        for event in events {
            match event {
                PlayEvent::Defect(track, defect) => {
                    on_defect(&track, &defect);
                    watched.note(&defect);
                }
                PlayEvent::Failed(why) => failure = Some(why),
                PlayEvent::Measurement(..) | PlayEvent::Element(..) | PlayEvent::Warning(_) => {}
            }
        }
    };
    while !play.is_over() {
        take(play.events(TICK));
    }
    take(play.stop());
    failure.map_or(Ok(watched), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_episodes_are_matched() {
        let s = 1_000_000_000;
        let episode = |start: u64, told: u64, end: u64| Episode {
            element: "blackdetect0".into(),
            id: start,
            kind: "black".into(),
            start,
            told,
            end,
        };
        let event = |start, end| Event { start, end };
        let mut figures = Figures::default();
        figures.add(
            &[event(3 * s, 7 * s), event(11 * s, 15 * s)],
            &[
                episode(3 * s, 5 * s, 7 * s),
                episode(20 * s, 22 * s, 24 * s),
            ],
        );
        assert_eq!((figures.events, figures.stray), (2, 1));
        assert_eq!(figures.delays, [2 * s]);
        assert_eq!(figures.edges, [0, 0]);
        assert_eq!(figures.text().split_whitespace().nth(2), Some("0.50"));
    }
}
