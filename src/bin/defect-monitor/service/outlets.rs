// SPDX-License-Identifier: MPL-2.0
//! Where outcomes go.

use std::sync::Arc;

use super::alerts::Alerts;
use super::board::Board;
use super::outcome::{Event, Outcome};
use super::results::Writer;
use super::state::StateStore;

/// All that listen to what streams say. None of them makes a stream wait.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// What is known now.
    pub board: Arc<Board>,
    /// Keeps everything.
    pub results: Arc<Writer>,
    /// Sends defects on.
    pub alerts: Arc<Alerts>,
    /// What outlasts the process.
    pub state: StateStore,
}

impl Outlets {
    /// To all of them.
    pub fn new(board: Arc<Board>, results: Writer, alerts: Alerts, state: StateStore) -> Self {
        Self {
            board,
            results: Arc::new(results),
            alerts: Arc::new(alerts),
            state,
        }
    }

    /// To the board, the history and the results.
    pub fn tell(&self, outcome: Outcome) {
        self.board.note(&outcome);
        if let Outcome::Defect(event) = &outcome {
            self.state.record(event);
        }
        self.results.put(outcome);
    }

    /// To those who are to be alarmed.
    pub fn alarm(&self, event: &Event) {
        self.alerts.send(event);
    }
}
