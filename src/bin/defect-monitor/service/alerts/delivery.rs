// SPDX-License-Identifier: MPL-2.0
//! Delivers notices from the queue to a receiver, repeatedly until they have arrived: several at a time, those of one
//! alarm in order. While the receiver fails only one is tried at a time, and not always the same.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::notice::Notice;
use super::queue::{CAPACITY, Queue};
use super::target::Target;
use super::undelivered::UndeliveredNotices;
use crate::lock::lock;
use crate::service::log;
use crate::service::parts::{PartHealth, Parts};

mod sender;

use sender::Sender;

const DROPPED: &str = "defect_alerts_dropped_total";
const DROPPED_HELP: &str = "Notices that were lost, since too many waited.";
/// Time that shutdown waits for the notices on their way.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug)]
pub struct Delivery {
    shared: Arc<Shared>,
    ending: watch::Sender<bool>,
    done: watch::Receiver<bool>,
    runtime: Handle,
    sending: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// Whom it sends to; another one once the configuration changes.
    target: Mutex<Arc<Target>>,
    /// Whether that has changed.
    is_changed: AtomicBool,
    expiry: Mutex<SignedDuration>,
    queue: Queue,
    undelivered: UndeliveredNotices,
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
            target: Mutex::new(Arc::new(target)),
            is_changed: AtomicBool::new(false),
            expiry: Mutex::new(signed(expiry)),
            queue,
            undelivered,
            wake: Notify::new(),
            lost: AtomicUsize::new(0),
            part: part.to_owned(),
            parts: parts.clone(),
        });
        parts.report(part, PartHealth::Fine);
        // From the start: of a counter that isn't there before it counts, Prometheus doesn't see the first loss.
        shared.count(DROPPED, DROPPED_HELP, 0);
        let (ending, end) = watch::channel(false);
        let (tell, done) = watch::channel(false);
        let work = Sender::new(Arc::clone(&shared));
        let sending = runtime.spawn(async move {
            work.run(end).await;
            let _ = tell.send(true);
        });
        Self {
            sending,
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

    /// Adds a notice of which no other process of a cluster can know.
    pub fn send_own(&self, notice: Notice) {
        self.put(notice, true);
    }

    fn put(&self, notice: Notice, is_certain: bool) {
        let lost = self.shared.queue.put(notice, is_certain);
        if lost > 0 {
            self.shared.count(DROPPED, DROPPED_HELP, lost);
            if self.shared.lost.fetch_add(lost, Ordering::Relaxed) == 0 {
                let text = format!(
                    "{CAPACITY} notices wait, which is the most: the oldest of the least severe are lost"
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
        self.runtime.block_on(self.ended(SHUTDOWN_WAIT));
    }

    /// Waits until each waiting notice was tried once more, for so long.
    async fn ended(&self, wait: Duration) {
        let mut done = self.done.clone();
        let over = done.wait_for(|done| *done);
        let _ = tokio::time::timeout(wait, over).await;
    }

    /// Sends to another target from now on, what waits as well. The one before must have [left](Self::sign_off).
    pub fn set_target(&self, target: Target, expiry: Duration) {
        *lock(&self.shared.target) = Arc::new(target);
        *lock(&self.shared.expiry) = signed(expiry);
        self.shared.is_changed.store(true, Ordering::Release);
        self.shared.wake.notify_one();
    }

    /// Disconnects from a broker; `says_so`: it is told that this process isn't there any more. Waits a second at most.
    pub fn sign_off(&self, says_so: bool) {
        if let Target::Mqtt(mqtt) = &*self.shared.target() {
            self.runtime.block_on(mqtt.sign_off(says_so));
        }
    }

    /// Tells a broker again that this process is there: another connection may have said something else at the same place.
    pub fn announce(&self) {
        if let Target::Mqtt(mqtt) = &*self.shared.target() {
            mqtt.announce();
        }
    }

    /// Ends, and forgets what couldn't be sent by then: there is no such receiver any more.
    pub fn remove(&self, until: Instant) {
        self.end();
        let left = until.saturating_duration_since(Instant::now());
        self.runtime.block_on(self.ended(left));
        self.sending.abort();
        self.sign_off(true);
        self.shared.queue.clear();
        self.shared.undelivered.take(None);
        self.shared.parts.remove(&self.shared.part);
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl Shared {
    fn target(&self) -> Arc<Target> {
        Arc::clone(&lock(&self.target))
    }

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
