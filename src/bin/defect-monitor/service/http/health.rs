// SPDX-License-Identifier: MPL-2.0
//! `/healthz`: the process is alive. `/readyz`: it does what it was told to.
//!
//! A source that fails is no reason not to be ready: another process couldn't reach it either, and this one goes on
//! trying. Neither is a receiver of alarms or a store that fails: streams are watched.

use super::super::board::{Board, State};
use super::super::parts::{PartHealth, Parts};

/// Names in a list before it is cut.
const NAMED: usize = 10;

/// Whether the process is ready, and what isn't as it should be.
pub fn ready(board: &Board, parts: &Parts) -> (bool, String) {
    let mut missing = Vec::new();
    if !board.is_configured() {
        missing.push("the configuration is being read".to_owned());
    }
    let (mut streams, mut pending) = (0, Vec::new());
    board.each(|sheet| {
        streams += 1;
        if sheet.state == State::Pending {
            pending.push(sheet.id.clone());
        }
    });
    if !pending.is_empty() {
        let named = pending[..pending.len().min(NAMED)].join(", ");
        let more = if pending.len() > NAMED { ", ..." } else { "" };
        let count = pending.len();
        missing.push(format!(
            "{count} of {streams} streams aren't started yet: {named}{more}"
        ));
    }
    let mut degraded = Vec::new();
    for part in parts.list() {
        match part.health {
            PartHealth::Fine => {}
            PartHealth::Degraded(why) | PartHealth::Broken(why) => {
                degraded.push(format!("{}: {why}", part.name));
            }
        }
    }
    let mut text = match (missing.is_empty(), degraded.is_empty()) {
        (true, true) => "ready\n".to_owned(),
        (true, false) => "ready, but:\n".to_owned(),
        (false, _) => "not ready:\n".to_owned(),
    };
    for line in missing.iter().chain(&degraded) {
        text.push_str(&format!("- {line}\n"));
    }
    (missing.is_empty(), text)
}
