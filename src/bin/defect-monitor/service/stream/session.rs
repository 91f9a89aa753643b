// SPDX-License-Identifier: MPL-2.0
//! One play of a stream, from connecting to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gstdefect::{DefectMessage, MeasurementMessage};

use super::Stream;
use super::pictures::Pictures;
use super::tap::Tap;
use super::tracks::{self, Tracks};
use super::wall::monotonic;
use crate::address::Address;
use crate::chain::Pace;
use crate::lock::lock;
use crate::play::{News, Play};
use crate::service::board::{State, Usage};
use crate::service::log;
use crate::service::protocol::News as Said;
use crate::source::{self, Streams};
use crate::subtitles;

/// How a session ended.
#[derive(Debug)]
pub enum End {
    /// It was told to.
    Stopped,
    /// The source says so.
    Over,
    /// The source has other tracks than this session plays.
    Changed,
    /// It failed.
    Failed(String),
}

/// So long a source may be without data before it is tried again.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often there is a look at things.
const TICK: Duration = Duration::from_millis(200);
/// A source without data for so long isn't there, in seconds.
const GONE: f64 = 5.0;
/// How often there is a small picture for the page.
const THUMBNAIL: Duration = Duration::from_secs(3);
/// Its width.
const THUMBNAIL_WIDTH: u32 = 320;
/// In ns.
const SECOND: i64 = 1_000_000_000;

/// A play under way.
pub struct Session<'a> {
    stream: &'a mut Stream,
    play: Play,
    tap: Arc<Tap>,
    pictures: Pictures,
    /// Unix time in ns: of nothing else in this process.
    number: i64,
    /// Those that the ledger knows.
    known: BTreeMap<String, Arc<str>>,
    tracks: Tracks,
    /// What comes comes in real time.
    is_bound: bool,
    has_changed: bool,
    failure: Option<String>,
    looked: Instant,
    thumbnail: Option<Instant>,
    /// How much was watched, in ns, when there was a look at it.
    watched: u64,
    /// Buffers of sessions before this one.
    buffers: u64,
}

impl<'a> Session<'a> {
    /// Starts to play.
    pub fn start(stream: &'a mut Stream) -> Result<Self, String> {
        let plan = &stream.plan;
        let address = Address::of(plan.uri.plain.as_ref())?;
        let is_bound = !plan.uri.is_file() || plan.realtime;
        // A loop goes on where it ended, however long it took.
        let wall = stream.reporter.wall;
        let begin = (!is_bound).then(|| match stream.is_looping {
            true => wall.monotonic(stream.ledger.end()),
            false => wall.monotonic(stream.ledger.end()).max(monotonic()),
        });
        let pace = Pace {
            realtime: is_bound,
            limit: None,
        };
        let streams = Streams::new(Arc::clone(&stream.choice), pace);
        let mut tap = None;
        let play = Play::start(
            &address.uri,
            streams,
            Some(PATIENCE),
            |pipeline, streams| {
                tap = Some(Tap::install(pipeline, plan, begin));
                stream.threads.follow(pipeline);
                source::uri(pipeline, &address.uri, streams)
            },
        )?;
        let tap = tap.ok_or("no source")?;
        let failures = stream.usage.picture_failures;
        let id = Arc::clone(&stream.plan.id);
        let pictures = Pictures::new(id, failures);
        Ok(Self {
            number: stream.number(),
            buffers: stream.usage.buffers,
            stream,
            play,
            tap,
            pictures,
            known: BTreeMap::new(),
            tracks: Tracks::default(),
            is_bound,
            has_changed: false,
            failure: None,
            looked: Instant::now(),
            thumbnail: None,
            watched: 0,
        })
    }

    /// Plays until it ends.
    pub fn run(mut self) -> End {
        let stopper = self.stream.stopper.clone();
        while !stopper.is_stopped() && !self.play.is_over() && !self.has_changed {
            let news = self.play.news(TICK);
            self.look();
            self.take(news);
        }
        self.meet_tracks();
        let news = self.play.stop();
        self.take(news);
        let analysed = |track: &str| self.tap.analysed(track);
        self.stream.write_seconds(analysed);
        self.use_up();
        match self.failure.take() {
            _ if stopper.is_stopped() => End::Stopped,
            _ if self.has_changed => End::Changed,
            Some(why) => End::Failed(why),
            None if self.play.has_failed() => End::Failed("it can't be played".to_owned()),
            None => End::Over,
        }
    }

    /// Whether data comes: no matter if it is good.
    fn is_present(&self) -> bool {
        let idle = |track: &super::tap::Track| lock(&track.clock).idle();
        let tracks = self.tap.tracks();
        let idle = tracks.values().filter_map(|track| idle(track));
        let idle = idle.min_by(f64::total_cmp);
        // Nobody knows when a file that is read as fast as can be gives more.
        idle.is_some_and(|idle| idle < GONE || !self.is_bound)
    }

