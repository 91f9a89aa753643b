// SPDX-License-Identifier: MPL-2.0
//! What the element knows of all its streams together: the detector at work, and what there is to say.

use super::pads::Which;
use crate::detector::{
    Detector, Pair, Reason, Report, Runner,
    pair::{Content, Piece, Side, Timeline},
};
use crate::element::{
    message::Segment,
    outbox::{Outbox, Posts, Topic},
    stamps::Stamps,
    wishes::Wanted,
};
use crate::media::{Ns, Span};

/// So many panics, and the detector is left alone.
const MOST_PANICS: u32 = 3;

/// See the module.
pub struct State<D: Detector<Medium = Pair>> {
    runner: Runner<D>,
    settings: Wanted<D>,
    timeline: Timeline,
    /// Of the programme's sound and picture.
    segments: [Option<Segment>; 2],
    stamps: Stamps,
    outbox: Outbox,
    panics: u32,
}

impl<D: Detector<Medium = Pair>> Default for State<D> {
    fn default() -> Self {
        let settings = Wanted::<D>::default();
        let mut outbox = Outbox::new(D::INFO, false);
        outbox.set_channels::<D>(&());
        Self {
            runner: Runner::new((), settings.common.clone(), settings.own.clone()),
            settings,
            timeline: Timeline::default(),
            segments: [None, None],
            stamps: Stamps::default(),
            outbox,
            panics: 0,
        }
    }
}

impl<D: Detector<Medium = Pair>> State<D> {
    /// The settings from now on.
    pub fn configure(&mut self, wanted: Wanted<D>) {
        if wanted.version > self.settings.version {
            self.runner
                .configure(wanted.common.clone(), wanted.own.clone());
            self.settings = wanted;
        }
    }

    /// Whether anything is to be read.
    pub fn is_active(&self) -> bool {
        self.runner.is_active() && self.panics < MOST_PANICS
    }

    /// Takes a piece of one of the streams.
    pub fn take(&mut self, piece: Piece<'_>) {
        let stamp = matches!(
            piece.content,
            Content::SoundStamp(_) | Content::PictureStamp(_)
        );
        if stamp || piece.side == Side::Reference {
            self.runner.push_untimed(piece);
            return;
        }
        let which = usize::from(matches!(piece.content, Content::Picture(_)));
        self.runner
            .push(self.timeline.advance(which, piece.span), piece);
    }

    /// A stretch of the programme without data.
    pub fn pass_over(&mut self, which: Which, span: Span) {
        if which.side() == Side::Programme {
            let span = self.timeline.advance(usize::from(!which.is_sound()), span);
            self.runner.gap(span);
        }
    }

    /// Something couldn't be read.
    pub fn warn(&mut self, topic: Topic, text: String) {
        self.outbox.warn(topic, text);
    }

    /// The segment of one of the programme's streams.
    pub fn set_segment(&mut self, which: Which, segment: Option<Segment>) {
        if which.side() == Side::Programme {
            self.segments[usize::from(!which.is_sound())] = segment;
        }
    }

    /// A part of the programme ends, and the next one may go on.
    pub fn close(&mut self, reason: Reason) {
        self.runner.close(reason);
        self.collect();
    }

    /// The programme breaks off.
    pub fn reset(&mut self, reason: Reason) {
        self.runner.reset(reason);
        self.collect();
        self.timeline.reset();
    }

    /// The element was stopped.
    pub fn forget(&mut self) {
        self.panics = 0;
        self.segments = [None, None];
        self.outbox.forget();
    }

    /// After a panic: the detector begins anew, at most a few times.
    pub fn recover(&mut self) {
        self.panics += 1;
        self.reset(Reason::Discont);
        self.outbox.warn_again(if self.panics < MOST_PANICS {
            "the detector failed on a buffer and begins anew; the streams go on"
        } else {
            "the detector failed again and is given up until the next stop; the streams go on"
        });
    }

    /// What there is to post.
    pub fn take_posts(&mut self) -> Posts {
        self.collect();
        self.outbox.take()
    }

    /// Reports are in running time, messages in that of the picture's buffers, or else of the sound's.
    fn collect(&mut self) {
        let mut reports = self.runner.take_reports();
        if reports.is_empty() {
            return;
        }
        let [sound, picture] = &self.segments;
        let segment = picture.as_ref().or(sound.as_ref()).cloned();
        let place = |time: &mut Ns| {
            let running = gst::ClockTime::from_nseconds(*time);
            let position = segment
                .as_ref()
                .and_then(|s| s.position_from_running_time(running));
            *time = position.map_or(*time, gst::ClockTime::nseconds);
        };
        for report in &mut reports {
            match report {
                Report::Defect(finding) => place(&mut finding.at),
                Report::Measurement(m) => {
                    let length = m.span.duration();
                    place(&mut m.span.start);
                    m.span.end = m.span.start.saturating_add(length);
                }
                Report::Warning(_) => {}
            }
        }
        self.outbox.set_segment(segment);
        let severity = self.runner.severity();
        self.outbox.add(reports, severity, &mut self.stamps);
    }
}
