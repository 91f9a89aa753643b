// SPDX-License-Identifier: MPL-2.0
//! One stream: played, watched, and played again when it fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

mod absence;
mod backoff;
mod clock;
mod lag;
mod ledger;
mod pictures;
mod reporter;
mod session;
mod sparse;
mod stopper;
mod tap;
mod threads;
mod tracks;
mod wall;

use absence::Absence;
use backoff::{Backoff, HEALTHY};
use ledger::Ledger;
use reporter::{Episodes, Reporter};
use session::{End, PATIENCE, Session};
pub use stopper::{Reason, Stopper};
pub use tap::Tap;
use threads::Threads;
use tracks::Names;
use wall::monotonic;

use super::admission::Answer;
use super::board::{Board, State, Track, Usage};
use super::config::{Analyse, Plan};
use super::log;
use super::outlets::Outlets;
use super::room::Seat;
use super::turns::Turns;
use crate::choice::Choice;
use crate::problem;

/// How often detectors say how the stream was.
const MEASUREMENTS: Duration = Duration::from_secs(1);
/// How often they say how a defect goes on.
const UPDATES: Duration = Duration::from_secs(10);
/// Who waits looks around so often.
const STEP: Duration = Duration::from_millis(500);
/// In ns.
const SECOND: i64 = 1_000_000_000;

/// The detectors of a stream.
pub fn choice(plan: &Plan) -> Result<Choice, String> {
    let sparse = plan.analyse != Analyse::All;
    Choice::reporting(&plan.detectors, sparse, MEASUREMENTS, UPDATES)
}

/// A stream that is watched.
pub struct Stream {
    plan: Plan,
    choice: Arc<Choice>,
    reporter: Reporter,
    stopper: Stopper,
    /// Whether there is room for it.
    seat: Seat,
    ledger: Ledger,
    absence: Absence,
    threads: Threads,
    usage: Usage,
    /// How often it had to be started again, for other reasons than the end of a file.
    restarts: u64,
    /// The tracks as they were shown last.
    shown: Vec<Track>,
    /// Those that have come so far, and whether they are there.
    tracks: BTreeMap<Arc<str>, Absence>,
    /// Those that are offered in vain.
    without: Names,
    logged: log::Limit,
    /// The next session is the next round of a file.
    is_looping: bool,
    /// Since when the session has gone well.
    healthy: Option<Instant>,
    /// How much of the source the session has watched.
    watched: Duration,
}

/// What the next run of a stream goes on with when its configuration has changed.
#[derive(Debug)]
pub struct Carried {
    absence: Absence,
    open: Episodes,
}

/// A stream in its thread.
#[derive(Debug)]
pub struct Running {
    /// What it does.
    pub plan: Plan,
    stopper: Stopper,
    thread: JoinHandle<Option<Carried>>,
}

impl Running {
    /// Starts a stream in a thread of its own, when it is its turn; `carried`: what its last run left.
    pub fn start(
        plan: Plan,
        outlets: &Outlets,
        turns: &Arc<Turns>,
        seat: Seat,
        carried: Option<Carried>,
    ) -> Result<Self, String> {
        let choice = choice(&plan)?;
        let stopper = Stopper::default();
        let mut reporter = Reporter::new(&plan, outlets.clone(), stopper.clone());
        let started = reporter.wall.now();
        let absence = match carried {
            Some(carried) => {
                reporter.go_on_with(carried.open);
                carried.absence
            }
            None => Absence::of_stream(started),
        };
        let mut names = choice.names(true);
        names.extend(choice.names(false));
        names.sort_unstable();
        names.dedup();
        let detectors: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
        let (uri, labels) = (&plan.uri.shown, Arc::clone(&plan.labels));
        outlets
            .board
            .register(&plan.id, uri, labels, detectors.clone());
        let stream = Stream {
            reporter,
            choice: Arc::new(choice),
            stopper: stopper.clone(),
            seat,
            ledger: Ledger::new(started, detectors),
            absence,
            threads: Threads::default(),
            usage: Usage::default(),
            restarts: 0,
            shown: Vec::new(),
            tracks: BTreeMap::new(),
            without: Names::new(),
            logged: log::Limit::default(),
            is_looping: false,
            healthy: None,
            watched: Duration::ZERO,
            plan: plan.clone(),
        };
        let turns = Arc::clone(turns);
        let thread = std::thread::Builder::new()
            .name(format!("stream {}", plan.id))
            .spawn(move || stream.run(&turns))
            .map_err(|e| format!("no thread for the stream: {e}"))?;
        Ok(Self {
            plan,
            stopper,
            thread,
        })
    }

