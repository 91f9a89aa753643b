// SPDX-License-Identifier: MPL-2.0
//! The state of an element's stream: caps, segments, gaps, and the reader of its buffers.

use super::{Attached, UNTIMED, span};
use crate::detector::{Detector, Medium, Reason};
use crate::element::{
    CAT,
    analyzer::{Analyzer, Format},
    guarded::Analysis,
    outbox::{Posts, WarningTopic},
    pads,
    reader::{BufferContext, GstMedium, is_trick_mode},
    settings::SettingsSnapshot,
    stamps::BufferStamps,
};
use crate::media::{Ns, Span, timestamps::Announced};

/// The state of an element's stream.
pub struct Stream<D: Detector<Medium: GstMedium>> {
    /// The runner of the detector, and the outbox.
    pub analyzer: Analyzer<D>,
    caps: Option<gst::Caps>,
    announced: Announced,
    /// Whether the stream declares that buffers may come at any time, so that none is missed.
    sparse: bool,
    /// `None`: this format passes unanalysed.
    reader: Option<<D::Medium as GstMedium>::Reader>,
}

impl<D: Detector<Medium: GstMedium>> Default for Stream<D> {
    fn default() -> Self {
        Self {
            analyzer: Analyzer::default(),
            caps: None,
            announced: Announced::default(),
            sparse: false,
            reader: None,
        }
    }
}

impl<D: Detector<Medium: GstMedium>> Analysis for Stream<D> {
    type Detector = D;

    fn configure(&mut self, settings: SettingsSnapshot<D>) {
        if self.analyzer.common().active && !settings.common.active {
            self.reset_reader();
        }
        self.analyzer.configure(settings);
    }

    fn recover(&mut self) {
        self.analyzer.recover();
        self.reset_reader();
        if self.analyzer.has_given_up() {
            self.reader = None;
        }
    }

    fn take_posts(&mut self) -> Posts {
        self.analyzer.take_posts()
    }
}

impl<D: Detector<Medium: GstMedium>> Stream<D> {
    /// Handles an event, before it goes downstream; returns whether it ended the announced episodes.
    pub fn event(&mut self, event: &gst::EventRef) -> bool {
        use gst::EventView;
        let reason = match event.view() {
            EventView::Caps(e) => return self.set_caps(e.caps_owned()),
            EventView::Segment(e) => {
                let segment = e.segment().clone().downcast::<gst::ClockTime>().ok();
                self.close_part(Reason::Segment);
                let position = self.analyzer.position();
                if !self.analyzer.outbox.begin_segment(segment, position) {
                    self.reset(Reason::Segment);
                }
                return true;
            }
            EventView::Gap(e) => {
                let (start, duration) = e.get();
                let segment = self.analyzer.outbox.timeline().segment();
                // Buffers left out on purpose aren't missing.
                if !segment.is_some_and(is_trick_mode) {
                    self.gap(span(start.nseconds(), duration));
                }
                return false;
            }
            EventView::StreamStart(e) => {
                self.sparse = e.stream_flags().contains(gst::StreamFlags::SPARSE);
                self.close_part(Reason::Segment);
                return true;
            }
            EventView::SegmentDone(_) => {
                // Players that loop go on with the next segment.
                self.close_part(Reason::Segment);
                return true;
            }
            EventView::Eos(_) => {
                self.close_part(Reason::Eos);
                return true;
            }
            EventView::CustomDownstreamOob(_) => {
                self.read_event(event);
                return false;
            }
            EventView::FlushStop(_) => Reason::Flush,
            EventView::CustomDownstream(_) if pads::is_end_of_format(event) => Reason::Caps,
            _ => return false,
        };
        self.reset(reason);
        true
    }

    fn read_event(&mut self, event: &gst::EventRef) {
        if let Some((runner, outbox)) = self.analyzer.runner_and_outbox() {
            let mut unit = |view: <D::Medium as Medium>::View<'_>| runner.push_untimed(view);
            D::Medium::read_event(event, outbox.timeline(), &mut unit);
        }
    }

    /// Starts a stream of that format. For streams that are watched before their caps are known.
    pub fn start(&mut self, format: Format<D>, reader: <D::Medium as GstMedium>::Reader) {
        self.analyzer.start(Some(format));
        self.reader = Some(reader);
    }

    /// Whether there is a stream.
    pub fn is_started(&self) -> bool {
        self.reader.is_some() || self.caps.is_some()
    }

    /// Ends a part of the stream: analyses what was held back, then ends the open episodes.
    fn close_part(&mut self, reason: Reason) {
        self.drain(reason);
        self.analyzer.close_part(reason);
    }

