// SPDX-License-Identifier: MPL-2.0
//! A session: a stream played once, from connecting to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Stream;
use super::ledger::Second;
use super::pictures::Pictures;
use super::probes::Probes;
use super::tracks::{self, Tracks};
use super::wall::monotonic;
use crate::address::Address;
use crate::chain::Pace;
use crate::lock::lock;
use crate::play::Play;
use crate::service::board::{State, Usage};
use crate::service::log;
use crate::service::protocol::StreamReport;
use crate::source::{self, Streams};

/// How a session ended.
#[derive(Debug)]
pub enum End {
    /// The stream was told to stop.
    Stopped,
    /// The source ended.
    Over,
    /// The source has other tracks than this session plays.
    Changed,
    /// Playing failed, and why.
    Failed(String),
}

/// Time without data after which the source is tried again.
pub const NO_DATA_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval at which the session is checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Time without data after which a source is absent, in seconds.
const GONE: f64 = 5.0;
/// Interval of the thumbnails for the page.
const THUMBNAIL: Duration = Duration::from_secs(3);
/// Width of a thumbnail in pixels.
const THUMBNAIL_WIDTH: u32 = 320;
/// How late or early measurements may come, in seconds.
const LATE: i64 = 8;
/// A second in ns.
const SECOND: i64 = 1_000_000_000;

mod results;

/// A session under way.
pub struct Session<'a> {
    stream: &'a mut Stream,
    play: Play,
    probes: Arc<Probes>,
    pictures: Pictures,
    /// Its start in ns of Unix time; no other session of the stream has this number.
    number: i64,
    /// The tracks that the ledger knows, by name.
    known: BTreeMap<String, Arc<str>>,
    tracks: Tracks,
    /// The source gives data in real time.
    is_realtime: bool,
    has_changed: bool,
    failure: Option<String>,
    checked: Instant,
    thumbnail: Option<Instant>,
    /// Stream time watched at the last update of the usage, in ns.
    watched: u64,
    /// Number of buffers of the sessions before this one.
    buffers: u64,
}

impl<'a> Session<'a> {
    /// Starts a session.
    pub fn start(stream: &'a mut Stream) -> Result<Self, String> {
        let plan = &stream.plan;
        let address = Address::of(plan.uri.plain.as_ref())?;
        let is_realtime = !plan.uri.is_file() || plan.realtime;
        // The next round of a file continues at the end of the last one, however long that took.
        let wall = stream.reporter.wall;
        let begin = (!is_realtime).then(|| match stream.is_looping {
            true => wall.monotonic(stream.ledger.end()),
            false => wall.monotonic(stream.ledger.end()).max(monotonic()),
        });
        let pace = Pace {
            realtime: is_realtime,
            limit: None,
        };
        let streams = Streams::new(Arc::clone(&stream.choice), pace);
        let mut probes = None;
        let play = Play::start(
            &address.uri,
            streams,
            Some(NO_DATA_TIMEOUT),
            |pipeline, streams| {
                let program = plan.config.program;
                probes = Some(Probes::install(pipeline, plan.analyse, program, begin));
                stream.threads.follow(pipeline);
                source::uri(pipeline, &address.uri, streams)
            },
        )?;
        let probes = probes.ok_or("no source")?;
        let failures = stream.usage.picture_failures;
        let id = Arc::clone(&stream.plan.id);
        let pictures = Pictures::new(id, failures);
        Ok(Self {
            number: stream.number(),
            buffers: stream.usage.buffers,
            stream,
            play,
            probes,
            pictures,
            known: BTreeMap::new(),
            tracks: Tracks::default(),
            is_realtime,
            has_changed: false,
            failure: None,
            checked: Instant::now(),
            thumbnail: None,
            watched: 0,
        })
    }

    /// Plays until the session ends.
    pub fn run(mut self) -> End {
        let stopper = self.stream.stopper.clone();
        while !stopper.is_stopped() && !self.play.is_over() && !self.has_changed {
            let events = self.play.events(CHECK_INTERVAL);
            self.check();
            self.take(events);
        }
        self.register_tracks();
        let events = self.play.stop();
        self.take(events);
        let analysed = |second: &Second| self.probes.analysed(&second.track, second.stream_time);
        self.stream.write_seconds(analysed);
        self.update_usage();
        match self.failure.take() {
            _ if stopper.is_stopped() => End::Stopped,
            _ if self.has_changed => End::Changed,
            Some(why) => End::Failed(why),
            None if self.play.has_failed() => End::Failed("it can't be played".to_owned()),
            None => End::Over,
        }
    }

    /// Whether data comes, damaged or not.
    fn is_present(&self) -> bool {
        let idle = |track: &super::probes::Track| lock(&track.clock).idle();
        let tracks = self.probes.tracks();
        let idle = tracks.values().filter_map(|track| idle(track));
        let idle = idle.min_by(f64::total_cmp);
        // A file that is read as fast as possible may pause for any time.
        let coded = self.probes.idle().map(|idle| idle.as_secs_f64());
        let idle = idle.map(|idle| coded.map_or(idle, |coded| idle.min(coded)));
        idle.is_some_and(|idle| idle < GONE || !self.is_realtime)
    }

