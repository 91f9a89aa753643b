// SPDX-License-Identifier: MPL-2.0
//! Where outcomes go.

use std::sync::Arc;

use super::alerts::Alerts;
use super::board::Board;
use super::outcome::Outcome;
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
}

impl Outlets {
    /// Tells everyone.
    pub fn tell(&self, outcome: Outcome) {
        self.board.note(&outcome);
        if let Outcome::Defect(event) = &outcome
            && !event.maintenance
            && event.defect.state != "ongoing"
        {
            self.alerts.send(event);
        }
        self.results.put(outcome);
    }
}
