// SPDX-License-Identifier: MPL-2.0
//! Picture and sound gone at the same time: what neither of their detectors knows alone.

use crate::media::Ns;

/// The streams of one programme, as far as they are gone. Times are running time, which streams share.
#[derive(Debug, Default)]
pub struct Programme {
    /// Open episodes: who reports, its number of the episode, and when it started.
    picture: Vec<(String, u64, Ns)>,
    sound: Vec<(String, u64, Ns)>,
    /// Since when both are gone.
    open: Option<Ns>,
}

/// Which half of the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// What is seen.
    Picture,
    /// What is heard.
    Sound,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Now both are gone.
    Begin {
        /// Since when.
        since: Ns,
    },
    /// One of them is back.
    End {
        /// Since when both were gone.
        since: Ns,
        /// When one came back.
        at: Ns,
    },
}

impl Programme {
    /// One half is gone, as that episode says.
    pub fn gone(&mut self, half: Half, element: &str, id: u64, since: Ns) -> Option<Change> {
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
        Some(Change::Begin { since })
    }

    /// That episode is over.
    pub fn back(&mut self, half: Half, element: &str, id: u64, at: Ns) -> Option<Change> {
        let half = self.half(half);
        half.retain(|(e, i, _)| e != element || *i != id);
        if !half.is_empty() {
            return None;
        }
        let since = self.open.take()?;
        let at = at.max(since);
        Some(Change::End { since, at })
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
        let mut programme = Programme::default();
        assert_eq!(programme.gone(Half::Picture, "black", 1, 5), None);
        assert_eq!(
            programme.gone(Half::Sound, "silence", 4, 7),
            Some(Change::Begin { since: 7 })
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
            Some(Change::End { since: 7, at: 20 })
        );
        assert_eq!(programme.back(Half::Picture, "freeze", 1, 21), None);
    }
}
