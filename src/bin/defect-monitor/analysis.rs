// SPDX-License-Identifier: MPL-2.0
//! Which pictures of a programme are decoded and analysed, where a command measures the monitor itself.

#[cfg(feature = "service")]
use std::num::NonZeroU16;
use std::time::Duration;

use gstdefect::DefectMessage;

use super::choice::Choice;
#[cfg(not(feature = "service"))]
use super::decoder;
use super::play::Play;
#[cfg(feature = "service")]
use super::service::{config::Analyse, stream::Probes};
use super::source::{self, Streams};

/// Told of each defect, with the name of its track.
pub type OnDefect = Box<dyn Fn(&str, &DefectMessage)>;

/// Which pictures of a programme are decoded and analysed. Without the service these are all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analysis {
    /// Which pictures.
    #[cfg(feature = "service")]
    pub analyse: Analyse,
    /// Which programme of a transport stream; the first by default.
    #[cfg(feature = "service")]
    pub program: Option<NonZeroU16>,
}

impl Analysis {
    /// Starts to play a URI. The function that is returned beside the play has to be told of each defect: it may call for more pictures.
    pub fn play(
        &self,
        uri: &str,
        streams: Streams,
        timeout: Option<Duration>,
    ) -> Result<(Play, OnDefect), String> {
        let mut on_defect = None;
        let play = Play::start(uri, streams, timeout, |pipeline, streams| {
            on_defect = Some(self.prepare(pipeline));
            source::uri(pipeline, uri, streams)
        })?;
        Ok((play, on_defect.ok_or("no source")?))
    }
}

#[cfg(feature = "service")]
impl Analysis {
    /// The same choice for the pictures that there are: some may be too few for a detector.
    pub fn fit(&self, choice: Choice) -> Choice {
        choice.with_pictures(self.analyse.pictures())
    }

    /// Prepares a pipeline that has nothing in it yet, as the service does.
    fn prepare(&self, pipeline: &gst::Pipeline) -> OnDefect {
        let probes = Probes::install(pipeline, self.analyse, self.program, None);
        Box::new(move |track, defect| probes.note_defect(track, defect))
    }

    /// Whether all pictures are decoded only while something is suspicious.
    pub fn is_adaptive(&self) -> bool {
        self.analyse == Analyse::Adaptive
    }

    /// Its name, if not all is analysed.
    pub fn name(&self) -> Option<String> {
        Some(match self.analyse {
            Analyse::All => return None,
            Analyse::Keyframes => "keyframes".to_owned(),
            Analyse::Adaptive => "adaptive".to_owned(),
            Analyse::Every(n) => format!("every {n}"),
        })
    }
}

#[cfg(not(feature = "service"))]
impl Analysis {
    /// The same choice.
    pub fn fit(&self, choice: Choice) -> Choice {
        choice
    }

    /// Prepares a pipeline that has nothing in it yet, as the service does: one thread for each decoder.
    fn prepare(&self, pipeline: &gst::Pipeline) -> OnDefect {
        use gst::prelude::*;
        pipeline.connect_deep_element_added(|_, _, element| {
            if decoder::kind(element).is_some() {
                decoder::use_one_thread(element);
            }
        });
        Box::new(|_, _| {})
    }

    /// All pictures are always decoded.
    pub fn is_adaptive(&self) -> bool {
        false
    }

    /// All is analysed.
    pub fn name(&self) -> Option<String> {
        None
    }
}
