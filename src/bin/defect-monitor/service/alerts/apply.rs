// SPDX-License-Identifier: MPL-2.0
//! Applies a new configuration to the receivers while alarms are sent.

use std::fmt;
use std::sync::Arc;

use super::route::Route;
use super::{Alerts, Context};
use crate::lock::lock;
use crate::service::config::alerts::AlertConfig;
use crate::service::log;
use crate::service::outcome::Event;

/// What a new configuration changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReceiverChanges {
    /// How many receivers are new.
    pub added: usize,
    /// How many were started again, since they changed.
    pub changed: usize,
    /// How many are gone.
    pub removed: usize,
}

impl ReceiverChanges {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for ReceiverChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, changed, removed) = (self.added, self.changed, self.removed);
        write!(
            f,
            "{added} receivers added, {changed} changed, {removed} removed"
        )
    }
}

impl Alerts {
    /// Sends to these receivers from now on. One that is configured as before goes on as it is, unless `is_asked`: then its secrets are read
    /// again. A changed one goes on with its alarms and notices. A new one is told of the defects that are `open`; one that is gone, of the
    /// end of its alarms. One that can't work as configured stays as it was.
    ///
    /// Returns what changed, and why receivers can't work.
    pub fn apply(
        &self,
        configs: &[AlertConfig],
        open: impl FnOnce() -> Vec<Arc<Event>>,
        is_asked: bool,
    ) -> (ReceiverChanges, Vec<String>) {
        let before = self.routes();
        let (mut changes, mut wrong) = (ReceiverChanges::default(), Vec::new());
        let (mut now, mut fresh) = (Vec::new(), Vec::new());
        for config in configs {
            let known = before.iter().find(|route| route.name == config.name());
            if let Some(known) = known.filter(|known| known.is_as(config, is_asked)) {
                now.push(Arc::clone(known));
                continue;
            }
            match start(config, known.map(|known| &**known), &self.context) {
                Ok(route) if known.is_some() => {
                    changes.changed += 1;
                    fresh.push(route);
                }
                Ok(route) => {
                    changes.added += 1;
                    fresh.push(route);
                }
                Err(why) => {
                    wrong.push(why);
                    now.extend(known.map(Arc::clone));
                }
            }
        }
        now.extend(fresh.iter().cloned());
        let is_gone = |route: &&Arc<Route>| now.iter().all(|other| other.name != route.name);
        let gone: Vec<_> = before.iter().filter(is_gone).collect();
        changes.removed = gone.len();
        let mut routes = lock(&self.routes);
        *routes = now.iter().cloned().collect();
        if !fresh.is_empty() {
            let open = open();
            fresh.iter().for_each(|route| route.catch_up(&open));
        }
        drop(routes);
        gone.into_iter().for_each(|route| route.remove());
        (changes, wrong)
    }
}

/// Starts a receiver; an error, with its name, if it can never work as configured. `before`: the same as configured before.
pub fn start(
    config: &AlertConfig,
    before: Option<&Route>,
    context: &Context,
) -> Result<Arc<Route>, String> {
    if config.rules.spool.is_some() {
        let text = "`spool` has no effect any more: what waits is in the folder of [state]";
        log::line(&format!("alerts: {}", config.name()), text);
    }
    let route = Route::start(config, before, context);
    let wrong = |why| format!("[[alerts]] {}: {why}", config.name());
    route.map(Arc::new).map_err(wrong)
}
