// SPDX-License-Identifier: MPL-2.0
//! How much of a programme is decoded and analysed, where a command measures the monitor itself.

#[cfg(feature = "service")]
use std::num::NonZeroU16;

use gstdefect::DefectMessage;

use super::choice::Choice;
#[cfg(not(feature = "service"))]
use super::decoder;
#[cfg(feature = "service")]
use super::service::{config::Analyse, stream::Probes};

/// Told of each defect, with the name of its track.
pub type OnDefect = Box<dyn Fn(&str, &DefectMessage)>;

/// How much of a programme is analysed. Without the service it is always all of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analysis {
    /// Which pictures.
    #[cfg(feature = "service")]
    pub pictures: Analyse,
    /// Which programme of a transport stream; the first by default.
    #[cfg(feature = "service")]
    pub program: Option<NonZeroU16>,
}

#[cfg(feature = "service")]
impl Analysis {
    /// Those detectors, for such pictures.
    pub fn choice(&self, choice: Choice) -> Choice {
        choice.with_pictures(self.pictures.pictures())
    }

    /// Prepares a pipeline that has nothing in it yet, as the service does.
    pub fn prepare(&self, pipeline: &gst::Pipeline) -> OnDefect {
        let probes = Probes::install(pipeline, self.pictures, self.program, None);
        Box::new(move |track, defect| probes.note_defect(track, defect))
    }

    /// Whether it depends on the programme how much is decoded.
    pub fn is_adaptive(&self) -> bool {
        self.pictures == Analyse::Adaptive
    }

    /// Its name, if not all is analysed.
    pub fn name(&self) -> Option<String> {
        let value = clap::ValueEnum::to_possible_value(&self.pictures);
        let value = value.filter(|_| self.pictures != Analyse::All);
        value.map(|value| value.get_name().to_owned())
    }
}

#[cfg(not(feature = "service"))]
impl Analysis {
    /// Those detectors.
    pub fn choice(&self, choice: Choice) -> Choice {
        choice
    }

    /// Prepares a pipeline that has nothing in it yet, as the service does: one thread for each decoder.
    pub fn prepare(&self, pipeline: &gst::Pipeline) -> OnDefect {
        use gst::prelude::*;
        pipeline.connect_deep_element_added(|_, _, element| {
            if decoder::kind(element).is_some() {
                decoder::use_one_thread(element);
            }
        });
        Box::new(|_, _| {})
    }

    /// It doesn't depend on the programme how much is decoded.
    pub fn is_adaptive(&self) -> bool {
        false
    }

    /// All is analysed.
    pub fn name(&self) -> Option<String> {
        None
    }
}
