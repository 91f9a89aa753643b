// SPDX-License-Identifier: MPL-2.0
//! What an element knows of its stream: the detector at work, and what there is to say.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    CAT,
    medium::{GstMedium, Source},
    message::Segment,
    outbox::{Outbox, Posts, Topic},
    stamps::Stamps,
    timer,
    wishes::Wanted,
};
use crate::detector::{Detector, Reason, Runner, waiting::Waiting};
use crate::media::Span;

/// So many panics, and a detector is left alone: it would only fill the bus.
const MOST_PANICS: u32 = 3;

/// The streaming state of one element.
pub struct State<D: Detector<Medium: GstMedium>> {
    pub(super) stream: Option<Stream<D>>,
    pub(super) settings: Wanted<D>,
    stamps: Stamps,
    pub(super) outbox: Outbox,
    panics: u32,
    /// Episodes are counted over all streams that the element sees.
    next_id: u64,
    pub(super) waiting: Waiting,
    /// Whether the detector was told that nothing comes.
    pub(super) told: bool,
}

/// A stream with caps.
pub(super) struct Stream<D: Detector<Medium: GstMedium>> {
    caps: gst::Caps,
    pub(super) runner: Runner<D>,
    /// None: this format passes unanalysed.
    pub(super) feed: Option<<D::Medium as GstMedium>::Feed>,
}

impl<D: Detector<Medium: GstMedium>> Default for State<D> {
    fn default() -> Self {
        Self {
            stream: None,
            settings: Wanted::default(),
            stamps: Stamps::default(),
            outbox: Outbox::new(D::INFO, D::Medium::HAS_CHANNELS),
            panics: 0,
            next_id: 1,
            waiting: Waiting::default(),
            told: false,
        }
    }
}

impl<D: Detector<Medium: GstMedium>> State<D> {
    /// The settings from the next buffer on.
    pub fn configure(&mut self, wanted: Wanted<D>) {
        if wanted.version <= self.settings.version {
            return;
        }
        if let Some(stream) = &mut self.stream {
            if stream.runner.is_active()
                && !wanted.common.active
                && let Some(feed) = &mut stream.feed
            {
                D::Medium::reset(feed);
            }
            stream
                .runner
                .configure(wanted.common.clone(), wanted.own.clone());
        }
        self.settings = wanted;
    }

    /// The caps from now on; the same again change nothing.
    pub fn set_caps(&mut self, caps: gst::Caps) {
        if self.stream.as_ref().is_some_and(|s| s.caps == caps) {
            return;
        }
        self.reset(Reason::Caps);
        self.drop_stream();
        let sight = if self.panics < MOST_PANICS {
            D::Medium::parse(&caps)
                .inspect_err(|why| {
                    let text = format!("not analysed: {why}; the stream passes unwatched");
                    self.outbox.warn(Topic::Caps, text);
                })
                .ok()
        } else {
            None
        };
        self.start(caps, sight);
    }

    pub(super) fn start(
        &mut self,
        caps: gst::Caps,
        sight: Option<(super::medium::Format<D>, <D::Medium as GstMedium>::Feed)>,
    ) {
        let (common, own) = (self.settings.common.clone(), self.settings.own.clone());
        let (runner, feed) = match sight {
            Some((format, feed)) => {
                self.outbox.set_channels::<D>(&format);
                (Runner::new(format, common, own), Some(feed))
            }
            None => (Runner::unsupported(common, own), None),
        };
        let runner = runner.numbered_from(self.next_id);
        self.stream = Some(Stream { caps, runner, feed });
        self.tell_segment();
    }

    /// The segment from now on; what is open ends in the old one.
    pub fn set_segment(&mut self, segment: Option<Segment>) {
        self.close(Reason::Segment);
        let stream = self.stream.as_ref();
        let position = stream.and_then(|s| s.runner.position());
        if !self.outbox.begin_segment(segment, position) {
            self.reset(Reason::Segment);
        }
        self.tell_segment();
    }

    fn tell_segment(&mut self) {
        let feed = self.stream.as_mut().and_then(|s| s.feed.as_mut());
        if let Some(feed) = feed {
            D::Medium::set_segment(feed, self.outbox.segment());
        }
    }

    /// A stretch without data.
    pub fn gap(&mut self, span: Span) {
        if D::Medium::WAITS {
            self.arrived(span.duration());
            self.waiting.taken(timer::now());
        }
        let timeline = self.outbox.timeline();
        let start = timeline.of_buffer(span.start);
        let span = Span::new(start, start.saturating_add(span.duration()));
        if let Some(stream) = self.active() {
            stream.gap(span);
        }
    }

