// SPDX-License-Identifier: MPL-2.0
//! `/api/v1/events`: episodes that are open, and the latest that are over, of all streams or one.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::board::Board;
use super::super::outcome::Event;

/// Unless asked for otherwise.
const LIMIT: usize = 200;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only of that stream.
    stream: Option<String>,
    /// Only of that kind.
    kind: Option<String>,
    /// So many that are over.
    limit: Option<usize>,
}

impl Which {
    /// So many that are over.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT)
    }
}

/// In the words in which they are stored.
#[derive(Debug, Serialize)]
pub struct Events {
    /// Oldest first.
    open: Vec<Arc<Event>>,
    /// Latest first.
    recent: Vec<Arc<Event>>,
}

impl Events {
    /// Those asked for.
    pub fn of(board: &Board, which: &Which) -> Self {
        let (mut open, mut recent) = (Vec::new(), Vec::new());
        let wanted = |e: &&Arc<Event>| which.kind.as_ref().is_none_or(|k| *k == e.defect.kind);
        board.each(|sheet| {
            if which.stream.as_ref().is_none_or(|id| **id == *sheet.id) {
                open.extend(sheet.open.iter().filter(wanted).cloned());
                recent.extend(sheet.recent.iter().filter(wanted).cloned());
            }
        });
        open.sort_by_key(|e| e.time);
        recent.sort_by_key(|e| Reverse(e.time));
        recent.truncate(which.limit());
        Self { open, recent }
    }
}
