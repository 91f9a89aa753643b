// SPDX-License-Identifier: MPL-2.0
//! Detects an outage: picture (black, freeze) and sound (silence) gone at the same time.

use crate::media::Ns;

/// What of one programme is gone. Times are running time, which its streams share.
#[derive(Debug, Default)]
pub struct OutageTracker {
    /// Open episodes: the element that reports, its number of the episode, and when it started.
    picture: Vec<(String, u64, Ns)>,
    sound: Vec<(String, u64, Ns)>,
    /// Start of the outage, if there is one.
    open: Option<Ns>,
}

/// A half of the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The picture.
    Picture,
    /// The sound.
    Sound,
}

/// The start or the end of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageChange {
    /// Both are gone now.
    Begin {
        /// Start of the outage.
        since: Ns,
    },
    /// One of them is back.
    End {
        /// Start of the outage.
        since: Ns,
        /// End of the outage.
        at: Ns,
    },
}

impl OutageTracker {
    /// An episode has begun with which one half is gone.
    pub fn gone(&mut self, half: Half, element: &str, id: u64, since: Ns) -> Option<OutageChange> {
        let half = self.half(half);
        if half.iter().any(|(e, i, _)| e == element && *i == id) {
            return None;
        }
        half.push((element.to_owned(), id, since));
        if self.open.is_some() {
            return None;
        }
        let first = |half: &[(String, u64, Ns)]| half.iter().map(|(_, _, since)| *since).min();
        let since = first(&self.picture)?.max(first(&self.sound)?);
        self.open = Some(since);
        Some(OutageChange::Begin { since })
    }

    /// Such an episode has ended.
    pub fn back(&mut self, half: Half, element: &str, id: u64, at: Ns) -> Option<OutageChange> {
        let half = self.half(half);
        half.retain(|(e, i, _)| e != element || *i != id);
        if !half.is_empty() {
            return None;
        }
        let since = self.open.take()?;
        let at = at.max(since);
        Some(OutageChange::End { since, at })
    }

    /// Whether there is no sound.
    pub fn is_silent(&self) -> bool {
        !self.sound.is_empty()
    }

    fn half(&mut self, half: Half) -> &mut Vec<(String, u64, Ns)> {
        match half {
            Half::Picture => &mut self.picture,
            Half::Sound => &mut self.sound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_lasts_while_both_are_gone() {
        let mut programme = OutageTracker::default();
        assert_eq!(programme.gone(Half::Picture, "black", 1, 5), None);
        assert_eq!(
            programme.gone(Half::Sound, "silence", 4, 7),
            Some(OutageChange::Begin { since: 7 })
        );
        assert_eq!(programme.gone(Half::Picture, "freeze", 1, 8), None);
        assert!(programme.is_silent());
        assert_eq!(
            programme.back(Half::Picture, "black", 1, 9),
            None,
            "still frozen"
        );
        assert_eq!(
            programme.back(Half::Sound, "silence", 4, 20),
            Some(OutageChange::End { since: 7, at: 20 })
        );
        assert_eq!(programme.back(Half::Picture, "freeze", 1, 21), None);
    }
}