    fn active(&mut self) -> Option<&mut Stream<D>> {
        self.stream.as_mut().filter(|s| s.runner.is_active())
    }

    /// Looks at a buffer; returns what is to be attached to it.
    pub fn look(
        &mut self,
        element: &gst::Element,
        buffer: &gst::BufferRef,
    ) -> Option<<D::Medium as GstMedium>::Mark> {
        if D::Medium::WAITS {
            let duration = buffer.duration().map_or(0, gst::ClockTime::nseconds);
            self.arrived(duration);
        }
        let stream = self.stream.as_mut().filter(|s| s.runner.is_active())?;
        let source = Source {
            element,
            buffer,
            sink: "sink",
            timeline: Some(self.outbox.timeline()),
        };
        let untimed = source.time().is_none();
        self.stamps.note(source.time(), buffer);
        let Some(feed) = &mut stream.feed else {
            stream.push_unreadable(unread_span(&source, stream.runner.position()));
            return None;
        };
        let runner = &mut stream.runner;
        match D::Medium::read(feed, &source, &mut |span, view| runner.push(span, view)) {
            Ok(mark) => {
                if untimed {
                    let text =
                        "buffers without timestamps: times are counted from the last known one";
                    self.outbox.warn(Topic::Times, text.to_owned());
                }
                mark
            }
            Err(why) => {
                let span = D::Medium::span(feed, &source);
                stream.push_unreadable(
                    span.unwrap_or_else(|| unread_span(&source, stream.runner.position())),
                );
                gst::debug!(CAT, obj = element, "buffer not analysed: {why}");
                let text = format!("a buffer couldn't be analysed: {why}");
                self.outbox.warn(Topic::Buffer, text);
                None
            }
        }
    }

    /// A part of the stream ends, and the next one may go on.
    pub fn close(&mut self, reason: Reason) {
        self.note_wait();
        if let Some(stream) = &mut self.stream {
            stream.runner.close(reason);
        }
        self.collect();
        self.told = false;
    }

    /// The stream breaks off.
    pub fn reset(&mut self, reason: Reason) {
        self.note_wait();
        if let Some(stream) = &mut self.stream {
            stream.runner.reset(reason);
            if let Some(feed) = &mut stream.feed {
                D::Medium::reset(feed);
            }
        }
        // Before the past is forgotten: what just ended started at a buffer that is noted there.
        self.collect();
        self.stamps.reset();
        self.told = false;
    }

    /// The element was stopped.
    pub fn forget(&mut self) {
        self.drop_stream();
        self.panics = 0;
        self.outbox.forget();
        (self.waiting, self.told) = (Waiting::default(), false);
    }

    fn drop_stream(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.next_id = stream.runner.next_id();
        }
    }

    /// After a panic: the detector begins anew, at most a few times.
    pub fn recover(&mut self) {
        self.panics += 1;
        let lost = catch_unwind(AssertUnwindSafe(|| self.reset(Reason::Discont))).is_err();
        if lost {
            self.panics = MOST_PANICS;
            self.collect();
        }
        if self.panics >= MOST_PANICS
            && let Some(Stream { caps, runner, .. }) = self.stream.take()
        {
            self.next_id = runner.next_id();
            self.start(caps, None);
        }
        self.outbox.warn_again(if self.panics < MOST_PANICS {
            "the detector failed on a buffer and begins anew; the stream goes on"
        } else {
            "the detector failed again and is given up until the next stop; the stream goes on"
        });
    }

    /// What there is to post.
    pub fn take_posts(&mut self) -> Posts {
        self.collect();
        self.outbox.take()
    }

    fn collect(&mut self) {
        if let Some(stream) = &mut self.stream {
            let reports = stream.runner.take_reports();
            if !reports.is_empty() {
                let severity = stream.runner.severity();
                self.outbox.add(reports, severity, &mut self.stamps);
            }
        }
    }
}

impl<D: Detector<Medium: GstMedium>> Stream<D> {
    fn gap(&mut self, span: Span) {
        self.runner.gap(span);
        self.skip(span);
    }

    fn push_unreadable(&mut self, span: Span) {
        self.runner.push_unreadable(span);
        self.skip(span);
    }

    fn skip(&mut self, span: Span) {
        if let Some(feed) = &mut self.feed {
            D::Medium::skip(feed, span.end);
        }
    }
}

/// The time of a buffer that can't be read.
fn unread_span(source: &Source<'_>, position: Option<crate::media::Ns>) -> Span {
    let start = source.time().or(position).unwrap_or(0);
    Span::new(start, start.saturating_add(source.duration().unwrap_or(0)))
}
