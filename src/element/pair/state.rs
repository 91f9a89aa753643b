// SPDX-License-Identifier: MPL-2.0
//! What the element knows of all its streams together: the detector at work, on one timeline.

use super::pads::Which;
use crate::detector::{
    Detector, Pair, Reason,
    pair::{Content, Piece, Side, Timeline},
};
use crate::element::{
    analyzer::Analyzer,
    guarded::Analysis,
    message::Segment,
    outbox::{Posts, Topic},
    settings::SettingsSnapshot,
};
use crate::media::{Ns, Span};

/// See the module.
pub struct State<D: Detector<Medium = Pair>> {
    analyzer: Analyzer<D>,
    timeline: Timeline,
    /// Of the programme's sound and picture.
    segments: [Option<Segment>; 2],
}

impl<D: Detector<Medium = Pair>> Default for State<D> {
    fn default() -> Self {
        let mut analyzer = Analyzer::default();
        analyzer.start(Some(()));
        Self {
            analyzer,
            timeline: Timeline::default(),
            segments: [None, None],
        }
    }
}

impl<D: Detector<Medium = Pair>> Analysis for State<D> {
    type Detector = D;

    fn configure(&mut self, settings: SettingsSnapshot<D>) {
        self.analyzer.configure(settings);
    }

    fn recover(&mut self) {
        self.analyzer.recover();
        self.timeline.reset();
    }

    fn take_posts(&mut self) -> Posts {
        self.analyzer.take_posts()
    }
}

impl<D: Detector<Medium = Pair>> State<D> {
    /// Whether streams are to be read.
    pub fn is_active(&self) -> bool {
        self.analyzer.common().active && !self.analyzer.has_given_up()
    }

    /// Takes a piece of one of the streams.
    pub fn take(&mut self, piece: Piece<'_>) {
        let Some(runner) = self.analyzer.runner() else {
            return;
        };
        let stamp = matches!(
            piece.content,
            Content::SoundStamp(_) | Content::PictureStamp(_)
        );
        if stamp || piece.side == Side::Reference {
            runner.push_untimed(piece);
            return;
        }
        let which = usize::from(matches!(piece.content, Content::Picture(_)));
        runner.push(self.timeline.advance(which, piece.span), piece);
    }

    /// A stretch of the programme without data.
    pub fn pass_over(&mut self, which: Which, span: Span) {
        if which.side() == Side::Programme {
            let span = self.timeline.advance(usize::from(!which.is_sound()), span);
            if let Some(runner) = self.analyzer.runner() {
                runner.gap(span);
            }
        }
    }

    /// Something couldn't be read.
    pub fn warn(&mut self, topic: Topic, text: String) {
        self.analyzer.outbox.warn(topic, text);
    }

    /// Notes timecode and reference time of a buffer of the programme that starts at that running time.
    pub fn note(&mut self, start: Option<Ns>, buffer: &gst::BufferRef) {
        self.analyzer.outbox.note(start, buffer);
    }

    /// The segment of one of the programme's streams. Messages have the times of the picture's buffers, or else of the sound's.
    pub fn set_segment(&mut self, which: Which, segment: Option<Segment>) {
        if which.side() == Side::Programme {
            self.segments[usize::from(!which.is_sound())] = segment;
            let [sound, picture] = &self.segments;
            let of_messages = picture.as_ref().or(sound.as_ref()).cloned();
            self.analyzer.outbox.set_segment(of_messages);
        }
    }

    /// A part of the programme ends, and the next one may go on.
    pub fn close(&mut self, reason: Reason) {
        self.analyzer.close(reason);
    }

    /// The programme breaks off.
    pub fn reset(&mut self, reason: Reason) {
        self.analyzer.reset(reason);
        self.timeline.reset();
    }

    /// Closes what is open and forgets the streams.
    pub fn stop(&mut self) {
        self.reset(Reason::Stopped);
        self.analyzer.forget();
        self.analyzer.start(Some(()));
        self.segments = [None, None];
    }
}
