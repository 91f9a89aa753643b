// SPDX-License-Identifier: MPL-2.0
//! Picture and sound gone at the same time: what neither of their detectors knows alone.

use super::Ns;

/// The streams of one programme, as far as they are gone. Times are running time, which streams share.
#[derive(Debug, Default)]
pub struct Programme {
    /// Open episodes: who reports, its number of the episode, and when it started.
    picture: Vec<(String, u64, Ns)>,
    sound: Vec<(String, u64, Ns)>,
    open: Option<Open>,
    last_id: u64,
}

/// Picture and sound are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Number of the outage, from 1.
    pub id: u64,
    /// Since when both are.
    pub since: Ns,
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
    Begin(Open),
    /// One of them is back, at that time.
    End(Open, Ns),
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
        self.last_id += 1;
        let open = Open {
            id: self.last_id,
            since,
        };
        self.open = Some(open);
        Some(Change::Begin(open))
    }

    /// That episode is over.
    pub fn back(&mut self, half: Half, element: &str, id: u64, at: Ns) -> Option<Change> {
        let half = self.half(half);
        half.retain(|(e, i, _)| e != element || *i != id);
        if !half.is_empty() {
            return None;
        }
        let open = self.open.take()?;
        Some(Change::End(open, at.max(open.since)))
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
        let open = Open { id: 1, since: 7 };
        assert_eq!(
            programme.gone(Half::Sound, "silence", 4, 7),
            Some(Change::Begin(open))
        );
        assert_eq!(programme.gone(Half::Picture, "freeze", 1, 8), None);
        assert_eq!(
            programme.back(Half::Picture, "black", 1, 9),
            None,
            "still frozen"
        );
        assert_eq!(
            programme.back(Half::Sound, "silence", 4, 20),
            Some(Change::End(open, 20))
        );
        assert_eq!(programme.back(Half::Picture, "freeze", 1, 21), None);
    }
}
