// SPDX-License-Identifier: MPL-2.0
//! An element with one stream: its session passes buffers and events on, `state` analyses them.
//!
//! Fail-open: whatever goes wrong while a buffer is analysed ends in a warning, and the buffer goes on.

use std::sync::{Arc, OnceLock};

use super::{
    guarded::{Analysis, Guarded},
    object::{DetectorElement, Session},
    pads::{self, OneStream},
    reader::GstMedium,
    settings::SharedSettings,
};
use crate::detector::Detector;
use crate::media::{Ns, Span};

mod state;

pub use state::Stream;

/// The session of an element with one stream.
pub struct StreamSession<D: Detector<Medium: GstMedium>> {
    stream: Guarded<Stream<D>>,
    src: OnceLock<gst::Pad>,
}

impl<D: Detector<Medium: GstMedium>> Default for StreamSession<D> {
    fn default() -> Self {
        Self {
            stream: Guarded::default(),
            src: OnceLock::new(),
        }
    }
}

impl<D: Detector<Medium: GstMedium>> Session for StreamSession<D> {
    type Detector = D;
    const CLASS: &'static str = D::Medium::CLASS;

    fn settings(&self) -> &SharedSettings<D> {
        &self.stream.settings
    }

    fn pad_templates() -> Vec<gst::PadTemplate> {
        pads::templates(D::Medium::CAPS)
    }

    fn add_pads<I: DetectorElement<Session = Self>>(&self, element: &gst::Element) {
        pads::add::<I>(element, &self.src);
    }

    fn state_changes(
        self: &Arc<Self>,
        element: &gst::Element,
        transition: gst::StateChange,
        done: bool,
    ) {
        if (transition, done) == (gst::StateChange::PausedToReady, true) {
            self.stream.with(element, Stream::stop);
        }
    }
}

impl<D: Detector<Medium: GstMedium>> OneStream for StreamSession<D> {
    fn src(&self) -> Option<&gst::Pad> {
        self.src.get()
    }

    fn pass(&self, element: &gst::Element, buffer: gst::Buffer) -> gst::Buffer {
        pass(&self.stream, element, buffer, |stream, source| {
            stream.analyze(source)
        })
    }

    fn event(self: &Arc<Self>, element: &gst::Element, event: &gst::Event) {
        // It comes from another thread, while a buffer may be analysed, and mustn't wait for that.
        if event.type_() == gst::EventType::FlushStart {
            return;
        }
        self.stream.with(element, |stream| stream.event(event));
    }
}

/// Analyses a buffer and returns it, with the grid attached if there is one.
pub fn pass<A, M: GstMedium>(
    analysis: &Guarded<A>,
    element: &gst::Element,
    mut buffer: gst::Buffer,
    analyze: impl FnOnce(&mut A, (&gst::Element, &gst::BufferRef)) -> Option<Attached<M>>,
) -> gst::Buffer
where
    A: Analysis<Detector: Detector<Medium = M>>,
{
    // Mapping may merge the memories of a writable buffer for good; a second reference makes it read-only for the
    // time of the analysis.
    let held = buffer.clone();
    let meta = analysis.with(element, |a| analyze(a, (element, &held)));
    drop(held);
    if let Some(Some(meta)) = meta {
        M::attach(&mut buffer, meta);
    }
    buffer
}

/// The warning of buffers that have no timestamps.
pub const UNTIMED: &str = "buffers without timestamps: times are counted from the last known one";

/// What is attached to a buffer after reading it.
pub type Attached<M> = <M as GstMedium>::BufferMeta;

/// The span of a GAP event.
pub fn span(start: Ns, duration: Option<gst::ClockTime>) -> Span {
    let duration = duration.map_or(0, gst::ClockTime::nseconds);
    Span::new(start, start.saturating_add(duration))
}
