// SPDX-License-Identifier: MPL-2.0
//! Where outcomes go.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::alerts::Alerts;
use super::board::Board;
use super::outcome::{Event, Outcome};
use super::results::Writer;

/// All that listen to what streams say. None of them makes a stream wait.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// What is known now.
    pub board: Arc<Board>,
    /// Keeps everything.
    pub results: Arc<Writer>,
    /// Sends defects on.
    pub alerts: Arc<Alerts>,
    /// Episodes of which nobody was told, for the work that was going on.
    silenced: Arc<Mutex<HashSet<Arc<str>>>>,
}

impl Outlets {
    /// To all of them.
    pub fn new(board: Arc<Board>, results: Writer, alerts: Alerts) -> Self {
        Self {
            board,
            results: Arc::new(results),
            alerts: Arc::new(alerts),
            silenced: Arc::default(),
        }
    }

    /// Tells everyone.
    pub fn tell(&self, outcome: Outcome) {
        self.board.note(&outcome);
        if let Outcome::Defect(event) = &outcome
            && self.alarms(event)
        {
            self.alerts.send(event);
        }
        self.results.put(outcome);
    }

    /// Whether somebody is to hear of it: of what begins and is over, but not of what lies in a maintenance window. What outlasts
    /// the window is told when it is over.
    fn alarms(&self, event: &Event) -> bool {
        let mut silenced = self.silenced.lock().unwrap_or_else(PoisonError::into_inner);
        match event.defect.state.as_str() {
            "begin" if event.maintenance => {
                silenced.insert(Arc::clone(&event.episode));
                false
            }
            "begin" => true,
            "end" => !silenced.remove(&event.episode),
            _ => !event.maintenance && silenced.remove(&event.episode),
        }
    }
}
