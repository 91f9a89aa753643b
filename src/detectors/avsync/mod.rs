// SPDX-License-Identifier: MPL-2.0
//! Sound against picture: how much one comes before the other, by four sorts of evidence, each of which can do without the others.
//!
//! - `timestamps`: how far the timelines of the two streams have moved against each other, with regard to what they carry
//!   ([`timelines`]).
//! - `flash-beep`: flashes of the picture with beeps of the sound, as line-up sequences have them ([`flash`], [`beep`]).
//! - `reference`: the same programme from an earlier point of the chain, recognised by fingerprints ([`prints`]): the delay of the picture
//!   less the delay of the sound is what the chain has added.
//! - `content`: how the mouth of a speaking face goes with the sound ([`content`]).
//!
//! The offset is positive when sound is early. Where there is no evidence, nothing is said.
//!
//! Sources: limits of EBU R 37, ITU-R BT.1359-1 and ATSC IS-191. The fingerprints are of this project's own design; those of SMPTE ST
//! 2064 are patented and weren't looked at.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Pair, Severity,
    pair::{Content, Piece, Side},
};
use crate::media::{Ns, SECOND, Span};

mod beep;
pub mod content;
mod flash;
mod lineup;
mod motion;
mod options;
mod prints;
mod reference;
mod timelines;
mod track;

use content::SpeechSync;
use lineup::LineUp;
use motion::Motion;
pub use options::{AvSyncSettings, Preset, Source};
use reference::Reference;
use timelines::Timelines;

crate::kinds! {
    /// What `avsyncdetect` reports.
    pub enum AvSyncKind {
        AvSync {
            name: "av-sync",
            value: "offset in ms, positive when sound is early",
            unit: "ms",
            direction: Direction::AwayFromZero,
            details: &[
                (
                    "timestamps",
                    "the timelines of the two streams have moved against each other",
                ),
                ("flash-beep", "flashes and beeps of a line-up sequence"),
                (
                    "reference",
                    "the chain since the reference delays one more than the other",
                ),
                (
                    "content",
                    "the mouth of a speaking face doesn't go with the sound",
                ),
            ],
        },
    }
}

crate::measures! {
    /// What `avsyncdetect` measures.
    pub struct AvSyncMeasures {
        /// offset in ms, positive when sound is early; absent if nothing is known
        "offset" offset: f64 => "ms",
        /// how sure that is, 0 to 1
        "confidence" confidence: f64,
        /// by how much the sound's timestamps advance less than its samples, in ppm, over the last minute
        "drift" drift: f64,
        /// delay of the picture against the reference, in ms
        "picture-delay" picture_delay: f64 => "ms",
        /// delay of the sound against the reference, in ms
        "sound-delay" sound_delay: f64 => "ms",
    }
}

const INFO: Info = Info {
    element: "avsyncdetect",
    type_name: "GstDefectAvSyncDetect",
    long_name: "Lip-sync detector",
    description: "Reports sound that is early or late against the picture",
    kinds: AvSyncKind::LIST,
    measures: AvSyncMeasures::LIST,
};

/// What one sort of evidence says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// In ms, positive when sound is early.
    pub offset: f64,
    /// 0 to 1.
    pub confidence: f64,
    /// Since when it has been so, as far as is known.
    pub since: Option<Ns>,
    /// Which sort.
    pub source: Source,
    /// By how much it may be wrong, in ms: what is beyond a limit by less is no defect.
    pub uncertainty: f64,
}

/// The detector.
#[derive(Debug)]
pub struct AvSync {
    timelines: Timelines,
    motion: Motion,
    line_up: LineUp,
    reference: Reference,
    /// Made when it is first asked for: its network takes 2 MB.
    speech_sync: Option<Box<SpeechSync>>,
    /// Ends of the latest sound and picture of the programme.
    ends: [Option<Ns>; 2],
    weighed: Option<Ns>,
    known: Option<Estimate>,
}

impl Detector for AvSync {
    type Medium = Pair;
    type Settings = AvSyncSettings;
    type Kind = AvSyncKind;
    type Measures = AvSyncMeasures;
    const INFO: &'static Info = &INFO;
    // What is measured over seconds is established by itself, but for a step that is taken back at once.
    const COMMON: Common = Common::new(Severity::Error, 2 * SECOND, 2 * SECOND);

    fn new((): &()) -> Self {
        Self {
            timelines: Timelines::default(),
            motion: Motion::default(),
            line_up: LineUp::new(),
            reference: Reference::new(),
            speech_sync: None,
            ends: [None; 2],
            weighed: None,
            known: None,
        }
    }

