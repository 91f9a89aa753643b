// SPDX-License-Identifier: MPL-2.0
//! The bins of a process that watch one programme: together they know when picture and sound are gone.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use gst::{glib, prelude::*, subclass::prelude::*};

use super::{super::speech::Heard, DefectBin, lock, speech_log::SpeechLog};
use crate::alarms::outage::{Absence, EpisodeId, Half, OutageChange, OutageTracker};
use crate::alarms::relations;
use crate::media::Ns;
use crate::message::{DEFECT, DefectMessage};

static PROGRAMMES: Mutex<BTreeMap<String, Weak<Shared>>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Whether an outage may begin or end as streams go on.
    is_undecided: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    tracker: OutageTracker,
    /// How far each bin's stream has come, in running time.
    positions: Vec<(u64, Weak<AtomicU64>)>,
    /// The number of the last bin that joined.
    last: u64,
    /// The bin that told last that the picture is gone.
    picture: Option<OutageReporter>,
    /// The one that posted the begin of an outage and posts its end as well.
    reporter: Option<OutageReporter>,
    speech: SpeechLog,
}

/// A bin that posts outages: one that watches the picture.
#[derive(Debug, Clone)]
struct OutageReporter {
    bin: glib::WeakRef<DefectBin>,
    /// Its number of the outage.
    id: u64,
    /// A message of its detectors: it relates running time to the other times.
    defect: DefectMessage,
}

/// The membership of a bin in a programme.
#[derive(Debug)]
pub struct Membership {
    shared: Arc<Shared>,
    number: u64,
    position: Arc<AtomicU64>,
    /// The number of the next onset of speech that the bin hasn't been told.
    told: Mutex<u64>,
}

impl Membership {
    /// In the programme of that name; none without a name.
    pub fn of(name: &str) -> Option<Self> {
        if name.is_empty() {
            return None;
        }
        let mut all = lock(&PROGRAMMES);
        all.retain(|_, shared| shared.strong_count() > 0);
        let known = all.get(name).and_then(Weak::upgrade);
        let shared = known.unwrap_or_else(|| {
            let new = Arc::<Shared>::default();
            all.insert(name.to_owned(), Arc::downgrade(&new));
            new
        });
        drop(all);
        let position = Arc::<AtomicU64>::default();
        let mut state = lock(&shared.state);
        state.last += 1;
        let number = state.last;
        state.positions.push((number, Arc::downgrade(&position)));
        drop(state);
        Some(Self {
            shared,
            number,
            position,
            told: Mutex::default(),
        })
    }

    /// Whether the programme has no sound.
    pub fn is_silent(&self) -> bool {
        lock(&self.shared.state).tracker.is_silent()
    }

    /// In that bin's sound someone begins to speak, at that running time.
    pub fn note_speech(&self, at: Ns) {
        lock(&self.shared.state).speech.add(self.number, at);
    }

    /// What was heard in the programme since the last call; `None` if there is no sound with speech.
    pub fn take_heard(&self) -> Option<Heard> {
        let state = lock(&self.shared.state);
        let position = state.position_of(state.speech.source()?)?;
        Some(state.speech.since(&mut lock(&self.told), position))
    }

    /// The stream of that bin has come so far, in running time; posts outages that are certain now.
    pub fn set_position(&self, position: Ns) {
        self.position.store(position, Ordering::Release);
        if self.shared.is_undecided.load(Ordering::Acquire) {
            self.shared.decide(lock(&self.shared.state));
        }
    }

    /// Takes a message of a detector of that bin; posts outages that are certain now.
    pub fn note(&self, defect: &DefectMessage, bin: &DefectBin) {
        let Some(half) = half(defect) else {
            return;
        };
        let episode = EpisodeId {
            stream: self.number,
            element: defect.element.clone(),
            id: defect.id,
        };
        let since = defect.running_time.unwrap_or(defect.timestamp);
        let until = since.saturating_add(defect.duration);
        self.position.fetch_max(until, Ordering::AcqRel);
        let mut state = lock(&self.shared.state);
        if defect.state == "end" {
            state.tracker.end(&episode, until, defect.reason.clone());
        } else {
            state.tracker.begin(Absence {
                half,
                is_still: defect.kind == relations::STILL,
                episode,
                since,
                announced: until,
                clear_duration: clear_duration(bin, &defect.element),
            });
        }
        if half == Half::Picture {
            state.picture = Some(OutageReporter {
                bin: bin.downgrade(),
                id: 0,
                defect: defect.clone(),
            });
        }
        self.shared.decide(state);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.positions.retain(|(number, _)| *number != self.number);
        state.tracker.remove(self.number);
        state.speech.remove(self.number);
        let is_last = state.positions.is_empty();
        self.shared.decide(state);
        if is_last {
            // Times begin again with the next start.
            lock(&self.shared.state).tracker.reset();
        }
    }
}

