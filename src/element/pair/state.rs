// SPDX-License-Identifier: MPL-2.0
//! The state of all streams of the element together: the analyzer, on one timeline.

use super::{
    inbox::{Content, Item},
    pads::Which,
};
use crate::detector::{Detector, Pair, PairDriver, Reason, pair::Side};
use crate::element::{
    analyzer::Analyzer,
    guarded::Analysis,
    message::Segment,
    outbox::{Posts, WarningTopic},
    settings::SettingsSnapshot,
    stream::UNTIMED,
};
use crate::media::Span;

/// The state of the element, see the module.
pub struct State<D: Detector<Medium = Pair>> {
    analyzer: Analyzer<D>,
    driver: PairDriver,
    /// Of the programme's sound and picture.
    segments: [Option<Segment>; 2],
}

impl<D: Detector<Medium = Pair>> Default for State<D> {
    fn default() -> Self {
        let mut analyzer = Analyzer::default();
        analyzer.start(Some(()));
        Self {
            analyzer,
            driver: PairDriver::default(),
            segments: [None, None],
        }
    }
}

/// Index of a stream: 0 = the programme's sound, 1 = its picture.
fn place(which: Which) -> usize {
    usize::from(!which.is_sound())
}

impl<D: Detector<Medium = Pair>> Analysis for State<D> {
    type Detector = D;

    fn configure(&mut self, settings: SettingsSnapshot<D>) {
        self.analyzer.configure(settings);
    }

    fn recover(&mut self) {
        self.analyzer.recover();
        self.driver = PairDriver::default();
    }

    fn take_posts(&mut self) -> Posts {
        self.analyzer.take_posts()
    }
}

impl<D: Detector<Medium = Pair>> State<D> {
    /// Whether the detector has failed too often.
    pub fn has_given_up(&self) -> bool {
        self.analyzer.has_given_up()
    }

    /// Takes an item of one of the streams.
    pub fn take(&mut self, item: &Item) {
        match &item.content {
            Content::Gap(span) => self.pass_over(item.which, *span),
            Content::WorldTime(stamps) => self.analyzer.outbox.note(stamps.clone()),
            Content::Untimed => self.warn(WarningTopic::Times, UNTIMED.to_owned()),
            Content::Unreadable(why) => {
                let text = format!("a buffer couldn't be analysed: {why}");
                self.warn(WarningTopic::Buffer, text);
            }
            _ => {
                if let (Some(piece), Some(runner)) = (item.piece(), self.analyzer.runner()) {
                    self.driver.push(runner, piece);
                }
            }
        }
    }

    /// One of the programme's streams begins, or begins anew.
    pub fn begin(&mut self, which: Which) {
        if which.side() == Side::Programme {
            self.driver.begin(place(which));
        }
    }

    /// One of the programme's streams has ended. What it had is kept until the other has come to that time.
    pub fn end(&mut self, which: Which) {
        if let (Side::Programme, Some(runner)) = (which.side(), self.analyzer.runner()) {
            self.driver.end(runner, place(which));
        }
    }

    /// Passes a time of the programme without data.
    fn pass_over(&mut self, which: Which, span: Span) {
        if let (Side::Programme, Some(runner)) = (which.side(), self.analyzer.runner()) {
            self.driver.advance(runner, place(which), span);
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, topic: WarningTopic, text: String) {
        self.analyzer.outbox.warn(topic, text);
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

    /// Ends a part of the programme whose next part may follow.
    pub fn close(&mut self, reason: Reason) {
        self.analyzer.close_part(reason);
    }

    /// Breaks the programme.
    pub fn reset(&mut self, reason: Reason) {
        if let Some(runner) = self.analyzer.runner() {
            self.driver.finish(runner);
        }
        self.analyzer.break_off(reason);
    }

    /// Ends the open episodes and forgets the streams.
    pub fn stop(&mut self) {
        self.reset(Reason::Stopped);
        self.analyzer.prepare_restart();
        self.analyzer.start(Some(()));
        self.segments = [None, None];
    }
}