    fn look(&mut self) {
        self.meet_tracks();
        if self.looked.elapsed() < TICK {
            return;
        }
        self.looked = Instant::now();
        self.stream.keep_time();
        match self.is_present() {
            true => self.look_at_what_comes(),
            false if !self.is_bound => self.stream.reading(),
            false if self.play.streams.chains().is_empty() => {
                self.stream.absent(State::Connecting, "connecting", None);
            }
            false => {
                let why = format!("no data for {GONE} s");
                self.stream.absent(State::Connecting, "no-data", Some(&why));
            }
        }
        let tap = Arc::clone(&self.tap);
        self.stream.write_seconds(|track| tap.analysed(track));
        self.use_up();
        self.show();
    }

    fn look_at_what_comes(&mut self) {
        self.stream
            .present(Duration::from_nanos(self.play.watched()));
        if !self.is_bound {
            return;
        }
        // Tracks that say nothing while others go on.
        let until = self.stream.reporter.wall.now() / SECOND - LATE;
        self.stream.ledger.absent(until, "no-data");
        let live = tracks::live(&self.play.streams);
        let live: Vec<&str> = live.iter().map(|chain| chain.name.as_str()).collect();
        self.stream.note_tracks(&live);
        if self.stream.plan.uri.is_file() {
            return;
        }
        let without = &mut self.stream.without;
        if let Some(names) = self.tracks.changed(&self.play.streams, &self.tap, without) {
            let names: Vec<String> = names.into_iter().collect();
            let text = format!("the tracks have changed: {}", names.join(", "));
            log::line(&self.stream.plan.id, text);
            self.has_changed = true;
        }
    }

    /// Gives new tracks their place in the ledger, and all that are there on the board.
    fn meet_tracks(&mut self) {
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
            self.stream.ledger.settle();
        }
        // Before all are there it would change with each of them; at the end it is what was there.
        let awaited = streams.wanted().len();
        let without = &self.stream.without;
        let ends = streams.chains().iter().any(|chain| chain.seen.is_over());
        if self.known.is_empty() || self.known.len() + without.len() < awaited || ends {
            return;
        }
        let tracks = tracks::list(streams, without);
        self.stream.show_tracks(tracks);
    }

    fn take(&mut self, news: Vec<News>) {
        for news in news {
            match news {
                News::Defect(track, defect) => self.defect(&track, defect),
                News::Measurement(track, measurement) => self.measurement(&track, &measurement),
                News::Warning(text) => self.stream.log_seldom(&text),
                News::Failed(why) => self.failure = Some(self.stream.plan.uri.redact(&why)),
            }
        }
    }

    fn defect(&mut self, track: &str, defect: DefectMessage) {
        self.meet_tracks();
        // Subtitles have no seconds in the ledger.
        let unknown = if subtitles::is_name(track) { track } else { "" };
        let known = self.known.get(track).cloned();
        let name = known.unwrap_or_else(|| unknown.into());
        let tap = self.tap.track(track);
        let time = defect.running_time.and_then(|running| {
            let clock = &tap.as_ref()?.clock;
            lock(clock).at(running)
        });
        let time = time.unwrap_or_else(|| monotonic() - defect.duration as i64);
        let analysed = self.tap.analysed(track);
        let place = (self.number, time);
        let reporter = &mut self.stream.reporter;
        let episode = reporter.defect(&name, place, analysed, defect.clone());
        if let Some(tap) = tap {
            self.pictures
                .note(reporter, (&name, &tap), &episode, &defect);
        }
    }

    fn measurement(&mut self, track: &str, measurement: &MeasurementMessage) {
        self.meet_tracks();
        let (Some(name), Some(tap)) = (self.known.get(track), self.tap.track(track)) else {
            return;
        };
        let running = measurement.running_time;
        let Some(begins) = running.and_then(|running| lock(&tap.clock).at(running)) else {
            return;
        };
        // Times that jumped are told by neither clock.
        let ahead = begins - monotonic();
        if self.is_bound && ahead > LATE * SECOND {
            return;
        }
        let begins = self.stream.reporter.wall.unix(begins);
        self.stream.ledger.measured(name, begins, measurement);
    }

    fn use_up(&mut self) {
        let tracks = self.tap.tracks();
        let lags = tracks.values().filter_map(|track| lock(&track.clock).lag());
        let lag = lags.max_by(f64::total_cmp).filter(|_| self.is_bound);
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

    /// A small picture, if anybody wants to see it.
    fn show(&mut self) {
        let due = self
            .thumbnail
            .is_none_or(|last| last.elapsed() >= THUMBNAIL);
        if !due || !self.stream.link().is_viewed() {
            return;
        }
        self.thumbnail = Some(Instant::now());
        let tracks = self.tap.tracks();
        let picture = tracks.values().find_map(|track| track.picture());
        if let Some(jpeg) = picture.and_then(|p| self.pictures.jpeg(&p, THUMBNAIL_WIDTH)) {
            self.stream.link().send(Said::Thumbnail(jpeg));
        }
    }
}

/// So late seconds may come, or so early.
const LATE: i64 = 8;

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // A pipeline has to be stopped before it is let go.
        if std::thread::panicking() {
            self.play.stop();
        }
    }
}
