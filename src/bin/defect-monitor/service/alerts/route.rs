// SPDX-License-Identifier: MPL-2.0
//! One receiver.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::config::alerts::{AlertConfig, Receiver};
use super::super::config::check::first;
use super::super::outcome::Event;
use super::alarms::{Alarms, Rules};
use super::check::{check_one, least_severity};
use super::delivery::Delivery;
use super::notice::{Notice, rank};
use super::queue::Queue;
use super::target::Target;
use super::undelivered::UndeliveredNotices;
use super::webhook::Webhook;
use super::{Context, mqtt};
use crate::lock::lock;
use crate::service::state::StateStore;

/// How often an Alertmanager is sent lasting alarms, as its documentation asks.
const ALERTMANAGER_REPEAT: Duration = Duration::from_secs(60);

/// A receiver: which events it wants, the alarms of these, and how they are delivered.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    wanted: Mutex<Wanted>,
    /// Its alarms.
    pub alarms: Mutex<Alarms>,
    /// Sends notices to it.
    pub delivery: Delivery,
    state: StateStore,
}

/// How a receiver is configured, and so which events it wants.
#[derive(Debug)]
struct Wanted {
    config: AlertConfig,
    /// Rank of the lowest severity that is sent.
    severity: usize,
}

impl Route {
    /// Starts to deliver; an error if it can never work as configured.
    pub fn start(config: &AlertConfig, context: &Context) -> Result<Self, String> {
        let Context { state, parts, .. } = context;
        let name = config.name().to_owned();
        let part = part(&name);
        let wanted = Wanted::new(config)?;
        let target = target(config, context)?;
        let alarms = Alarms::load(&name, rules(config), &context.operations, state);
        let queues = (
            Queue::load(&name, state),
            UndeliveredNotices::load(&name, state),
        );
        let of_part = (part.as_str(), parts);
        let delivery = Delivery::start(target, queues, expiry(config), of_part, &context.runtime);
        Ok(Self {
            wanted: Mutex::new(wanted),
            alarms: Mutex::new(alarms),
            delivery,
            name,
            state: state.clone(),
        })
    }

    /// Whether this configuration is the one that it runs with.
    pub fn is_as(&self, config: &AlertConfig) -> bool {
        lock(&self.wanted).config == *config
    }

    /// Goes on with another configuration, with its alarms and with what waits; an error if it can't work as configured.
    pub fn change(&self, config: &AlertConfig, context: &Context) -> Result<(), String> {
        first(check_one(config))?;
        let wanted = Wanted::new(config)?;
        let is_same_place = mqtt::is_same_place(&lock(&self.wanted).config.to, &config.to);
        self.delivery.sign_off(!is_same_place);
        self.delivery
            .set_target(target(config, context)?, expiry(config));
        lock(&self.alarms).set_rules(rules(config), Instant::now());
        *lock(&self.wanted) = wanted;
        Ok(())
    }

    /// Begins with the defects that are open.
    pub fn catch_up(&self, open: &[Arc<Event>]) {
        for event in open {
            if event.maintenance || lock(&self.alarms).has(&event.episode) {
                continue;
            }
            let mut begin = Event::clone(event);
            begin.defect.state = "begin".to_owned();
            self.take(&begin);
        }
    }

    /// Ends its alarms, since there is no such receiver any more.
    pub fn give_up(&self) {
        let ends = lock(&self.alarms).give_up(None);
        ends.into_iter().for_each(|end| self.delivery.send_own(end));
        self.delivery.end();
    }

    /// Ends the alarms of a stream that is removed.
    pub fn remove_stream(&self, stream: &str) {
        let _together = self.state.together();
        let ends = lock(&self.alarms).give_up(Some(stream));
        self.send(ends);
    }

    /// The end of an episode may be less severe than its begin, and is wanted nevertheless; so is what belongs to an alarm that began
    /// before the configuration changed.
    fn wants(&self, event: &Event) -> bool {
        let defect = &event.defect;
        let is_wanted = {
            let wanted = lock(&self.wanted);
            let kinds = &wanted.config.rules.kinds;
            (kinds.is_empty() || kinds.contains(&defect.kind))
                && (defect.state == "end" || rank(&defect.severity) >= wanted.severity)
        };
        is_wanted || lock(&self.alarms).has(&event.episode)
    }

    /// Takes an event, if it is wanted.
    pub fn take(&self, event: &Event) {
        if self.wants(event) {
            let _together = self.state.together();
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
        let _together = self.state.together();
        let due = lock(&self.alarms).due(Instant::now(), is_closing);
        self.send(due);
    }

    fn send(&self, notices: impl IntoIterator<Item = Notice>) {
        notices
            .into_iter()
            .for_each(|notice| self.delivery.send(notice));
    }
}

impl Wanted {
    fn new(config: &AlertConfig) -> Result<Self, String> {
        Ok(Self {
            severity: least_severity(config)?,
            config: config.clone(),
        })
    }
}

/// Its name in health and metrics.
fn part(name: &str) -> String {
    format!("alerts: {name}")
}

fn expiry(config: &AlertConfig) -> Duration {
    Duration::from_secs(config.rules.expire_hours.saturating_mul(3600))
}

/// Whom it sends to.
fn target(config: &AlertConfig, context: &Context) -> Result<Target, String> {
    let (member, part) = (&context.member, part(config.name()));
    Ok(match &config.to {
        Receiver::Stdout => Target::Stdout,
        Receiver::Webhook(config) => Target::Webhook(Webhook::new(config, member)?),
        Receiver::Alertmanager(config) => {
            Target::Webhook(Webhook::alertmanager(config, &context.monitor, member)?)
        }
        Receiver::Mqtt(config) => {
            Target::Mqtt(mqtt::Mqtt::start(config, member, &part, &context.runtime)?)
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