    fn reset(&mut self, format: &()) {
        let (mut reference, mut speech_sync) = (
            std::mem::replace(&mut self.reference, Reference::new()),
            self.speech_sync.take(),
        );
        reference.reset();
        if let Some(speech_sync) = &mut speech_sync {
            speech_sync.reset();
        }
        *self = Self {
            reference,
            speech_sync,
            ..Self::new(format)
        };
    }

    fn push(
        &mut self,
        span: Span,
        piece: Piece<'_>,
        settings: &AvSyncSettings,
        episodes: &mut Episodes<AvSyncKind>,
    ) {
        if let Content::Nothing = piece.content {
            // Both have come there, unless one of them has stopped.
            let both = self
                .ends
                .iter()
                .all(|end| end.is_some_and(|end| end >= span.end));
            self.weighed = Some(span.end);
            let seen = match both {
                true => self.judge(span.end, settings),
                false => {
                    self.known = None;
                    Observation::unknown()
                }
            };
            episodes.observe(AvSyncKind::AvSync, None, span, seen);
        } else {
            self.take(&piece, settings);
        }
    }

    fn measure(&mut self) -> AvSyncMeasures {
        let [picture_delay, sound_delay] = self.reference.delays();
        AvSyncMeasures {
            offset: self.known.map_or(f64::NAN, |e| e.offset),
            confidence: self.known.map_or(0.0, |e| e.confidence),
            drift: self.timelines.drift(self.weighed),
            picture_delay,
            sound_delay,
        }
    }
}

impl AvSync {
    fn take(&mut self, piece: &Piece<'_>, settings: &AvSyncSettings) {
        let (wanted, at) = (settings.evidence(), piece.span);
        let uses = |source| wanted == Source::All || wanted == source;
        match (piece.side, piece.content) {
            (Side::Programme, Content::SoundStamp(arrival)) => {
                self.timelines.sound(at, &arrival);
            }
            (Side::Programme, Content::PictureStamp(arrival)) => {
                let goes_on = arrival
                    .broken
                    .is_some_and(|step| self.motion.goes_on(&step));
                self.timelines.picture(at, &arrival, goes_on);
            }
            (Side::Programme, Content::Sound(block)) => {
                self.ends[0] = Some(at.end);
                if uses(Source::FlashBeep) {
                    self.line_up.listen(at, &block);
                }
                if let Some(speech_sync) =
                    self.speech_sync.as_mut().filter(|_| uses(Source::Content))
                {
                    speech_sync.listen(at, &block);
                }
            }
            (Side::Programme, Content::Picture(picture)) => {
                self.ends[1] = Some(at.end);
                self.motion.look(at.start, picture.grid);
                if uses(Source::FlashBeep) {
                    self.line_up.look(at, picture.grid);
                }
                // Without sound no mouth says anything.
                if uses(Source::Content) && self.ends[0].is_some() {
                    let speech_sync = self.speech_sync.get_or_insert_with(Default::default);
                    speech_sync.look(at, picture.grid);
                }
            }
            _ => {}
        }
        if uses(Source::Reference) {
            self.reference.take(piece);
        }
    }

    fn judge(&mut self, now: Ns, settings: &AvSyncSettings) -> Observation {
        self.known = None;
        let (early, late) = (settings.early(), settings.late());
        let wrong =
            |e: &Estimate| e.offset - e.uncertainty > early || e.offset + e.uncertainty < -late;
        let wanted = settings.evidence();
        if let Some(speech_sync) = &mut self.speech_sync {
            speech_sync.compare(now);
        }
        let found = [
            self.line_up.estimate(now),
            self.reference.estimate(now),
            self.speech_sync.as_ref().and_then(|m| m.estimate()),
            self.timelines.estimate(now, wanted == Source::Timestamps),
        ];
        let mut known = found
            .into_iter()
            .flatten()
            .filter(|e| wanted == Source::All || wanted == e.source);
        // Timestamps alone can show that something is wrong, but not that all is well.
        let counts =
            |e: &Estimate| wrong(e) || e.source != Source::Timestamps || wanted == e.source;
        let best = known
            .clone()
            .find(|e| wrong(e))
            .or_else(|| known.find(counts));
        let Some(best) = best else {
            return Observation::unknown();
        };
        self.known = Some(best);
        if best.uncertainty.is_infinite() && (best.offset > early || best.offset < -late) {
            // An offset of unknown uncertainty is no evidence of a defect.
            return Observation::unknown();
        }
        let limit = if best.offset < 0.0 { -late } else { early };
        let mut seen = Observation::present_if(wrong(&best), best.offset, limit)
            .confidence(best.confidence)
            .detail(best.source.nick());
        if let (Evidence::Present, Some(since)) = (seen.evidence, best.since) {
            seen = seen.since(since);
        }
        seen
    }
}

#[cfg(test)]
mod tests;
