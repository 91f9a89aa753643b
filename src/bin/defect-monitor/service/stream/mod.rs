// SPDX-License-Identifier: MPL-2.0
//! One stream: played, watched, and played again when it fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

mod absence;
mod backoff;
mod clock;
mod lag;
mod ledger;
mod link;
mod pictures;
mod presence;
mod reporter;
mod running;
mod session;
mod sparse;
mod stopper;
mod tap;
mod threads;
mod tracks;
mod wall;

use absence::Absence;
pub use absence::{KIND as LOST, STREAM, of_stream};
use backoff::Backoff;
pub use ledger::{Ledger, Next, Second};
pub use link::{Link, Reports};
use reporter::Reporter;
use running::Carried;
pub use running::{Resume, Running};
use session::{End, PATIENCE, Session};
pub use stopper::{RESTARTED, Reason, Stopper};
pub use tap::Tap;
use threads::Threads;
use tracks::Names;
pub use wall::{WallClock, monotonic};

use super::admission::Answer;
use super::board::{State, Track, Usage};
use super::config::{Analyse, Plan};
use super::log;
use super::protocol::News;
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
    ledger: Ledger,
    absence: Absence,
    threads: Threads,
    usage: Usage,
    /// How much was watched that wasn't reported yet, and when that was done last.
    unreported: (Duration, Instant),
    /// How it was reported last.
    state: Option<(State, Option<String>)>,
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

impl Stream {
    fn new(
        plan: Plan,
        choice: Choice,
        link: Link,
        stopper: Stopper,
        (carried, resume): (Option<Carried>, Resume),
    ) -> Self {
        let mut reporter = Reporter::new(&plan, link, stopper.clone());
        let started = reporter.wall.now();
        let mut ledger = Ledger::new(started, names(&choice));
        let mut absence = Absence::of_stream(started);
        match carried {
            Some(carried) => {
                reporter.go_on_with(carried.open);
                ledger.go_on(&carried.seconds, Reason::Changed.name());
                absence = carried.absence;
            }
            None => {
                ledger.go_on(&resume.seconds, RESTARTED);
                if let Some((event, alarmed)) = resume.lost {
                    if let Some(session) = reporter::session_of(&event.episode) {
                        let since = Timestamp::now().duration_since(event.time);
                        let since = Duration::try_from(since).unwrap_or_default();
                        absence = Absence::going_on(&event.defect, session, since);
                    }
                    reporter.go_on_with_one(event, alarmed);
                }
            }
        }
        Self {
            reporter,
            choice: Arc::new(choice),
            stopper,
            ledger,
            absence,
            threads: Threads::default(),
            usage: Usage::default(),
            unreported: (Duration::ZERO, Instant::now()),
            state: None,
            restarts: 0,
            shown: Vec::new(),
            tracks: BTreeMap::new(),
            without: Names::new(),
            logged: log::Limit::default(),
            is_looping: false,
            healthy: None,
            watched: Duration::ZERO,
            plan,
        }
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
        self.report_usage_now();
        self.link().send(News::Idle);
        end
    }

    /// Waits until there is room for it; not, if it was told to stop.
    fn waits_for_room(&mut self) -> bool {
        loop {
            self.keep_time();
            match self.link().admission() {
                Answer::Start => return !self.stopper.is_stopped(),
                Answer::Wait => {
                    let why = "until it is known what streams take".to_owned();
                    self.set_state(State::Pending, Some(why));
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
            log::warn(&self.plan.id, format!("the clock was set by {by:+.1} s"));
        }
        self.reporter.end_maintenance();
    }

    /// The tracks that are there, for the page; logged when they change.
    fn show_tracks(&mut self, tracks: Vec<Track>) {
        if self.shown == tracks {
            return;
        }
        let words = tracks.iter().map(|t| format!("{} {}", t.name, t.what));
        let words: Vec<String> = words.collect();
        log::line(&self.plan.id, format!("watching {}", words.join("; ")));
        self.link().send(News::Tracks(tracks.clone()));
        self.shown = tracks;
    }

    /// Logs what may come again and again.
    fn log_seldom(&mut self, text: &str) {
        let text = self.plan.uri.redact(text);
        if self.logged.allows(&problem::sort_of(&text)) {
            log::warn(&self.plan.id, text);
        }
    }

    /// A file has been watched to its end: it isn't lost.
    fn file_ended(&mut self) {
        log::line(&self.plan.id, "watched to its end");
        self.note_absence(true, None);
        self.set_state(State::Over, None);
    }

    /// Nobody knows how it is from now on; unless it is started again at once.
    fn finish(mut self) -> Option<Carried> {
        let session = self.absence.session();
        for (name, mut absence) in std::mem::take(&mut self.tracks) {
            self.report(&name, session, absence.end());
        }
        let goes_on = self.stopper.reason() == Some(Reason::Changed);
        // One that is moved stays lost.
        if !goes_on && self.stopper.reason() != Some(Reason::Moved) {
            let change = self.absence.end();
            self.report(&"".into(), session, change);
        }
        self.ledger.close();
        self.write_seconds(|_| 1.0);
        goes_on.then(|| Carried {
            seconds: self.ledger.next(),
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

    fn link(&self) -> &Link {
        self.reporter.link()
    }

    /// Reports how the stream is, if that is new.
    fn set_state(&mut self, state: State, why: Option<String>) {
        let state = Some((state, why));
        if self.state != state
            && let Some((state, why)) = state.clone()
        {
            self.link().send(News::State(state, why));
        }
        self.state = state;
    }

    /// Reports what the stream uses, once a second; `watched`: how much more of it was.
    fn report_usage(&mut self, watched: Duration) {
        self.unreported.0 += watched;
        if self.unreported.1.elapsed() >= MEASUREMENTS {
            self.report_usage_now();
        }
    }

    fn report_usage_now(&mut self) {
        let now = (Duration::ZERO, Instant::now());
        let (watched, _) = std::mem::replace(&mut self.unreported, now);
        self.link().send(News::Usage(self.usage, watched));
    }

    /// A number that no other session of this stream has.
    fn number(&self) -> i64 {
        self.reporter.wall.now()
    }
}

/// Names of the detectors, whatever is in the stream.
pub fn names(choice: &Choice) -> Vec<Arc<str>> {
    let mut names = choice.names(true);
    names.extend(choice.names(false));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Arc::from).collect()
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for unknown reasons")
}
