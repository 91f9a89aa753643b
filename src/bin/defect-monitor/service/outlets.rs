// SPDX-License-Identifier: MPL-2.0
//! Distributes events and records to board, history, results and alerts.

use std::sync::Arc;

use super::alerts::Alerts;
use super::board::Board;
use super::outcome::{Event, Outcome};
use super::results::Writer;
use super::state::StateStore;

/// The receivers of events and records. None of them makes a stream wait.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// The present state of streams.
    pub board: Arc<Board>,
    /// Stores records, events and pictures.
    pub results: Arc<Writer>,
    /// Sends defects on.
    pub alerts: Arc<Alerts>,
    /// The persistent state.
    pub state: StateStore,
}

impl Outlets {
    /// With all receivers.
    pub fn new(board: Arc<Board>, results: Writer, alerts: Alerts, state: StateStore) -> Self {
        Self {
            board,
            results: Arc::new(results),
            alerts: Arc::new(alerts),
            state,
        }
    }

    /// Publishes an outcome to the board, the history and the results.
    pub fn publish(&self, outcome: Outcome) {
        self.board.note(&outcome);
        if let Outcome::Defect(event) = &outcome {
            self.state.record(event);
        }
        self.results.put(outcome);
    }

    /// Sends an event to the receivers of alarms.
    pub fn send_alarm(&self, event: &Event) {
        self.alerts.send(event);
    }
}
