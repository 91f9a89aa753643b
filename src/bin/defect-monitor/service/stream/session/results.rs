// SPDX-License-Identifier: MPL-2.0
//! What the detectors of a session say: dated by the clock of its track, and reported.

use gstdefect::{DefectMessage, MeasurementMessage};

use super::super::adaptive;
use super::super::wall::monotonic;
use super::{LATE, SECOND, Session};
use crate::lock::lock;
use crate::play::PlayEvent;
use crate::subtitles;

impl Session<'_> {
    /// Takes the events of the play.
    pub fn take(&mut self, events: Vec<PlayEvent>) {
        for event in events {
            match event {
                PlayEvent::Defect(track, defect) => self.defect(&track, defect),
                PlayEvent::Measurement(track, measurement) => {
                    self.measurement(&track, &measurement)
                }
                PlayEvent::Element(track, message) => {
                    if let Some((detectors, active)) = adaptive::switched(&message) {
                        self.stream.ledger.set_resting(&track, &detectors, !active);
                    }
                }
                PlayEvent::Warning(text) => self.stream.log_seldom(&text),
                PlayEvent::Failed(why) => self.failure = Some(self.stream.plan.uri.redact(&why)),
            }
        }
    }

    fn defect(&mut self, track: &str, defect: DefectMessage) {
        self.register_tracks();
        self.probes.note_defect(track, &defect);
        // Subtitles have no seconds in the ledger.
        let unknown = if subtitles::is_name(track) { track } else { "" };
        let known = self.known.get(track).cloned();
        let name = known.unwrap_or_else(|| unknown.into());
        let probed = self.probes.track(track);
        let time = defect.running_time.and_then(|running| {
            let clock = &probed.as_ref()?.clock;
            lock(clock).at(running)
        });
        let time = time.unwrap_or_else(|| monotonic() - defect.duration as i64);
        let analysed = self.probes.analysed(track, defect.stream_time);
        let place = (self.number, time);
        let reporter = &mut self.stream.reporter;
        let episode = reporter.defect(&name, place, analysed, defect.clone());
        if let Some(probed) = probed {
            self.pictures
                .note(reporter, (&name, &probed), &episode, &defect);
        }
    }

    fn measurement(&mut self, track: &str, measurement: &MeasurementMessage) {
        self.register_tracks();
        let (Some(name), Some(probed)) = (self.known.get(track), self.probes.track(track)) else {
            return;
        };
        let running = measurement.running_time;
        let Some(begins) = running.and_then(|running| lock(&probed.clock).at(running)) else {
            return;
        };
        // After a jump of time neither offset of the track's clock is right.
        let ahead = begins - monotonic();
        if self.is_realtime && ahead > LATE * SECOND {
            return;
        }
        let begins = self.stream.reporter.wall.unix(begins);
        self.stream.ledger.measured(name, begins, measurement);
    }
}
