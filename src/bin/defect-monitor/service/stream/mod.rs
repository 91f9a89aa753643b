// SPDX-License-Identifier: MPL-2.0
//! One stream: played, watched, and played again when it fails.

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

use absence::Absence;
use backoff::Backoff;
use clock::unix_now;
use ledger::Ledger;
use reporter::Reporter;
use session::{End, Session};
pub use stopper::Stopper;
pub use tap::Tap;
use threads::Threads;

use super::admission::Answer;
use super::board::{Board, State, Usage};
use super::config::{Analyse, Plan};
use super::log;
use super::outlets::Outlets;
use super::room::Seat;
use super::turns::Turns;
use crate::choice::Choice;

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
    /// What was said last of what is watched.
    watching: String,
    /// The next session is the next round of a file.
    is_looping: bool,
    /// When this began, in ns of Unix time.
    started: i64,
    /// Since when the session has gone well.
    healthy: Option<Instant>,
}

/// A stream in its thread.
#[derive(Debug)]
pub struct Running {
    /// What it does.
    pub plan: Plan,
    stopper: Stopper,
    thread: JoinHandle<()>,
}

impl Running {
    /// Starts a stream in a thread of its own, when it is its turn.
    pub fn start(
        plan: Plan,
        outlets: &Outlets,
        turns: &Arc<Turns>,
        seat: Seat,
    ) -> Result<Self, String> {
        let choice = choice(&plan)?;
        let stopper = Stopper::default();
        let started = unix_now();
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
            reporter: Reporter::new(&plan, outlets.clone()),
            choice: Arc::new(choice),
            stopper: stopper.clone(),
            seat,
            ledger: Ledger::new(started, detectors),
            absence: Absence::new(),
            threads: Threads::default(),
            usage: Usage::default(),
            restarts: 0,
            watching: String::new(),
            is_looping: false,
            started,
            healthy: None,
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
    pub fn stop(&self) {
        self.stopper.stop();
    }

    /// Waits until it has.
    pub fn join(self) {
        self.stop();
        // A panic was caught in there.
        let _ = self.thread.join();
    }
}

impl Stream {
    fn run(mut self, turns: &Turns) {
        let id = Arc::clone(&self.plan.id);
        let mut backoff = Backoff::new(&id);
        let is_file = self.plan.uri.is_file();
        while self.waits_for_room() && !self.stopper.wait_until(turns.next()) {
            self.healthy = None;
            let caught = catch_unwind(AssertUnwindSafe(|| {
                Session::start(&mut self).map(Session::run)
            }));
            let end = match caught {
                Ok(Ok(end)) => end,
                Ok(Err(why)) => End::Failed(self.plan.uri.redact(&why)),
                Err(panic) => End::Failed(format!("the watcher itself failed: {}", words(&*panic))),
            };
            self.seat.rest();
            self.is_looping = matches!(end, End::Over) && is_file && self.plan.config.repeats;
            let why = match end {
                End::Stopped => break,
                End::Over if self.is_looping => continue,
                End::Over if is_file => {
                    self.over();
                    break;
                }
                End::Over => "the source ended it".to_owned(),
                End::Failed(why) => why,
            };
            self.restarts += 1;
            let lasted = self.healthy.map_or(Duration::ZERO, |since| since.elapsed());
            let wait = backoff.wait(lasted);
            let text = format!("{why}; next try in {:.1} s", wait.as_secs_f32());
            log::line(&id, &text);
            self.bide(Instant::now() + wait, &text);
        }
        self.finish();
    }

    /// Waits until there is room for it; not, if it was told to stop.
    fn waits_for_room(&mut self) -> bool {
        loop {
            match self.seat.ask() {
                Answer::Start => return !self.stopper.is_stopped(),
                Answer::Wait => {
                    let why = "until it is known what streams take".to_owned();
                    let id = &self.plan.id;
                    self.board().set_state(id, State::Pending, Some(why));
                    self.ledger.absent(unix_now() / SECOND, "no-room");
                }
                Answer::Refuse(why) => self.absent(State::Refused, "no-room", Some(&why)),
            }
            self.tell(|_| 0.0);
            if self.stopper.wait_until(Instant::now() + STEP) {
                return false;
            }
        }
    }

    /// Waits for the next try.
    fn bide(&mut self, until: Instant, why: &str) {
        loop {
            self.absent(State::Waiting, "lost", Some(why));
            self.tell(|_| 0.0);
            let step = until.min(Instant::now() + STEP);
            if self.stopper.wait_until(step) || Instant::now() >= until {
                return;
            }
        }
    }

    /// Data comes.
    fn present(&mut self) {
        self.healthy.get_or_insert_with(Instant::now);
        let beyond = self
            .seat
            .beyond()
            .map(|why| format!("it may come late: {why}"));
        self.board()
            .set_state(&self.plan.id, State::Watching, beyond);
        self.note_absence(true, None);
    }

    /// No data comes; `reason` is for the records, `why` for people.
    fn absent(&mut self, state: State, reason: &'static str, why: Option<&str>) {
        let why = why.map(ToOwned::to_owned);
        self.board().set_state(&self.plan.id, state, why.clone());
        self.note_absence(false, why.as_deref());
        // What has come may still be on its way through the detectors.
        let late = if self.healthy.is_some() { 2 } else { 0 };
        self.ledger.absent(unix_now() / SECOND - late, reason);
    }

    fn note_absence(&mut self, present: bool, why: Option<&str>) {
        if let Some((defect, ago)) = self.absence.note(present, why) {
            let time = unix_now() - ago.as_nanos() as i64;
            let state = if present { "is back" } else { "is lost" };
            log::line(&self.plan.id, format!("the stream {state}"));
            let place = (self.started, time);
            self.reporter.defect(&"".into(), place, 1.0, defect);
        }
    }

    /// A file has been watched to its end: it isn't lost.
    fn over(&mut self) {
        log::line(&self.plan.id, "watched to its end");
        self.note_absence(true, None);
        self.board().set_state(&self.plan.id, State::Over, None);
    }

    fn finish(&mut self) {
        // Nobody knows how it is from now on.
        if self.absence.is_open() {
            self.note_absence(true, None);
        }
        self.ledger.close();
        self.tell(|_| 1.0);
    }

    /// Tells what is in the ledger.
    fn tell(&mut self, analysed: impl Fn(&str) -> f64) {
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
        unix_now()
    }
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for unknown reasons")
}