    /// Has it stop, soon.
    pub fn stop(&self, reason: Reason) {
        self.stopper.stop(reason);
    }

    /// Waits until it has.
    pub fn join(self) -> Option<Carried> {
        // A panic was caught in there.
        self.thread.join().ok().flatten()
    }
}

impl Stream {
    fn run(mut self, turns: &Turns) -> Option<Carried> {
        let id = Arc::clone(&self.plan.id);
        let mut backoff = Backoff::new(&id);
        let is_file = self.plan.uri.is_file();
        let listens = backoff::listens(&self.plan.uri.plain);
        while self.waits_for_room() && !self.stopper.wait_until(turns.next()) {
            let begun = Instant::now();
            let end = self.play();
            self.is_looping = matches!(end, End::Over) && is_file && self.plan.config.repeats;
            let why = match end {
                End::Stopped => break,
                End::Changed => continue,
                End::Over if self.is_looping => continue,
                End::Over if is_file => {
                    self.file_ended();
                    break;
                }
                End::Over => "the source ended it".to_owned(),
                End::Failed(why) => why,
            };
            self.restarts += 1;
            // The socket of a listener is closed for no longer than it takes to open another.
            let wait = match listens && begun.elapsed() >= PATIENCE {
                true => Duration::ZERO,
                false => backoff.wait(self.watched),
            };
            let text = format!("{why}; next try in {:.1} s", wait.as_secs_f32());
            self.log_seldom(&text);
            self.pause(Instant::now() + wait, &text);
        }
        self.finish()
    }

    /// Plays it once.
    fn play(&mut self) -> End {
        (self.healthy, self.watched) = (None, Duration::ZERO);
        let caught = catch_unwind(AssertUnwindSafe(|| Session::start(self).map(Session::run)));
        let end = match caught {
            Ok(Ok(end)) => end,
            Ok(Err(why)) => End::Failed(self.plan.uri.redact(&why)),
            Err(panic) => End::Failed(format!("the watcher itself failed: {}", words(&*panic))),
        };
        self.seat.rest();
        end
    }

    /// Waits until there is room for it; not, if it was told to stop.
    fn waits_for_room(&mut self) -> bool {
        loop {
            self.keep_time();
            match self.seat.ask() {
                Answer::Start => return !self.stopper.is_stopped(),
                Answer::Wait => {
                    let why = "until it is known what streams take".to_owned();
                    let id = &self.plan.id;
                    self.board().set_state(id, State::Pending, Some(why));
                    let now = self.reporter.wall.now();
                    self.ledger.absent(now / SECOND, "no-room");
                }
                Answer::Refuse(why) => self.absent(State::Refused, "no-room", Some(&why)),
            }
            self.write_seconds(|_| 0.0);
            if self.stopper.wait_until(Instant::now() + STEP) {
                return false;
            }
        }
    }

    /// Waits for the next try.
    fn pause(&mut self, until: Instant, why: &str) {
        loop {
            self.keep_time();
            self.absent(State::Waiting, "lost", Some(why));
            self.write_seconds(|_| 0.0);
            let step = until.min(Instant::now() + STEP);
            if self.stopper.wait_until(step) || Instant::now() >= until {
                return;
            }
        }
    }

    /// Looks at the clock: whether it was set, and whether maintenance is over.
    fn keep_time(&mut self) {
        if let Some(by) = self.reporter.wall.follow() {
            self.ledger.step(by);
            let by = by as f64 / SECOND as f64;
            log::line(&self.plan.id, format!("the clock was set by {by:+.1} s"));
        }
        self.reporter.end_maintenance();
    }

    /// Data comes; `watched`: how much of it in this session.
    fn present(&mut self, watched: Duration) {
        self.healthy.get_or_insert_with(Instant::now);
        self.watched = watched;
        let beyond = self
            .seat
            .beyond()
            .map(|why| format!("it may come late: {why}"));
        self.board()
            .set_state(&self.plan.id, State::Watching, beyond);
        // One buffer doesn't make a source that was lost one that is back.
        if !self.absence.is_open() || watched >= HEALTHY {
            self.note_absence(true, None);
        }
    }

