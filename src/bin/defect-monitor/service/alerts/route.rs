// SPDX-License-Identifier: MPL-2.0
//! One receiver.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::config::alerts::{AlertConfig, Receiver};
use super::super::outcome::Event;
use super::alarms::{Alarms, Rules};
use super::check::least_severity;
use super::delivery::{Backlog, Delivery};
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
    config: AlertConfig,
    kinds: Vec<String>,
    /// Rank of the lowest severity that is sent.
    severity: usize,
    /// Its alarms.
    pub alarms: Arc<Mutex<Alarms>>,
    /// Sends notices to it.
    pub delivery: Arc<Delivery>,
}

impl Route {
    /// Starts to deliver; an error if it can never work as configured. `before`: the receiver as it was configured before, whose alarms and
    /// notices go on.
    pub fn start(
        config: &AlertConfig,
        before: Option<&Self>,
        context: &Context,
    ) -> Result<Self, String> {
        let Context { state, parts, .. } = context;
        let name = config.name().to_owned();
        let part = format!("alerts: {name}");
        let severity = least_severity(config)?;
        let target = target(config, &part, context)?;
        let rules = rules(config);
        let (alarms, backlog) = match before {
            Some(before) => {
                lock(&before.alarms).set_rules(rules, Instant::now());
                let is_same_place = mqtt::is_same_place(&before.config.to, &config.to);
                let backlog = before.delivery.stop(is_same_place);
                (Arc::clone(&before.alarms), backlog)
            }
            None => {
                let alarms = Alarms::load(&name, rules, &context.operations, state);
                let backlog = Backlog {
                    queue: Arc::new(Queue::load(&name, state)),
                    undelivered: Arc::new(UndeliveredNotices::load(&name, state)),
                };
                (Arc::new(Mutex::new(alarms)), backlog)
            }
        };
        let expiry = Duration::from_secs(config.rules.expire_hours.saturating_mul(3600));
        let of_part = (part.as_str(), parts);
        let delivery = Delivery::start(target, backlog, expiry, of_part, &context.runtime);
        Ok(Self {
            config: config.clone(),
            kinds: config.rules.kinds.clone(),
            severity,
            alarms,
            delivery: Arc::new(delivery),
            name,
        })
    }

    /// Whether it is configured so. `is_asked`: whether secrets are to be read again.
    pub fn is_as(&self, config: &AlertConfig, is_asked: bool) -> bool {
        let has_secrets = self.config.to != Receiver::Stdout;
        self.config == *config && !(is_asked && has_secrets)
    }

    /// Begins with the defects that are open, and ends the alarms of which it isn't to hear any more.
    pub fn catch_up(&self, open: &[Arc<Event>]) {
        let ends = lock(&self.alarms).give_up(|begin| !self.wants(begin));
        ends.into_iter().for_each(|end| self.delivery.send_own(end));
        for event in open {
            let is_known = lock(&self.alarms).has(&event.episode);
            if !is_known && !event.maintenance {
                self.take(event);
            }
        }
    }

    /// There is no such receiver any more: it is told that its alarms are over, if it can be reached within seconds.
    pub fn remove(&self) {
        let ends = lock(&self.alarms).give_up(|_| true);
        ends.into_iter().for_each(|end| self.delivery.send_own(end));
        self.delivery.remove();
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

/// Whom it sends to.
fn target(config: &AlertConfig, part: &str, context: &Context) -> Result<Target, String> {
    let member = &context.member;
    Ok(match &config.to {
        Receiver::Stdout => Target::Stdout,
        Receiver::Webhook(config) => Target::Webhook(Webhook::new(config, member)?),
        Receiver::Alertmanager(config) => Target::Webhook(Webhook::alertmanager(config, member)?),
        Receiver::Mqtt(config) => {
            Target::Mqtt(mqtt::Mqtt::start(config, member, part, &context.runtime)?)
        }
    })
}

/// The timing of its alarms.
fn rules(config: &AlertConfig) -> Rules {
    let is_alertmanager = matches!(config.to, Receiver::Alertmanager(_));
    let minutes = config.rules.repeat_minutes;
    let repeat = minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
    Rules {
        hold_down: Duration::from_secs(config.rules.hold_down_seconds),
        longest_hold_down: Duration::from_secs(config.rules.flap_seconds),
        repeat: match is_alertmanager {
            true => Some(ALERTMANAGER_REPEAT),
            false => repeat,
        },
        repeat_acknowledged: is_alertmanager,
        grace: Duration::from_secs(config.rules.restart_grace_seconds),
    }
}
