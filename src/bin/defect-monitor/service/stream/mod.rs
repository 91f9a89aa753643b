// SPDX-License-Identifier: MPL-2.0
//! One stream: played, watched, and played again when it fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

mod absence;
mod adaptive;
mod backoff;
mod clock;
mod lag;
mod ledger;
mod link;
mod pictures;
mod presence;
mod probes;
mod reporter;
mod running;
mod session;
mod sparse;
mod status;
mod stopper;
mod threads;
mod tracks;
mod wall;

use absence::Absence;
pub use absence::{KIND as LOST, STREAM, of_stream};
use backoff::SourceBackoff;
pub use ledger::{Ledger, NextSecond, SPARSE, Second};
pub use link::{Link, Reports};
pub use probes::Probes;
use reporter::Reporter;
use running::RunState;
pub use running::{Resume, Running};
use session::{End, NO_DATA_TIMEOUT, Session};
pub use stopper::{RESTARTED, Reason, Stopper};
use threads::Threads;
use tracks::Names;
pub use wall::{WallClock, monotonic};

use super::admission::Answer;
use super::board::{State, Track, Usage};
use super::config::Plan;
use super::log;
use super::outcome::Analysed;
use super::protocol::StreamReport;
use super::start_pacing::StartPacing;
use crate::choice::Choice;
use crate::problem;

/// Interval of the measurements of detectors.
const MEASUREMENTS: Duration = Duration::from_secs(1);
/// Interval of the updates of a defect that goes on.
const UPDATES: Duration = Duration::from_secs(10);
/// Interval at which a waiting stream checks the clock and its admission.
const POLL: Duration = Duration::from_millis(500);
/// A second in ns.
const SECOND: i64 = 1_000_000_000;