    /// No data comes; `reason` is for the records, `why` for people.
    fn absent(&mut self, state: State, reason: &'static str, why: Option<&str>) {
        let why = why.map(ToOwned::to_owned);
        self.board().set_state(&self.plan.id, state, why.clone());
        self.note_absence(false, why.as_deref());
        // What has come may still be on its way through the detectors.
        let late = if self.healthy.is_some() { 2 } else { 0 };
        let now = self.reporter.wall.now();
        self.ledger.absent(now / SECOND - late, reason);
    }

    /// A file is being read whose seconds aren't those of the clock, and nothing has come yet.
    fn reading(&mut self) {
        if !self.is_looping {
            self.board()
                .set_state(&self.plan.id, State::Connecting, None);
        }
        self.note_absence(false, None);
    }

    fn note_absence(&mut self, present: bool, why: Option<&str>) {
        let change = self.absence.note(present, why);
        if change.is_some() {
            let state = if present { "is back" } else { "is lost" };
            log::line(&self.plan.id, format!("the stream {state}"));
        }
        self.report(&"".into(), self.absence.session(), change);
    }

    /// Which tracks are there, while the stream is.
    fn note_tracks(&mut self, live: &[&str]) {
        let started = self.absence.session();
        for name in live {
            if !self.tracks.contains_key(*name) {
                let absence = Absence::of_track(started);
                self.tracks.insert((*name).into(), absence);
            }
        }
        let mut changes = Vec::new();
        for (name, absence) in &mut self.tracks {
            let medium = name.split('-').next().unwrap_or_default();
            absence.is_only(!live.iter().any(|other| other.starts_with(medium)));
            let is_there = live.contains(&&**name);
            let why = "the source no longer has it";
            if let Some(change) = absence.note(is_there, Some(why)) {
                let state = if is_there { "is back" } else { "is gone" };
                log::line(&self.plan.id, format!("{name} {state}"));
                changes.push((Arc::clone(name), change));
            }
        }
        for (name, change) in changes {
            self.report(&name, started, Some(change));
        }
    }

    fn report(&mut self, track: &Arc<str>, session: i64, change: Option<absence::Change>) {
        if let Some((defect, ago)) = change {
            let start = monotonic() - ago.as_nanos() as i64;
            self.reporter.defect(track, (session, start), 1.0, defect);
        }
    }

    /// The tracks that are there, for the page; logged when they change.
    fn show_tracks(&mut self, tracks: Vec<Track>) {
        if self.shown == tracks {
            return;
        }
        let words = tracks.iter().map(|t| format!("{} {}", t.name, t.what));
        let words: Vec<String> = words.collect();
        log::line(&self.plan.id, format!("watching {}", words.join("; ")));
        self.board().set_tracks(&self.plan.id, tracks.clone());
        self.shown = tracks;
    }

    /// Logs what may come again and again.
    fn log_seldom(&mut self, text: &str) {
        let text = self.plan.uri.redact(text);
        if self.logged.allows(&problem::sort_of(&text)) {
            log::line(&self.plan.id, text);
        }
    }

    /// A file has been watched to its end: it isn't lost.
    fn file_ended(&mut self) {
        log::line(&self.plan.id, "watched to its end");
        self.note_absence(true, None);
        self.board().set_state(&self.plan.id, State::Over, None);
    }

    /// Nobody knows how it is from now on; unless it is started again at once.
    fn finish(mut self) -> Option<Carried> {
        let session = self.absence.session();
        for (name, mut absence) in std::mem::take(&mut self.tracks) {
            self.report(&name, session, absence.end());
        }
        let goes_on = self.stopper.reason() == Some(Reason::Changed);
        if !goes_on {
            let change = self.absence.end();
            self.report(&"".into(), session, change);
        }
        self.ledger.close();
        self.write_seconds(|_| 1.0);
        goes_on.then(|| Carried {
            absence: self.absence,
            open: self.reporter.into_open(),
        })
    }

    /// Reports what is in the ledger.
    fn write_seconds(&mut self, analysed: impl Fn(&str) -> f64) {
        for second in self.ledger.take() {
            let share = analysed(&second.track);
            self.reporter.second(second, share);
        }
    }

    fn board(&self) -> &Board {
        &self.reporter.outlets().board
    }

    /// A number that no other session of this stream has.
    fn number(&self) -> i64 {
        self.reporter.wall.now()
    }
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for unknown reasons")
}
