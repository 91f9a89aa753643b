// SPDX-License-Identifier: MPL-2.0
//! Sequences of flashes of the screen as a whole.

use std::collections::VecDeque;

use super::counter::ROUNDING;
use crate::media::{Ns, SECOND};

/// Longest pause within a sequence of flashes.
const PAUSE: Ns = SECOND;

/// The sequence of flashes of the screen as a whole.
#[derive(Debug, Default)]
pub struct Sequence {
    /// Times of the transitions of the last second.
    transitions: VecDeque<Ns>,
    /// First and last transition of the sequence without a long pause that is under way.
    running: Option<(Ns, Ns)>,
}

impl Sequence {
    /// Takes a picture: whether enough of the screen made a transition, and whether that was part of a sequence.
    pub fn push(&mut self, at: Ns, transition: bool, sequence: bool) {
        while self
            .transitions
            .front()
            .is_some_and(|t| t.saturating_add(SECOND - ROUNDING) <= at)
        {
            self.transitions.pop_front();
        }
        if transition && self.transitions.len() < 1000 {
            self.transitions.push_back(at);
        }
        self.running = self
            .running
            .filter(|(_, last)| at.saturating_sub(*last) <= PAUSE);
        if sequence {
            let (first, _) = self.running.unwrap_or((at, at));
            self.running = Some((first, at));
        }
    }

    /// Transitions in the last second.
    pub fn transitions(&self) -> usize {
        self.transitions.len()
    }

    /// How long the sequence has gone on.
    pub fn lasted(&self) -> Ns {
        self.running
            .map_or(0, |(first, last)| last.saturating_sub(first))
    }
}
