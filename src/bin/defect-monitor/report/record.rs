// SPDX-License-Identifier: MPL-2.0
//! Records everything about one file while it plays.

use std::collections::HashMap;
use std::sync::Arc;

use gstdefect::{DefectMessage, MeasurementMessage};

use super::data::{Defect, File, Picture, Setting, Track, Verdict};
use super::probes::{Episode, Probes};
use super::strips::{self, Series};
use crate::choice::Choice;
use crate::ending::WAITING;
use crate::lock::lock;
use crate::play::{Play, PlayEvent};
use crate::{format, line, unit};

/// Defects that a report lists for each file.
const MOST_DEFECTS: usize = 1000;
/// Problems that it lists.
const MOST_PROBLEMS: usize = 50;

/// The record of one file.
#[derive(Debug)]
pub struct Record {
    probes: Arc<Probes>,
    series: Series,
    defects: Vec<Defect>,
    places: HashMap<Episode, usize>,
    omitted: usize,
    problems: Vec<String>,
    has_failed: bool,
}

impl Record {
    /// Of what plays in that pipeline from now on.
    pub fn install(pipeline: &gst::Pipeline) -> Self {
        Self {
            probes: Probes::install(pipeline),
            series: Series::default(),
            defects: Vec::new(),
            places: HashMap::new(),
            omitted: 0,
            problems: Vec::new(),
            has_failed: false,
        }
    }

    /// Takes note of what has happened.
    pub fn note(&mut self, event: &PlayEvent) {
        match event {
            PlayEvent::Defect(track, defect) => self.note_defect(track, defect),
            PlayEvent::Measurement(track, measurement) => self.note_measurement(track, measurement),
            PlayEvent::Element(..) => {}
            PlayEvent::Warning(text) => self.note_problem(text.clone()),
            PlayEvent::Failed(text) => {
                self.has_failed = true;
                self.note_problem(text.clone());
            }
        }
    }

    /// Takes note of something that went wrong.
    pub fn note_problem(&mut self, text: String) {
        // That no data comes for a moment says something of the machine, not of the file.
        let is_new = !self.problems.contains(&text) && text != WAITING;
        if is_new && self.problems.len() < MOST_PROBLEMS {
            self.problems.push(text);
        }
    }

    /// It couldn't be played to its end.
    pub fn fail(&mut self, why: String) {
        self.has_failed = true;
        self.note_problem(why);
    }

    fn note_defect(&mut self, track: &str, message: &DefectMessage) {
        let episode = (track.to_owned(), message.element.clone(), message.id);
        let start = line::start(message);
        let defect = Defect {
            start: start as f64 / 1e9,
            end: start.saturating_add(message.duration) as f64 / 1e9,
            track: track.to_owned(),
            unit: unit::of(&message.kind),
            message: message.clone(),
            start_picture: None,
            worst_picture: None,
            sound: None,
        };
        match self.places.get(&episode) {
            Some(place) => {
                if let Some(known) = self.defects.get_mut(*place) {
                    *known = defect;
                }
            }
            None if self.defects.len() < MOST_DEFECTS => {
                self.places.insert(episode, self.defects.len());
                self.defects.push(defect);
            }
            None if message.state == "begin" => self.omitted += 1,
            None => {}
        }
    }

    fn note_measurement(&mut self, track: &str, message: &MeasurementMessage) {
        let at = message.stream_time.or(message.running_time);
        let at = at.unwrap_or(message.timestamp);
        self.series.push(track, at, message);
    }

    /// What there is to report about it.
    pub fn finish(
        mut self,
        (name, uri): (&str, &str),
        play: &Play,
        choice: &Choice,
        settings: &[Setting],
    ) -> File {
        // Defects and measurements count from there already.
        let origin = play.origin();
        let seconds = origin as f64 / 1e9;
        let mut excerpts = self.probes.excerpts();
        for (episode, place) in &self.places {
            if let Some(defect) = self.defects.get_mut(*place) {
                let shots = self.probes.shots(episode);
                let place = |picture: Picture| picture.counted_from(seconds);
                defect.start_picture = shots.start.map(place);
                defect.worst_picture = shots.worst.map(place);
                let sound = excerpts.remove(episode);
                defect.sound = sound.map(|sound| sound.counted_from(seconds));
            }
        }
        self.defects.sort_by(|a, b| a.start.total_cmp(&b.start));
        let films = self.probes.films();
        for (track, film) in &films {
            self.series.push_luma(track, origin, lock(film).luma());
        }
        let first = films.values().next();
        let thumbnails = first.map_or_else(Vec::new, |film| lock(film).thumbnails());
        let thumbnails = thumbnails.into_iter().map(|p| p.counted_from(seconds));
        let tracks = tracks(play, choice);
        let verdict = match (self.has_failed, self.defects.is_empty()) {
            (true, _) => Verdict::Failed,
            (false, true) => Verdict::Clean,
            (false, false) => Verdict::Defects,
        };
        File {
            name: name.to_owned(),
            uri: uri.to_owned(),
            verdict,
            problems: self.problems,
            duration: play.watched() as f64 / 1e9,
            took: play.elapsed().as_secs_f64(),
            strips: strips::of(&self.series, &tracks, settings),
            tracks,
            defects: self.defects,
            omitted_defects: self.omitted,
            thumbnails: thumbnails.collect(),
        }
    }
}

/// A file that couldn't even be opened.
pub fn unplayable(name: &str, why: String) -> File {
    File {
        name: name.to_owned(),
        uri: String::new(),
        verdict: Verdict::Failed,
        problems: vec![why],
        duration: 0.0,
        took: 0.0,
        tracks: Vec::new(),
        defects: Vec::new(),
        omitted_defects: 0,
        strips: Vec::new(),
        thumbnails: Vec::new(),
    }
}

fn tracks(play: &Play, choice: &Choice) -> Vec<Track> {
    let mut chains = play.streams.chains();
    // Pictures first, whatever came first.
    chains.sort_by(|a, b| (!a.is_video, &a.name).cmp(&(!b.is_video, &b.name)));
    let tracks = chains.iter().filter_map(|chain| {
        let (caps, (length, _)) = chain.seen.format().zip(chain.seen.extent())?;
        Some(Track {
            name: chain.name.clone(),
            format: format::raw(&caps),
            codec: chain.codec(),
            duration: length as f64 / 1e9,
            detectors: choice.names(chain.is_video),
        })
    });
    tracks.collect()
}
