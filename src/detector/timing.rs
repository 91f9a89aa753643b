// SPDX-License-Identifier: MPL-2.0
//! The trait of detectors that are also called when no buffer comes (`stalldetect`), and the timer for it.
//!
//! Only this verdict depends on a clock: the monotonic one, which only goes forward and doesn't know the time of day.
//! [`IdleTimer`] measures the time without a buffer, whatever the pipeline does; [`TimingDetector`] decides how long
//! is too long.

use super::{BufferTiming, Common, Detector, Episodes, Runner};
use crate::media::Ns;

/// The state of a stream without a buffer for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// Position of the stream in its own time: a stall starts here and takes no stream time.
    pub position: Ns,
    /// Time without a buffer, by the monotonic clock.
    pub lasted: Ns,
    /// Whether no buffer has come yet since the stream began.
    pub first: bool,
    /// Whether the next element hasn't taken the last buffer yet, so that no other can come.
    pub blocked: bool,
    /// Length of the last buffer; 0 if it isn't known.
    pub duration: Ns,
}

/// A detector of the times at which buffers come. It gets their timestamps as any [`Detector`] does.
pub trait TimingDetector: Detector<Medium = BufferTiming> {
    /// Time without a buffer after which [`on_timeout`](Self::on_timeout) is called; `None`: never.
    fn timeout(idle: &Idle, common: &Common, settings: &Self::Settings) -> Option<Ns>;

    /// Called when the timeout passes, and again while no buffer comes.
    fn on_timeout(
        &mut self,
        idle: Idle,
        settings: &Self::Settings,
        episodes: &mut Episodes<Self::Kind>,
    );

    /// Called after a timeout when a buffer comes, or when the next element takes the last one.
    fn on_resume(&mut self, idle: Idle, episodes: &mut Episodes<Self::Kind>);

    /// Called for each buffer. `waited`: time without one, by the monotonic clock.
    fn on_buffer(&mut self, waited: Ns);
}

impl<D: TimingDetector> Runner<D> {
    /// See [`TimingDetector::timeout`]; `None` while the detector is switched off.
    pub fn timeout(&self, idle: &Idle) -> Option<Ns> {
        self.is_active()
            .then(|| D::timeout(idle, self.common(), self.settings()))?
    }

    /// See [`TimingDetector::on_timeout`].
    pub fn on_timeout(&mut self, idle: Idle) {
        self.with_detector(|detector, settings, episodes| {
            detector.on_timeout(idle, settings, episodes);
        });
    }

    /// See [`TimingDetector::on_resume`].
    pub fn on_resume(&mut self, idle: Idle) {
        self.with_detector(|detector, _, episodes| detector.on_resume(idle, episodes));
    }

    /// See [`TimingDetector::on_buffer`].
    pub fn on_buffer(&mut self, waited: Ns) {
        self.with_detector(|detector, _, _| detector.on_buffer(waited));
    }
}

/// Measures the time without a buffer, except the time in which none can come: before the pipeline plays, in a pause,
/// in a flush, after the end of the stream. All times are those of the monotonic clock.
#[derive(Debug, Clone, Default)]
pub struct IdleTimer {
    /// Time at which the last buffer came or was taken, or the stream began.
    since: Option<Ns>,
    /// Time at which the pipeline paused, if it has played before.
    paused: Option<Ns>,
    playing: bool,
    flushing: bool,
    ended: bool,
    /// Whether a buffer has come since the stream began.
    begun: bool,
    blocked: bool,
    duration: Ns,
}

impl IdleTimer {
    /// The pipeline plays from now on. The time of a pause doesn't count, nor does the time before the first PLAYING.
    pub fn play(&mut self, now: Ns) {
        self.playing = true;
        self.since = Some(match (self.since, self.paused.take()) {
            (Some(since), Some(paused)) => since.saturating_add(now.saturating_sub(paused)),
            _ => now,
        });
    }

    /// The pipeline pauses.
    pub fn pause(&mut self, now: Ns) {
        if self.playing {
            self.playing = false;
            self.paused = Some(now);
        }
    }

    /// The stream is being flushed: no buffer comes until it is over.
    pub fn flush(&mut self) {
        self.flushing = true;
    }

