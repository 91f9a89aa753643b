// SPDX-License-Identifier: MPL-2.0
//! One receiver.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::super::config::alerts::{AlertConfig, Receiver};
use super::super::outcome::Event;
use super::alarms::{Alarms, Rules};
use super::check::least_severity;
use super::delivery::Delivery;
use super::notice::{Notice, rank};
use super::queue::Queue;
use super::target::Target;
use super::undelivered::UndeliveredNotices;
use super::webhook::Webhook;
use super::{Context, mqtt};
use crate::lock::lock;

/// How often an Alertmanager is sent lasting alarms, as its documentation asks.
const ALERTMANAGER_REPEAT: Duration = Duration::from_secs(60);

/// A receiver: which events it wants, the alarms of these, and how they are delivered.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    kinds: Vec<String>,
    /// Rank of the lowest severity that is sent.
    severity: usize,
    /// Its alarms.
    pub alarms: Mutex<Alarms>,
    /// Sends notices to it.
    pub delivery: Delivery,
}

impl Route {
    /// Starts to deliver; an error if it can never work as configured.
    pub fn start(config: &AlertConfig, context: Context<'_>) -> Result<Self, String> {
        let Context {
            member,
            state,
            operations,
            parts,
            runtime,
        } = context;
        let name = config.name().to_owned();
        let part = format!("alerts: {name}");
        let target = match &config.to {
            Receiver::Stdout => Target::Stdout,
            Receiver::Webhook(config) => Target::Webhook(Webhook::new(config, member)?),
            Receiver::Alertmanager(config) => {
                Target::Webhook(Webhook::alertmanager(config, member)?)
            }
            Receiver::Mqtt(config) => {
                Target::Mqtt(mqtt::Mqtt::start(config, member, &part, runtime)?)
            }
        };
        let is_alertmanager = matches!(config.to, Receiver::Alertmanager(_));
        let repeat = config
            .rules
            .repeat_minutes
            .map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
        let rules = Rules {
            hold_down: Duration::from_secs(config.rules.hold_down_seconds),
            longest_hold_down: Duration::from_secs(config.rules.flap_seconds),
            repeat: if is_alertmanager {
                Some(ALERTMANAGER_REPEAT)
            } else {
                repeat
            },
            repeat_acknowledged: is_alertmanager,
            grace: Duration::from_secs(config.rules.restart_grace_seconds),
        };
        let expiry = Duration::from_secs(config.rules.expire_hours.saturating_mul(3600));
        let queues = (
            Queue::load(&name, state),
            UndeliveredNotices::load(&name, state),
        );
        Ok(Self {
            kinds: config.rules.kinds.clone(),
            severity: least_severity(config)?,
            alarms: Mutex::new(Alarms::load(&name, rules, operations, state)),
            delivery: Delivery::start(target, queues, expiry, (&part, parts), runtime),
            name,
        })
    }

    /// The end of an episode may be less severe than its begin, and is wanted nevertheless.
    fn wants(&self, event: &Event) -> bool {
        let defect = &event.defect;
        (self.kinds.is_empty() || self.kinds.contains(&defect.kind))
            && (defect.state == "end" || rank(&defect.severity) >= self.severity)
    }

    /// Takes an event, if it is wanted.
    pub fn take(&self, event: &Event) {
        if self.wants(event) {
            let notice = lock(&self.alarms).note(event, Instant::now());
            self.send(notice);
        }
    }

    /// Continues an alarm that another process has left. False if it isn't one of this receiver.
    pub fn take_over(&self, key: &str, value: &str) -> bool {
        let taken = lock(&self.alarms).take_over(key, value, Instant::now());
        let is_mine = taken.is_some();
        let ends = taken.into_iter().flatten();
        ends.for_each(|end| self.delivery.give_up(end));
        is_mine
    }

    /// Sends the notices that are due; all if `is_closing`.
    pub fn send_due(&self, is_closing: bool) {
        let due = lock(&self.alarms).due(Instant::now(), is_closing);
        self.send(due);
    }

    fn send(&self, notices: impl IntoIterator<Item = Notice>) {
        notices
            .into_iter()
            .for_each(|notice| self.delivery.send(notice));
    }
}