/// The detectors of a stream.
pub fn choice(plan: &Plan) -> Result<Choice, String> {
    let pictures = plan.analyse.pictures();
    Choice::reporting(&plan.detectors, pictures, MEASUREMENTS, UPDATES)
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
    /// Watched time that hasn't been reported yet, and when usage was reported last.
    unreported: (Duration, Instant),
    /// The state that was reported last.
    state: Option<(State, Option<String>)>,
    /// How often the stream was started again, for other reasons than the end of a file.
    restarts: u64,
    /// The tracks that were reported last.
    shown: Vec<Track>,
    /// The tracks that have come so far, and whether each is absent.
    tracks: BTreeMap<Arc<str>, Absence>,
    /// The tracks that are offered but give no data, also not in a new session.
    without_data: Names,
    logged: log::Limit,
    /// The next session is the next round of a file.
    is_looping: bool,
    /// When the session got its first data.
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
        (run_state, resume): (Option<RunState>, Resume),
    ) -> Self {
        let mut reporter = Reporter::new(&plan, link, stopper.clone());
        let started = reporter.wall.now();
        let mut ledger = Ledger::new(started, names(&choice));
        let mut absence = Absence::of_stream(started);
        match run_state {
            Some(run_state) => {
                reporter.resume_episodes(run_state.open);
                ledger.resume_from(&run_state.seconds, Reason::Changed.name());
                absence = run_state.absence;
            }
            None => {
                ledger.resume_from(&resume.seconds, RESTARTED);
                if let Some((event, alarmed)) = resume.lost {
                    if let Some(session) = reporter::session_of(&event.episode) {
                        let since = Timestamp::now().duration_since(event.time);
                        let since = Duration::try_from(since).unwrap_or_default();
                        absence = Absence::resumed(&event.defect, session, since);
                    }
                    reporter.resume_episode(event, alarmed);
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
            without_data: Names::new(),
            logged: log::Limit::default(),
            is_looping: false,
            healthy: None,
            watched: Duration::ZERO,
            plan,
        }
    }
}

impl Stream {
    fn run(mut self, start_pacing: &StartPacing) -> Option<RunState> {
        let id = Arc::clone(&self.plan.id);
        let mut backoff = SourceBackoff::new(&id);
        let is_file = self.plan.uri.is_file();
        let is_listener = backoff::is_listener(&self.plan.uri.plain);
        while self.wait_for_admission() && !self.stopper.wait_until(start_pacing.next_start()) {
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
            let wait = match is_listener && begun.elapsed() >= NO_DATA_TIMEOUT {
                true => Duration::ZERO,
                false => backoff.wait(self.watched),
            };
            let text = format!("{why}; next try in {:.1} s", wait.as_secs_f32());
            self.log_seldom(&text);
            self.pause(Instant::now() + wait, &text);
        }
        self.finish()
    }

    /// Plays the stream once.
    fn play(&mut self) -> End {
        (self.healthy, self.watched) = (None, Duration::ZERO);
        let caught = catch_unwind(AssertUnwindSafe(|| Session::start(self).map(Session::run)));
        let end = match caught {
            Ok(Ok(end)) => end,
            Ok(Err(why)) => End::Failed(self.plan.uri.redact(&why)),
            Err(panic) => End::Failed(format!(
                "the watcher itself failed: {}",
                problem::panic_text(&*panic)
            )),
        };
        self.report_usage_now();
        self.link().send(StreamReport::Idle);
        end
    }

    /// Waits until the stream may start; `false` if it was told to stop.
    fn wait_for_admission(&mut self) -> bool {
        loop {
            self.keep_time();
            match self.link().admission() {
                Answer::Start => return !self.stopper.is_stopped(),
                Answer::Wait => {
                    let why = "until it is known what streams take".to_owned();
                    self.set_state(State::Pending, Some(why));
                    let now = self.reporter.wall.now();
                    self.ledger.fill_until(now / SECOND, "no-room");
                }
                Answer::Refuse(why) => self.note_absent(State::Refused, "no-room", Some(&why)),
            }
            self.write_seconds(|_| Analysed::NOTHING);
            if self.stopper.wait_until(Instant::now() + POLL) {
                return false;
            }
        }
    }

    /// Waits for the next try.
    fn pause(&mut self, until: Instant, why: &str) {
        loop {
            self.keep_time();
            self.note_absent(State::Waiting, "lost", Some(why));
            self.write_seconds(|_| Analysed::NOTHING);
            let step = until.min(Instant::now() + POLL);
            if self.stopper.wait_until(step) || Instant::now() >= until {
                return;
            }
        }
    }

    /// Checks whether the system's clock was set, and whether a maintenance window is over.
    fn keep_time(&mut self) {
        if let Some(by) = self.reporter.wall.follow() {
            self.ledger.note_clock_step(by);
            let by = by as f64 / SECOND as f64;
            log::warn(&self.plan.id, format!("the clock was set by {by:+.1} s"));
        }
        self.reporter.end_maintenance();
    }

    /// Reports that a file was watched to its end, so that it isn't `lost`.
    fn file_ended(&mut self) {
        log::line(&self.plan.id, "watched to its end");
        self.update_absence(true, None);
        self.set_state(State::Over, None);
    }

    /// Ends what is open. Returns the state for the next run if the stream is started again at once.
    fn finish(mut self) -> Option<RunState> {
        let session = self.absence.session();
        for (name, mut absence) in std::mem::take(&mut self.tracks) {
            self.report(&name, session, absence.end());
        }
        let goes_on = self.stopper.reason() == Some(Reason::Changed);
        // A stream that is moved to another worker stays lost.
        if !goes_on && self.stopper.reason() != Some(Reason::Moved) {
            let change = self.absence.end();
            self.report(&"".into(), session, change);
        }
        self.ledger.close();
        self.write_seconds(|_| Analysed::ALL);
        goes_on.then(|| RunState {
            seconds: self.ledger.next_seconds(),
            absence: self.absence,
            open: self.reporter.into_open(),
        })
    }

    /// Reports the finished seconds of the ledger; `analysed`: how much of a track was analysed.
    fn write_seconds(&mut self, analysed: impl Fn(&Second) -> Analysed) {
        for second in self.ledger.take_finished() {
            let analysed = analysed(&second);
            self.reporter.second(second, analysed);
        }
    }

    fn link(&self) -> &Link {
        self.reporter.link()
    }

    /// A number for a session that no other session of this stream has.
    fn number(&self) -> i64 {
        self.reporter.wall.now()
    }
}

/// Names of all detectors, those of sound and those of pictures.
pub fn names(choice: &Choice) -> Vec<Arc<str>> {
    let mut names = choice.names(true);
    names.extend(choice.names(false));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Arc::from).collect()
}