impl Shared {
    /// Posts outages that are certain now. Nothing is locked while one is posted.
    fn decide(&self, mut state: std::sync::MutexGuard<'_, State>) {
        let State {
            tracker, positions, ..
        } = &mut *state;
        for (number, position) in positions {
            if let Some(position) = position.upgrade() {
                tracker.set_position(*number, position.load(Ordering::Acquire));
            }
        }
        let changes: Vec<_> = std::iter::from_fn(|| tracker.next_change()).collect();
        let is_undecided = tracker.is_undecided();
        self.is_undecided.store(is_undecided, Ordering::Release);
        let told: Vec<_> = changes
            .into_iter()
            .filter_map(|change| Some((state.reporter_of(&change)?, change)))
            .collect();
        drop(state);
        for ((bin, reporter), change) in told {
            reporter.tell(&bin, change);
        }
    }
}

impl State {
    /// How far the stream of the bin with that number has come, in running time.
    fn position_of(&self, number: u64) -> Option<Ns> {
        let (_, position) = self.positions.iter().find(|(n, _)| *n == number)?;
        Some(position.upgrade()?.load(Ordering::Acquire))
    }

    /// Who posts a change, and its bin: that must not be dropped while the state is locked, for with it its membership ends.
    fn reporter_of(&mut self, change: &OutageChange) -> Option<(DefectBin, OutageReporter)> {
        let begins = matches!(change, OutageChange::Begin { .. });
        if begins {
            self.reporter = self.picture.clone();
        }
        let reporter = self.reporter.as_mut()?;
        let bin = reporter.bin.upgrade()?;
        if begins {
            reporter.id = bin.imp().next_number();
        }
        Some((bin, reporter.clone()))
    }
}

/// How long after the end of an episode of that detector the end is told, in ns.
fn clear_duration(bin: &DefectBin, element: &str) -> Ns {
    bin.by_name(element)
        .map_or(0, |element| element.property("clear-duration"))
}

fn half(defect: &DefectMessage) -> Option<Half> {
    let is_whole = defect.channel.is_none_or(|channel| channel < 0);
    let kind = defect.kind.as_str();
    if relations::NO_PICTURE.contains(&kind) {
        Some(Half::Picture)
    } else if relations::NO_SOUND.contains(&kind) && is_whole {
        Some(Half::Sound)
    } else {
        None
    }
}

impl OutageReporter {
    fn tell(&self, bin: &DefectBin, change: OutageChange) {
        let (since, until, state) = match change {
            OutageChange::Begin { since, until } => (since, until, "begin"),
            OutageChange::End { since, at, .. } => (since, at, "end"),
        };
        let mut s = self.structure(since, until.saturating_sub(since));
        s.set("state", state);
        if let OutageChange::End { reason, .. } = change {
            s.set("reason", reason.as_deref().unwrap_or("cleared"));
        }
        let message = gst::message::Element::builder(s).src(bin).build();
        // Posting fails only without a bus, when nobody listens.
        let _ = bin.post_message(message);
    }

    fn structure(&self, since: Ns, duration: Ns) -> gst::Structure {
        let defect = &self.defect;
        let known = defect.running_time.unwrap_or(defect.timestamp);
        let later = |time: Ns| time.saturating_add(since).saturating_sub(known);
        let mut s = gst::Structure::builder(DEFECT)
            .field("kind", relations::OUTAGE)
            .field("id", self.id)
            .field("severity", crate::detector::Severity::Critical.nick())
            .field("timestamp", later(defect.timestamp))
            .field("duration", duration)
            // Value: seconds for which both are gone; threshold 0.
            .field("value", duration as f64 / 1e9)
            .field("threshold", 0.0)
            .field("confidence", defect.confidence)
            .build();
        if let Some(time) = defect.stream_time {
            s.set("stream-time", later(time));
        }
        if let Some(time) = defect.running_time {
            s.set("running-time", later(time));
        }
        s
    }
}