    fn check(&mut self) {
        self.register_tracks();
        if self.checked.elapsed() < CHECK_INTERVAL {
            return;
        }
        self.checked = Instant::now();
        self.stream.keep_time();
        match self.is_present() {
            true => self.check_tracks(),
            false if !self.is_realtime => self.stream.note_reading_file(),
            false if self.play.streams.chains().is_empty() => {
                self.stream
                    .note_absent(State::Connecting, "connecting", None);
            }
            false => {
                let why = format!("no data for {GONE} s");
                self.stream
                    .note_absent(State::Connecting, "no-data", Some(&why));
            }
        }
        let probes = Arc::clone(&self.probes);
        self.stream
            .write_seconds(|second| probes.analysed(&second.track, second.stream_time));
        self.update_usage();
        self.send_thumbnail();
    }

    fn check_tracks(&mut self) {
        self.stream
            .note_present(Duration::from_nanos(self.play.watched()));
        if !self.is_realtime {
            return;
        }
        // Tracks without data while others go on.
        let until = self.stream.reporter.wall.now() / SECOND - LATE;
        self.stream.ledger.fill_tracks_until(until);
        let live = tracks::live(&self.play.streams);
        let live: Vec<&str> = live.iter().map(|chain| chain.name.as_str()).collect();
        self.stream.note_tracks(&live);
        if self.stream.plan.uri.is_file() {
            return;
        }
        let without_data = &mut self.stream.without_data;
        if let Some(names) = self
            .tracks
            .changed(&self.play.streams, &self.probes, without_data)
        {
            let names: Vec<String> = names.into_iter().collect();
            let text = format!("the tracks have changed: {}", names.join(", "));
            log::line(&self.stream.plan.id, text);
            self.has_changed = true;
        }
    }

    /// Adds new tracks to the ledger, and shows all tracks on the board.
    fn register_tracks(&mut self) {
        let streams = &self.play.streams;
        for chain in streams.chains() {
            if chain.seen.format().is_none() || self.known.contains_key(&chain.name) {
                continue;
            }
            let name: Arc<str> = chain.name.as_str().into();
            let detectors = self.stream.choice.names(chain.is_video);
            let detectors = detectors.into_iter().map(Arc::from);
            self.stream.ledger.add(&name, detectors);
            self.known.insert(chain.name.clone(), name);
        }
        if !self.known.is_empty() && self.known.len() >= streams.wanted().len() {
            self.stream.ledger.drop_untracked();
        }
        // The list is shown once all tracks are there, and no longer changes when tracks end.
        let awaited = streams.wanted().len();
        let without_data = &self.stream.without_data;
        let ends = streams.chains().iter().any(|chain| chain.seen.is_over());
        if self.known.is_empty() || self.known.len() + without_data.len() < awaited || ends {
            return;
        }
        let tracks = tracks::list(streams, without_data);
        self.stream.show_tracks(tracks);
    }

    fn update_usage(&mut self) {
        let tracks = self.probes.tracks();
        let lags = tracks.values().filter_map(|track| lock(&track.clock).lag());
        let lag = lags.max_by(f64::total_cmp).filter(|_| self.is_realtime);
        let seen: u64 = self
            .play
            .streams
            .chains()
            .iter()
            .map(|c| c.seen.buffers())
            .sum();
        let watched = self.play.watched();
        let more = Duration::from_nanos(watched.saturating_sub(self.watched));
        self.watched = watched;
        let behind = Duration::try_from_secs_f64(lag.unwrap_or(0.0)).unwrap_or_default();
        self.stream.usage = Usage {
            cpu_seconds: self.stream.threads.seconds(),
            lag_seconds: behind.as_secs_f64(),
            restarts: self.stream.restarts,
            buffers: self.buffers + seen,
            position: Some(self.play.position()),
            picture_failures: self.pictures.failures(),
        };
        self.stream.report_usage(more);
    }

    /// Sends a thumbnail, if it is time for one and a client asks for it.
    fn send_thumbnail(&mut self) {
        let due = self
            .thumbnail
            .is_none_or(|last| last.elapsed() >= THUMBNAIL);
        if !due || !self.stream.link().is_viewed() {
            return;
        }
        self.thumbnail = Some(Instant::now());
        let tracks = self.probes.tracks();
        let picture = tracks.values().find_map(|track| track.picture());
        if let Some(jpeg) = picture.and_then(|p| self.pictures.jpeg(&p, THUMBNAIL_WIDTH)) {
            self.stream.link().send(StreamReport::Thumbnail(jpeg));
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // A pipeline has to be stopped before it is dropped.
        if std::thread::panicking() {
            self.play.stop();
        }
    }
}
