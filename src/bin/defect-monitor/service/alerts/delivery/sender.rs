// SPDX-License-Identifier: MPL-2.0
//! Sends the notices of a queue: takes them in turn, waits after failures, and reports how it goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::super::queue::Taken;
use super::super::target::{Failure, Target};
use super::Shared;
use crate::lock::lock;
use crate::service::backoff;
use crate::service::parts::PartHealth;

/// Most notices that are on their way at a time.
const MAX_CONCURRENT: usize = 8;
/// How often expired notices and the receiver are checked.
const LOOK: Duration = Duration::from_secs(1);

/// The result of a delivery.
type Offered = (Taken, Arc<Target>, Result<(), Failure>);

/// Sends what waits, until it is to end.
pub struct Sender {
    shared: Arc<Shared>,
    on_way: JoinSet<Offered>,
    /// Failures since the last success, and what the last was.
    failures: u32,
    why: Option<String>,
    paused: Option<Instant>,
    beat: Option<Instant>,
    looked: Instant,
}

impl Sender {
    /// Nothing is on its way.
    pub fn new(shared: Arc<Shared>) -> Self {
        let beat = shared.target().heartbeat().map(|_| Instant::now());
        Self {
            shared,
            on_way: JoinSet::new(),
            failures: 0,
            why: None,
            paused: None,
            beat,
            looked: Instant::now(),
        }
    }

    /// Sends until `end` says so, and then what waits once more.
    pub async fn run(mut self, mut end: watch::Receiver<bool>) {
        loop {
            let ending = *end.borrow();
            if self.shared.is_changed.swap(false, Ordering::AcqRel) {
                self.start_anew();
            }
            // A notice that fails now is sent by the next run.
            if !ending || self.failures == 0 {
                self.start_deliveries(ending);
            }
            self.report();
            if ending && self.on_way.is_empty() {
                break;
            }
            let look = self.looked + LOOK;
            let retry = self.shared.queue.next_try().map(Instant::from_std);
            let next = [self.paused, self.beat, retry]
                .into_iter()
                .flatten()
                .fold(look, Instant::min);
            tokio::select! {
                Some(offered) = self.on_way.join_next() => {
                    if let Ok(offered) = offered {
                        self.note(offered);
                    }
                }
                () = self.shared.wake.notified() => {}
                () = sleep_until(next) => self.look(),
                said = end.wait_for(|ending| *ending), if !ending => {
                    if said.is_err() {
                        // Nobody is left who could end it.
                        return;
                    }
                }
            }
        }
    }

    /// Another target is tried at once, whatever became of the one before.
    fn start_anew(&mut self) {
        (self.failures, self.why, self.paused) = (0, None, None);
        self.beat = self.shared.target().heartbeat().map(|_| Instant::now());
        self.shared.queue.retry();
    }

    /// Starts as many deliveries as are allowed.
    fn start_deliveries(&mut self, is_end: bool) {
        if self.paused.is_some_and(|until| until > Instant::now()) {
            return;
        }
        let most = if self.failures == 0 {
            MAX_CONCURRENT
        } else {
            1
        };
        while self.on_way.len() < most
            && let Some(taken) = self.shared.queue.take(is_end)
        {
            let target = self.shared.target();
            self.on_way.spawn(async move {
                let result = target.deliver(&taken.notice).await;
                (taken, target, result)
            });
        }
    }

    fn note(&mut self, (taken, target, result): Offered) {
        let shared = &self.shared;
        let is_current = Arc::ptr_eq(&target, &shared.target());
        if result.is_err() && !is_current {
            // The failure says nothing of the target that it is sent to now.
            return shared.queue.failed(&taken, |_| Duration::ZERO);
        }
        let Err(failure) = result else {
            shared.queue.done(&taken);
            (self.failures, self.why, self.paused) = (0, None, None);
            return shared.count("defect_alerts_sent_total", "Notices that have arrived.", 1);
        };
        let help = "Tries to send a notice that failed.";
        shared.count("defect_alerts_failures_total", help, 1);
        if failure.for_good {
            shared.queue.done(&taken);
            return shared.put_aside(taken.notice, failure.why);
        }
        self.failures = self.failures.saturating_add(1);
        shared.queue.failed(&taken, |failures| {
            failure
                .after
                .unwrap_or_else(|| backoff::retry_delay(failures))
        });
        // The notice itself may be the cause: the next one is tried at once.
        if self.failures > 1 || failure.after.is_some() {
            let pause = failure
                .after
                .unwrap_or_else(|| backoff::retry_delay(self.failures - 1));
            self.paused = Some(Instant::now() + pause);
        }
        self.why = Some(failure.why);
    }

    /// Handles what has become due.
    fn look(&mut self) {
        let now = Instant::now();
        if self.paused.is_some_and(|until| until <= now) {
            self.paused = None;
        }
        if let Some(every) = self.shared.target().heartbeat()
            && self.beat.is_some_and(|at| at <= now)
        {
            self.beat = Some(now + every);
            let target = self.shared.target();
            // Sent once: the next comes soon.
            tokio::spawn(async move {
                if let Target::Webhook(webhook) = &*target {
                    webhook.beat(Timestamp::now()).await;
                }
            });
        }
        if now >= self.looked + LOOK {
            self.looked = now;
            self.shared.report_lost();
            let expiry = *lock(&self.shared.expiry);
            for notice in self.shared.queue.expired(expiry) {
                let why = self
                    .why
                    .clone()
                    .unwrap_or_else(|| "there was no time for it".to_owned());
                self.shared
                    .put_aside(notice, format!("not sent in time: {why}"));
            }
        }
    }

    fn report(&self) {
        let shared = &self.shared;
        let waiting = shared.queue.len();
        shared.gauge(
            "defect_alerts_waiting",
            "Notices that wait to be sent.",
            waiting,
        );
        let undelivered = shared.undelivered.summary();
        let help = "Notices that a receiver refused or that were too late, kept to be sent again.";
        let count = undelivered.as_ref().map_or(0, |(count, _)| *count);
        shared.gauge("defect_alerts_undelivered", help, count);
        let trouble = self.why.clone().filter(|_| waiting > 0);
        let trouble = trouble.or_else(|| shared.target().trouble());
        let health = match (trouble, undelivered) {
            (Some(why), _) if waiting == 0 => PartHealth::Degraded(why),
            (Some(why), _) => PartHealth::Degraded(format!("{waiting} notices wait: {why}")),
            (None, Some((count, why))) => PartHealth::Degraded(format!(
                "{count} notices weren't delivered, see /api/v1/alerts/undelivered; the last: {why}"
            )),
            (None, None) => PartHealth::Fine,
        };
        shared.parts.report(&shared.part, health);
    }
}
