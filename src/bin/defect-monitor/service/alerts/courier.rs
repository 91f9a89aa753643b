// SPDX-License-Identifier: MPL-2.0
//! Takes events from the outbox to where they go, one after the other, again and again until they have arrived.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::mqtt::Mqtt;
use super::outbox::{Letter, Outbox};
use super::webhook::Webhook;
use crate::service::outcome::Event;
use crate::service::parts::{Health, Parts};

/// Metric of what was lost.
pub const DROPPED: &str = "defect_alerts_dropped_total";
/// What it says.
pub const DROPPED_HELP: &str = "Events that were lost on the way to whom they concern.";

/// The first pause after a failure, which doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });
const LONGEST: Duration = Duration::from_secs(60);
/// So often an event is offered to somebody who refuses it for good.
const REFUSALS: u32 = 5;
/// So long the end of the process waits for what is on its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where events go.
#[derive(Debug)]
pub enum Target {
    /// An HTTP server.
    Webhook(Webhook),
    /// An MQTT broker.
    Mqtt(Mqtt),
}

/// Why an event didn't arrive.
#[derive(Debug)]
pub struct Failure {
    /// In words.
    pub why: String,
    /// The other side won't take this one, whenever it comes.
    pub for_good: bool,
    /// When the other side wants to be asked again.
    pub after: Option<Duration>,
}

/// See the module.
#[derive(Debug)]
pub struct Courier {
    outbox: Arc<Outbox>,
    wake: Arc<Notify>,
    ending: watch::Sender<bool>,
    done: watch::Receiver<bool>,
    part: String,
    parts: Parts,
    runtime: Handle,
}

impl Courier {
    /// Starts with what an earlier run left.
    pub fn start(
        target: Target,
        outbox: Outbox,
        part: &str,
        parts: &Parts,
        runtime: &Handle,
    ) -> Self {
        let (outbox, wake) = (Arc::new(outbox), Arc::new(Notify::new()));
        let (ending, end) = watch::channel(false);
        let (tell, done) = watch::channel(false);
        let round = Round {
            target,
            outbox: Arc::clone(&outbox),
            part: part.to_owned(),
            parts: parts.clone(),
            refusals: 0,
            pause: PAUSE,
        };
        runtime.spawn(round.go(Arc::clone(&wake), end, tell));
        Self {
            outbox,
            wake,
            ending,
            done,
            part: part.to_owned(),
            parts: parts.clone(),
            runtime: runtime.clone(),
        }
    }

    /// Takes an event on.
    pub fn take(&self, event: &Event) {
        let kept = self.outbox.put(event);
        if kept.lost > 0 {
            let count = kept.lost;
            self.lose(
                format!("too many events wait; {count} old ones were lost"),
                count,
            );
        } else if let Some(why) = kept.refused {
            let text = format!("the disk takes no events, they are sent from memory: {why}");
            self.parts.report(&self.part, Health::Degraded(text));
        }
        self.wake.notify_one();
    }

    /// No more comes; what waits is offered once more.
    pub fn close(&self) {
        let _ = self.ending.send(true);
        self.wake.notify_one();
        let mut done = self.done.clone();
        let wait = async move {
            tokio::time::timeout(PATIENCE, done.wait_for(|d| *d))
                .await
                .is_ok()
        };
        let _ = self.runtime.block_on(wait);
    }

    fn lose(&self, text: String, count: usize) {
        self.parts.report(&self.part, Health::Broken(text));
        self.parts
            .add(DROPPED, DROPPED_HELP, &self.part, count as f64);
    }
}

struct Round {
    target: Target,
    outbox: Arc<Outbox>,
    part: String,
    parts: Parts,
    refusals: u32,
    pause: Duration,
}

impl Round {
    async fn go(
        mut self,
        wake: Arc<Notify>,
        mut end: watch::Receiver<bool>,
        tell: watch::Sender<bool>,
    ) {
        loop {
            let ending = *end.borrow();
            let first = self.outbox.first().unwrap_or_else(|e| {
                let text = format!("the events that wait can't be read: {e}");
                self.parts.report(&self.part, Health::Degraded(text));
                None
            });
            let Some((number, letter, waiting)) = first else {
                self.waiting(0);
                if ending {
                    break;
                }
                // Something may be there although it couldn't be read.
                let _ = tokio::time::timeout(LONGEST, wake.notified()).await;
                continue;
            };
            self.waiting(waiting);
            match self.offer(number, &letter).await {
                None => {}
                // What can't be sent now is sent by the next run.
                Some(_) if ending => break,
                Some(pause) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        _ = end.wait_for(|ending| *ending) => {}
                    }
                }
            }
        }
        // The folder is free for another process once this is said.
        drop(self);
        let _ = tell.send(true);
    }

    /// Offers an event; gives for how long to wait if it didn't arrive.
    async fn offer(&mut self, number: u64, letter: &Letter) -> Option<Duration> {
        let result = match &mut self.target {
            Target::Webhook(webhook) => webhook.deliver(letter).await,
            Target::Mqtt(mqtt) => mqtt.deliver(letter).await,
        };
        let Err(failure) = result else {
            self.outbox.done(number);
            (self.refusals, self.pause) = (0, PAUSE);
            self.parts.report(&self.part, Health::Fine);
            self.parts.add(
                "defect_alerts_sent_total",
                "Events that have arrived.",
                &self.part,
                1.0,
            );
            return None;
        };
        self.parts.add(
            "defect_alerts_failures_total",
            "Tries to send an event that failed.",
            &self.part,
            1.0,
        );
        self.refusals += u32::from(failure.for_good);
        if self.refusals >= REFUSALS {
            self.refusals = 0;
            self.outbox.done(number);
            let text = format!(
                "{} was refused for good and is lost: {}",
                letter.key, failure.why
            );
            self.parts.report(&self.part, Health::Broken(text));
            self.parts.add(DROPPED, DROPPED_HELP, &self.part, 1.0);
            return None;
        }
        self.parts.report(
            &self.part,
            Health::Degraded(format!("events wait: {}", failure.why)),
        );
        let pause = failure.after.unwrap_or(self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
        // A part of it at random, so that many processes don't come back at once.
        Some(pause.mul_f64(crate::service::chance(1.0, 1.25)))
    }

    fn waiting(&self, count: usize) {
        self.parts.gauge(
            "defect_alerts_waiting",
            "Events that wait to be sent.",
            &self.part,
            count as f64,
        );
    }
}
