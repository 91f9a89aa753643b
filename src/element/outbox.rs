// SPDX-License-Identifier: MPL-2.0
//! What is to be posted, kept until no lock is held.

use gst::prelude::*;

use super::{
    CAT,
    message::{self, Context, Segment},
    stamps::Stamps,
    timeline::Timeline,
};
use crate::detector::{Detector, Info, Medium, Report, Severity};
use crate::media::{Ns, Span};

/// Turns reports into messages, with the times of the segment in force.
pub struct Outbox {
    info: &'static Info,
    has_channels: bool,
    /// Field names of a measurement.
    names: Vec<String>,
    timeline: Timeline,
    /// What was warned of already: each thing once.
    warned: Vec<(Topic, String)>,
    posts: Posts,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A format that can't be analysed: once for each of them.
    Caps,
    /// Buffers that can't be analysed: once, for they may differ in every number.
    Buffer,
    /// Missing timestamps: once.
    Times,
    /// What a detector was asked for and can't do: once for each thing.
    Settings,
}

/// Messages and warnings, in order.
#[derive(Default)]
pub struct Posts {
    messages: Vec<gst::Structure>,
    warnings: Vec<String>,
}

/// How many different warnings a stream may get; a stream that is wrong in ever new ways stays quiet after them.
const MOST_WARNINGS: usize = 16;

impl Outbox {
    /// Of an element with that detector; `has_channels`: whether messages name one.
    pub fn new(info: &'static Info, has_channels: bool) -> Self {
        Self {
            info,
            has_channels,
            names: Vec::new(),
            timeline: Timeline::default(),
            warned: Vec::new(),
            posts: Posts::default(),
        }
    }

    /// The stream has that format from now on.
    pub fn set_channels<D: Detector>(&mut self, format: &<D::Medium as Medium>::Format) {
        self.names = D::INFO.measure_names(D::Medium::channels(format));
    }

    /// The segment from now on; reports are in the times of its buffers.
    pub fn set_segment(&mut self, segment: Option<Segment>) {
        self.timeline.restart(segment);
    }

    /// The segment from now on, where the stream has come to `position`. Returns whether the stream may go on in it.
    pub fn begin_segment(&mut self, segment: Option<Segment>, position: Option<Ns>) -> bool {
        self.timeline.begin(segment, position)
    }

    /// What converts times of buffers to those of reports.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The segment in force.
    pub fn segment(&self) -> Option<&Segment> {
        self.timeline.segment()
    }

    /// The element was stopped: the next stream starts with a clean sheet.
    pub fn forget(&mut self) {
        self.timeline = Timeline::default();
        self.warned.clear();
    }

    /// Warns, if this wasn't said before.
    pub fn warn(&mut self, topic: Topic, text: String) {
        let each = matches!(topic, Topic::Caps | Topic::Settings);
        let same = |said: &(Topic, String)| said.0 == topic && (!each || said.1 == text);
        if !self.warned.iter().any(same) && self.warned.len() < MOST_WARNINGS {
            self.warned.push((topic, text.clone()));
            self.posts.warnings.push(text);
        }
    }

    /// Warns, whether or not this was said before.
    pub fn warn_again(&mut self, text: &str) {
        self.posts.warnings.push(text.to_owned());
    }

    /// Adds reports, to be posted with the times of the segment in which each began.
    pub fn add(&mut self, reports: Vec<Report>, severity: Severity, stamps: &mut Stamps) {
        let (info, has_channels) = (self.info, self.has_channels);
        for report in reports {
            match report {
                Report::Defect(mut finding) => {
                    let stamp = stamps.of(&finding);
                    let (at, segment) = self.timeline.to_buffer(finding.at);
                    finding.at = at;
                    let context = Context {
                        info,
                        severity,
                        has_channels,
                        segment,
                    };
                    self.posts
                        .messages
                        .push(message::defect(finding, stamp, &context));
                }
                Report::Measurement(mut m) => {
                    let (start, segment) = self.timeline.to_buffer(m.span.start);
                    m.span = Span::new(start, start.saturating_add(m.span.duration()));
                    let context = Context {
                        info,
                        severity,
                        has_channels,
                        segment,
                    };
                    self.posts
                        .messages
                        .push(message::measurement(&m, &self.names, &context));
                }
                Report::Warning(text) => self.warn(Topic::Settings, text),
            }
        }
    }

    /// What there is to post; none of it stays.
    pub fn take(&mut self) -> Posts {
        std::mem::take(&mut self.posts)
    }
}

impl Posts {
    /// Posts everything, from the element. What a full or missing bus does with it is not the stream's business.
    pub fn post(self, element: &gst::Element) {
        for warning in self.warnings {
            gst::warning!(CAT, obj = element, "{warning}");
            gst::element_warning!(element, gst::StreamError::Failed, ("{warning}"));
        }
        for structure in self.messages {
            gst::debug!(CAT, obj = element, "{structure}");
            let _ = element.post_message(
                gst::message::Element::builder(structure)
                    .src(element)
                    .build(),
            );
        }
    }
}
