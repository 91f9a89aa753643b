// SPDX-License-Identifier: MPL-2.0
//! Applies a new configuration to the receivers while alarms are sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Alerts;
use super::route::Route;
use crate::format::counted;
use crate::lock::lock;
use crate::service::config::alerts::{AlertConfig, Receiver};
use crate::service::log;
use crate::service::outcome::Event;

/// Time that receivers which are removed get for the ends of their alarms.
const REMOVAL_WAIT: Duration = Duration::from_secs(if cfg!(test) { 20 } else { 2 });

/// What a new configuration changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReceiverChanges {
    /// How many receivers are new.
    pub added: usize,
    /// How many are configured in another way.
    pub changed: usize,
    /// How many are gone.
    pub removed: usize,
}

impl ReceiverChanges {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for ReceiverChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, changed, removed) = (self.added, self.changed, self.removed);
        let added = counted(added as u64, "receiver");
        write!(f, "{added} added, {changed} changed, {removed} removed")
    }
}

impl Alerts {
    /// Sends to these receivers from now on. A receiver that changed goes on with its alarms and notices; if `is_asked`, so does one that
    /// didn't, since its secrets are read again. A new one is told of the defects that are `open`, one that is gone of the end of its
    /// alarms, for which this waits some seconds. A receiver that can't work as configured stays as it was.
    ///
    /// Returns what changed, and the names of receivers that can't work; the log says why.
    pub fn apply(
        &self,
        configs: &[AlertConfig],
        open: impl FnOnce() -> Vec<Arc<Event>>,
        is_asked: bool,
    ) -> (ReceiverChanges, Vec<String>) {
        let before = self.routes();
        let (mut changes, mut wrong) = (ReceiverChanges::default(), Vec::new());
        let (mut now, mut listening) = (Vec::new(), Vec::new());
        for config in configs {
            let known = before.iter().find(|route| route.name == config.name());
            let done = match known {
                Some(known) if known.is_as(config) && !(is_asked && has_secrets(config)) => {
                    now.push(Arc::clone(known));
                    continue;
                }
                Some(known) => {
                    let differs = !known.is_as(config);
                    now.push(Arc::clone(known));
                    let changed = known.change(config, &self.context);
                    changes.changed += usize::from(differs && changed.is_ok());
                    changed.map(|()| Arc::clone(known))
                }
                None => {
                    let started = Route::start(config, &self.context).map(Arc::new);
                    changes.added += usize::from(started.is_ok());
                    now.extend(started.iter().cloned());
                    started
                }
            };
            match done {
                Ok(route) => {
                    remark(config);
                    listening.push(route);
                }
                Err(why) => {
                    log::error("", format!("[[alerts]] {}: {why}", config.name()));
                    wrong.push(config.name().to_owned());
                }
            }
        }
        self.replace(&now, &listening, open);
        let is_gone = |route: &&Arc<Route>| now.iter().all(|other| other.name != route.name);
        let gone: Vec<_> = before.iter().filter(is_gone).collect();
        changes.removed = gone.len();
        // All at once: one that doesn't answer takes its time.
        gone.iter().for_each(|route| route.give_up());
        let until = Instant::now() + REMOVAL_WAIT;
        gone.iter().for_each(|route| route.delivery.remove(until));
        if !gone.is_empty() {
            // Otherwise a later receiver of the same name would load what is being deleted.
            let _ = self.context.state.flush();
        }
        if !(listening.is_empty() && gone.is_empty()) {
            now.iter().for_each(|route| route.delivery.announce());
        }
        (changes, wrong)
    }

    /// Sends to these receivers; of them `listening` are told of what is open. No event is sent meanwhile, so that they miss no end.
    fn replace(
        &self,
        routes: &[Arc<Route>],
        listening: &[Arc<Route>],
        open: impl FnOnce() -> Vec<Arc<Event>>,
    ) {
        let elsewhere = lock(&self.elsewhere);
        let mut current = lock(&self.routes);
        *current = routes.iter().cloned().collect();
        if !listening.is_empty() {
            let mut open = open();
            let removed = lock(&self.removed);
            open.retain(|event| {
                let stream = &event.source.stream;
                !elsewhere.contains(stream) && !removed.contains(stream)
            });
            drop(removed);
            listening.iter().for_each(|route| route.catch_up(&open));
        }
    }
}

fn has_secrets(config: &AlertConfig) -> bool {
    config.to != Receiver::Stdout
}

/// Says what has no effect any more.
pub fn remark(config: &AlertConfig) {
    if config.rules.spool.is_some() {
        let text = "`spool` has no effect any more: what waits is in the folder of [state]";
        log::line(&format!("alerts: {}", config.name()), text);
    }
}
