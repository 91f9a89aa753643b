// SPDX-License-Identifier: MPL-2.0
//! Delivers notices from the queue to a receiver, repeatedly until they have arrived: several at a time, those of one
//! alarm in order. While the receiver fails only one is tried at a time, and not always the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::notice::Notice;
use super::queue::{CAPACITY, Queue, Taken};
use super::target::{Failure, Target};
use super::undelivered::UndeliveredNotices;
use crate::service::backoff;
use crate::service::log;
use crate::service::parts::{PartHealth, Parts};

/// Most notices that are on their way at a time.
const MAX_CONCURRENT: usize = 8;
/// Time that shutdown waits for the notices on their way.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(5);
/// How often expired notices and the receiver are checked.
const LOOK: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub struct Delivery {
    shared: Arc<Shared>,
    ending: watch::Sender<bool>,
    done: watch::Receiver<bool>,
    runtime: Handle,
}

#[derive(Debug)]
struct Shared {
    target: Target,
    queue: Queue,
    undelivered: UndeliveredNotices,
    expiry: SignedDuration,
    wake: Notify,
    /// Notices that were lost since too many waited, until the queue has room again.
    lost: AtomicUsize,
    part: String,
    parts: Parts,
}

impl Delivery {
    /// Starts with the notices that an earlier run left.
    pub fn start(
        target: Target,
        (queue, undelivered): (Queue, UndeliveredNotices),
        expiry: Duration,
        (part, parts): (&str, &Parts),
        runtime: &Handle,
    ) -> Self {
        let shared = Arc::new(Shared {
            target,
            queue,
            undelivered,
            expiry: SignedDuration::try_from(expiry).unwrap_or(SignedDuration::MAX),
            wake: Notify::new(),
            lost: AtomicUsize::new(0),
            part: part.to_owned(),
            parts: parts.clone(),
        });
        parts.report(part, PartHealth::Fine);
        let (ending, end) = watch::channel(false);
        let (tell, done) = watch::channel(false);
        let work = Loop::new(Arc::clone(&shared));
        runtime.spawn(async move {
            work.run(end).await;
            let _ = tell.send(true);
        });
        Self {
            shared,
            ending,
            done,
            runtime: runtime.clone(),
        }
    }

    /// Adds a notice.
    pub fn send(&self, notice: Notice) {
        self.put(notice, false);
    }

    fn put(&self, notice: Notice, is_certain: bool) {
        let lost = self.shared.queue.put(notice, is_certain);
        if lost > 0 {
            let help = "Notices that were lost, since too many waited.";
            self.shared.count("defect_alerts_dropped_total", help, lost);
            if self.shared.lost.fetch_add(lost, Ordering::Relaxed) == 0 {
                let text = format!(
                    "{CAPACITY} notices wait, of more the oldest of the least severe are lost"
                );
                log::error(&self.shared.part, text);
            }
        }
        self.shared.wake.notify_one();
    }

    /// Adds a notice that another process couldn't send. False if it isn't one for this receiver.
    pub fn take_over(&self, key: &str, value: &str) -> bool {
        let is_mine = self.shared.queue.take_over(key, value);
        self.shared.wake.notify_one();
        is_mine
    }

    /// The engine has answered whether a notice is to be sent from here.
    pub fn answer(&self, key: &str, value: &str, is_sent_here: bool) {
        self.shared.queue.answer(key, value, is_sent_here);
        self.shared.wake.notify_one();
    }

    /// The engine has that alarm: whether its notices are to be sent from here is asked again.
    pub fn settle(&self, alarm: &str) {
        self.shared.queue.was_alone(alarm);
    }

    /// Another process announces that alarm under another name: the end is sent if the begin was sent from here without an answer.
    pub fn give_up(&self, end: Notice) {
        if self.shared.queue.was_alone(&end.event.episode) {
            self.put(end, true);
        }
    }

    /// The undelivered notices.
    pub fn undelivered(&self) -> &UndeliveredNotices {
        &self.shared.undelivered
    }

    /// Sends undelivered notices again: those of an alarm, or all. Returns how many.
    pub fn resend(&self, alarm: Option<&str>) -> usize {
        let taken = self.shared.undelivered.take(alarm);
        let count = taken.len();
        for one in taken {
            self.put(Arc::unwrap_or_clone(one.notice), true);
        }
        count
    }

    /// Ends: tries each waiting notice once more.
    pub fn end(&self) {
        let _ = self.ending.send(true);
    }

    /// Waits for the end, for a while.
    pub fn close(&self) {
        self.end();
        let mut done = self.done.clone();
        let wait = async move {
            let over = done.wait_for(|done| *done);
            tokio::time::timeout(SHUTDOWN_WAIT, over).await.is_ok()
        };
        let _ = self.runtime.block_on(wait);
    }
}

impl Shared {
    fn count(&self, name: &'static str, help: &'static str, by: usize) {
        self.parts.add(name, help, &self.part, by as f64);
    }

    fn gauge(&self, name: &'static str, help: &'static str, value: usize) {
        self.parts.gauge(name, help, &self.part, value as f64);
    }

    /// Logs how many notices were lost, as soon as the queue has room again.
    fn report_lost(&self) {
        if self.queue.len() < CAPACITY {
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let text = format!("{lost} notices were lost; there is room for more again");
                log::error(&self.part, text);
            }
        }
    }

    fn put_aside(&self, notice: Arc<Notice>, why: String) {
        let help = "Notices that a receiver refused for good, or that couldn't be sent in time.";
        self.count("defect_alerts_refused_total", help, 1);
        self.undelivered.add(notice, why);
    }
}

/// The result of a delivery.
type Offered = (Taken, Result<(), Failure>);

struct Loop {
    shared: Arc<Shared>,
    on_way: JoinSet<Offered>,
    /// Failures since the last success, and what the last was.
    failures: u32,
    why: Option<String>,
    paused: Option<Instant>,
    beat: Option<Instant>,
    looked: Instant,
}

impl Loop {
    fn new(shared: Arc<Shared>) -> Self {
        let beat = shared.target.heartbeat().map(|_| Instant::now());
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

    async fn run(mut self, mut end: watch::Receiver<bool>) {
        loop {
            let ending = *end.borrow();
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
                _ = end.wait_for(|ending| *ending), if !ending => {}
            }
        }
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
            let shared = Arc::clone(&self.shared);
            self.on_way.spawn(async move {
                let result = shared.target.deliver(&taken.notice).await;
                (taken, result)
            });
        }
    }

    fn note(&mut self, (taken, result): Offered) {
        let shared = &self.shared;
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
        if let Some(every) = self.shared.target.heartbeat()
            && self.beat.is_some_and(|at| at <= now)
        {
            self.beat = Some(now + every);
            let shared = Arc::clone(&self.shared);
            // Sent once: the next comes soon.
            tokio::spawn(async move {
                if let Target::Webhook(webhook) = &shared.target {
                    webhook.beat(Timestamp::now()).await;
                }
            });
        }
        if now >= self.looked + LOOK {
            self.looked = now;
            self.shared.report_lost();
            for notice in self.shared.queue.expired(self.shared.expiry) {
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
        let trouble = trouble.or_else(|| shared.target.trouble());
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