    /// The stream begins, or begins anew.
    pub fn restart(&mut self, now: Ns) {
        *self = Self {
            since: Some(now),
            paused: self.paused.map(|_| now),
            playing: self.playing,
            ..Self::default()
        };
    }

    /// Drops the time so far, which nobody watched: counts from `now` on.
    pub fn forget_time(&mut self, now: Ns) {
        self.since = self.since.map(|_| now);
        self.paused = self.paused.map(|_| now);
    }

    /// The stream has ended: no buffer will come.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// A buffer of that length has come; returns the time without one.
    pub fn on_buffer(&mut self, now: Ns, duration: Ns) -> Ns {
        let lasted = self.since.map_or(0, |since| now.saturating_sub(since));
        let waited = if self.playing { lasted } else { 0 };
        self.restart(now);
        (self.begun, self.blocked, self.duration) = (true, true, duration);
        waited
    }

    /// The next element has taken the last buffer: from now on another can come.
    pub fn on_downstream_return(&mut self, now: Ns) {
        if std::mem::take(&mut self.blocked) {
            self.forget_time(now);
        }
    }

    /// Since when a buffer has been awaited; `None` if none can come.
    pub fn since(&self) -> Option<Ns> {
        let awaits = self.playing && !self.flushing && !self.ended;
        self.since.filter(|_| awaits)
    }

    /// The state of the stream at `position`; `None` if no buffer can come.
    pub fn idle(&self, now: Ns, position: Ns) -> Option<Idle> {
        Some(Idle {
            position,
            lasted: now.saturating_sub(self.since()?),
            first: !self.begun,
            blocked: self.blocked,
            duration: self.duration,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::SECOND;

    fn lasted(timer: &IdleTimer, now: Ns) -> Option<Ns> {
        timer.idle(now, 0).map(|idle| idle.lasted)
    }

    #[test]
    fn only_the_time_in_which_a_buffer_could_come_counts() {
        let mut timer = IdleTimer::default();
        assert_eq!(timer.idle(SECOND, 0), None);
        timer.play(SECOND);
        let first = timer.idle(3 * SECOND, 7).unwrap();
        assert_eq!(
            (first.lasted, first.first, first.position),
            (2 * SECOND, true, 7)
        );
        assert_eq!(timer.on_buffer(3 * SECOND, 0), 2 * SECOND);
        assert!(timer.idle(4 * SECOND, 0).unwrap().blocked);
        timer.on_downstream_return(5 * SECOND);
        let idle = timer.idle(6 * SECOND, 0).unwrap();
        assert_eq!(
            (idle.lasted, idle.first, idle.blocked),
            (SECOND, false, false)
        );

        timer.pause(6 * SECOND);
        assert_eq!(timer.since(), None);
        timer.play(16 * SECOND);
        assert_eq!(lasted(&timer, 17 * SECOND), Some(2 * SECOND));

        timer.flush();
        assert_eq!(timer.since(), None);
        timer.restart(20 * SECOND);
        assert_eq!(lasted(&timer, 21 * SECOND), Some(SECOND));
        timer.end();
        assert_eq!(timer.since(), None);
        timer.on_buffer(22 * SECOND, 0);
        assert_eq!(timer.since(), Some(22 * SECOND));
    }

    /// Whatever happens to a stream in PAUSED, before the first PLAYING and after others.
    #[test]
    fn nobody_waits_in_paused() {
        let events: [fn(&mut IdleTimer, Ns); 4] = [
            |_, _| {},
            IdleTimer::restart,
            |timer, now| {
                timer.on_buffer(now, 40);
            },
            |timer, now| {
                timer.on_buffer(now, 40);
                timer.on_downstream_return(now + 1);
            },
        ];
        for (played, event) in [false, true]
            .into_iter()
            .flat_map(|p| events.map(|e| (p, e)))
        {
            let mut timer = IdleTimer::default();
            if played {
                timer.play(SECOND);
                timer.on_buffer(2 * SECOND, 40);
                timer.pause(2 * SECOND);
            }
            event(&mut timer, 10 * SECOND);
            timer.play(3600 * SECOND);
            assert_eq!(
                lasted(&timer, 3601 * SECOND),
                Some(SECOND),
                "played before: {played}"
            );
        }
    }
}
