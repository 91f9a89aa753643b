// SPDX-License-Identifier: MPL-2.0
//! What the state of an element has to do with the wall clock, for media in which it matters that nothing comes.

use super::{medium::GstMedium, state::State, timer};
use crate::detector::{
    Detector,
    waiting::{Wait, Waiting},
};
use crate::media::Ns;

/// The shortest time between two looks at a stream that has stopped.
const SHORTEST: Ns = crate::media::MS;

impl<D: Detector<Medium: GstMedium>> State<D> {
    /// What is waited for, to be changed as the pipeline and the stream go.
    pub fn waiting(&mut self) -> &mut Waiting {
        &mut self.waiting
    }

    /// The pipeline plays: from now on buffers may be missed, before there are caps, too.
    pub fn play(&mut self) {
        if self.stream.is_none()
            && let Some(blank) = D::Medium::blank()
        {
            self.start(gst::Caps::new_any(), Some(blank));
        }
        self.waiting.play(timer::now());
    }

    /// Something came, and lasts so long.
    pub(super) fn arrived(&mut self, duration: Ns) {
        let now = timer::now();
        let wait = self.wait_at(now);
        let waited = self.waiting.arrived(now, duration);
        let told = std::mem::take(&mut self.told);
        let Some(stream) = &mut self.stream else {
            return;
        };
        if let Some(feed) = &mut stream.feed {
            D::Medium::waited(feed, waited);
        }
        if let (true, Some(wait)) = (told, wait) {
            stream.runner.wait(Wait { over: true, ..wait });
        }
    }

    /// Looks whether it is time to miss something; returns when to look again, by the wall clock.
    pub fn look_at_clock(&mut self) -> Option<Ns> {
        let now = timer::now();
        let (due, wait) = self.due(now)?;
        if now < due {
            return Some(due);
        }
        self.told = true;
        self.stream.as_mut()?.runner.wait(wait);
        let update = self.settings.common.update_interval;
        (update > 0).then(|| now.saturating_add(update.max(SHORTEST)))
    }

    /// How long nothing has come so far, if that was missed: what breaks off now says so.
    pub(super) fn note_wait(&mut self) {
        if self.told
            && let Some(wait) = self.wait_at(timer::now())
            && let Some(stream) = &mut self.stream
        {
            stream.runner.wait(wait);
        }
    }

    /// When to look at the clock next.
    pub fn next_look(&self) -> Option<Ns> {
        Some(self.due(timer::now())?.0)
    }

    fn due(&self, now: Ns) -> Option<(Ns, Wait)> {
        let wait = self.wait_at(now)?;
        let since = self.waiting.since()?;
        let patience = self.stream.as_ref()?.runner.patience(&wait)?;
        Some((since.saturating_add(patience), wait))
    }

    fn wait_at(&self, now: Ns) -> Option<Wait> {
        let position = self.stream.as_ref().and_then(|s| s.runner.position());
        let line = self.outbox.timeline();
        let segment = || Some(line.of_buffer(line.segment()?.start()?.nseconds()));
        self.waiting
            .look(now, position.or_else(segment).unwrap_or(0))
    }
}