    /// Sets the caps; returns whether they differ from those before.
    fn set_caps(&mut self, caps: gst::Caps) -> bool {
        if self.caps.as_ref() == Some(&caps) {
            return false;
        }
        self.reset(Reason::Caps);
        self.reader = None;
        self.analyzer.start(None);
        let parsed = D::Medium::parse(&caps);
        self.caps = Some(caps);
        match parsed {
            Ok((format, reader)) => {
                self.analyzer.start(Some(format));
                self.reader = Some(reader).filter(|_| !self.analyzer.has_given_up());
            }
            Err(why) => {
                let text = format!("not analysed: {why}; the stream passes unwatched");
                self.analyzer.outbox.warn(WarningTopic::Caps, text);
            }
        }
        true
    }

    /// Takes a gap that the stream announces.
    fn gap(&mut self, span: Span) {
        let start = self.analyzer.outbox.timeline().of_buffer(span.start);
        let span = Span::new(start, start.saturating_add(span.duration()));
        if self.sparse && span.duration() == 0 {
            // This is how demuxers tell how far a sparse stream has come without data.
            let position = self.analyzer.position().unwrap_or(start);
            return self.pass_gap((position < start).then(|| Span::new(position, start)));
        }
        let before = self.announced.announce(span);
        self.pass_gap(before);
    }

    fn pass_gap(&mut self, gap: Option<Span>) {
        if let (Some(gap), Some(runner)) = (gap, self.analyzer.runner()) {
            runner.gap(gap);
            self.skip(gap.end);
        }
    }

    /// Analyses the units that were held back until now.
    fn drain(&mut self, reason: Reason) {
        let gap = self.announced.end().filter(|_| reason != Reason::Flush);
        self.pass_gap(gap);
        if let (Some(reader), Some(runner), false) =
            (&mut self.reader, self.analyzer.runner(), self.sparse)
            && let Some(position) = runner.position()
        {
            D::Medium::end(reader, position, &mut |span, view| runner.push(span, view));
        }
    }

    /// Whether buffers may come at any time.
    pub fn is_sparse(&self) -> bool {
        self.sparse
    }

    /// Analyses a buffer of the element; returns what is to be attached to it.
    pub fn analyze(
        &mut self,
        (element, buffer): (&gst::Element, &gst::BufferRef),
    ) -> Option<Attached<D::Medium>> {
        self.refit(buffer);
        let start = self.analyzer.outbox.time(buffer.pts());
        let gap = start.and_then(|start| self.announced.next(start));
        self.pass_gap(gap);
        let (runner, outbox) = self.analyzer.runner_and_outbox()?;
        if let Some(stamps) = BufferStamps::of(start, buffer) {
            outbox.note(stamps);
        }
        let source = BufferContext {
            element,
            buffer,
            sink: "sink",
            timeline: Some(outbox.timeline()),
        };
        let is_left_out = !D::Medium::ANALYSED_BACKWARDS && source.is_backwards();
        let Some(reader) = self.reader.as_mut().filter(|_| !is_left_out) else {
            runner.push_unreadable(unread_span(&source, runner.position()));
            return None;
        };
        match D::Medium::read(reader, &source, &mut |span, view| runner.push(span, view)) {
            Ok(meta) => {
                if start.is_none() && !D::Medium::JUDGES_TIMES {
                    outbox.warn(WarningTopic::Times, UNTIMED.to_owned());
                }
                meta
            }
            Err(why) => {
                let span = D::Medium::span(reader, &source);
                let span = span.unwrap_or_else(|| unread_span(&source, runner.position()));
                runner.push_unreadable(span);
                gst::log!(CAT, obj = element, "buffer not analysed: {why}");
                let text = format!("a buffer couldn't be analysed: {why}");
                outbox.warn(WarningTopic::Buffer, text);
                self.skip(span.end);
                None
            }
        }
    }

    /// Begins anew if a buffer declares another format than those before.
    fn refit(&mut self, buffer: &gst::BufferRef) {
        if self.analyzer.runner().is_none() {
            return;
        }
        let reader = self.reader.as_mut();
        if let Some(format) = reader.and_then(|reader| D::Medium::refit(reader, buffer)) {
            self.reset(Reason::Caps);
            self.analyzer.start(Some(format));
        }
    }

    /// Breaks the stream.
    fn reset(&mut self, reason: Reason) {
        self.drain(reason);
        self.analyzer.break_off(reason);
        self.reset_reader();
    }

    /// Ends the open episodes and forgets the stream.
    pub fn stop(&mut self) {
        self.reset(Reason::Stopped);
        // The ended episodes are posted with the segment in force.
        self.analyzer.prepare_restart();
        (self.caps, self.reader) = (None, None);
    }

    fn skip(&mut self, to: Ns) {
        if let Some(reader) = &mut self.reader {
            D::Medium::skip(reader, to);
        }
    }

    /// Resets only the reader.
    pub fn reset_reader(&mut self) {
        if let Some(reader) = &mut self.reader {
            D::Medium::reset(reader);
        }
    }
}

/// The time of a buffer that can't be read.
fn unread_span(source: &BufferContext<'_>, position: Option<Ns>) -> Span {
    let start = source.time().or(position).unwrap_or(0);
    span(start, source.buffer.duration())
}
