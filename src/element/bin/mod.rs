// SPDX-License-Identifier: MPL-2.0
//! `defectbin`: the right detectors for the content of the stream, in one element.
//!
//! It builds its chain when caps come, in the streaming thread and before they go on, so that no buffer waits or is
//! missed. The messages of its detectors go onto the bus as their own, except alarms that another one implies.

use std::sync::{
    LazyLock, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use gst::{glib, prelude::*, subclass::prelude::*};

use super::{CAT, guarded::lock, object::AUTHOR, pads, pads::uncapturing};
use crate::alarms::selection::Selection;
use crate::detector::Settings;
use crate::detectors::caption::speech::PHRASE;
use crate::message::DefectMessage;

mod alarms;
mod chain;
mod output;
mod pass_through;
mod programme;
mod properties;
mod speech_log;
mod warnings;

use alarms::Alarms;
use chain::Chain;
use properties::{BinSettings, HIDDEN};
use warnings::Warnings;

#[derive(Debug)]
pub struct Imp {
    settings: Mutex<BinSettings>,
    chain: Mutex<Chain>,
    alarms: Alarms,
    warnings: Warnings,
    /// Whether the chain's settings are in use and can't be changed.
    started: AtomicBool,
    /// The second of the stream, in running time, in which the detector of captions was told of speech.
    told: AtomicU64,
    sink: gst::GhostPad,
    src: gst::GhostPad,
}

glib::wrapper! {
    pub struct DefectBin(ObjectSubclass<Imp>) @extends gst::Bin, gst::Element, gst::Object,
        @implements gst::ChildProxy;
}

pub fn register(plugin: Option<&gst::Plugin>) -> Result<(), glib::BoolError> {
    let rank = gst::Rank::NONE;
    gst::Element::register(plugin, "defectbin", rank, DefectBin::static_type())
}

#[glib::object_subclass]
impl ObjectSubclass for Imp {
    const NAME: &'static str = "GstDefectBin";
    type Type = DefectBin;
    type ParentType = gst::Bin;

    fn with_class(class: &Self::Class) -> Self {
        let pad = |name: &str| match class.pad_template(name) {
            Some(template) => gst::GhostPad::builder_from_template(&template),
            None => gst::GhostPad::builder(gst::PadDirection::Unknown),
        };
        let sink = pad("sink")
            .event_function(uncapturing(
                |pad: &gst::GhostPad, parent: Option<&gst::Object>, event: gst::Event| {
                    Self::catch_panic_pad_function(parent, || false, |imp| imp.event(pad, event))
                },
            ))
            .query_function(uncapturing(
                |pad: &gst::GhostPad, parent: Option<&gst::Object>, query: &mut gst::QueryRef| {
                    Self::catch_panic_pad_function(
                        parent,
                        || false,
                        |imp| imp.query(pad, &imp.src, query),
                    )
                },
            ));
        let src = pad("src").query_function(uncapturing(
            |pad: &gst::GhostPad, parent: Option<&gst::Object>, query: &mut gst::QueryRef| {
                Self::catch_panic_pad_function(
                    parent,
                    || false,
                    |imp| imp.query(pad, &imp.sink, query),
                )
            },
        ));
        Self {
            settings: Mutex::default(),
            chain: Mutex::default(),
            alarms: Alarms::default(),
            warnings: Warnings::default(),
            started: AtomicBool::new(false),
            told: AtomicU64::default(),
            sink: sink.build(),
            src: src.build(),
        }
    }
}

impl Imp {
    fn event(&self, pad: &gst::GhostPad, event: gst::Event) -> bool {
        if let gst::EventView::Caps(e) = event.view() {
            self.adapt(e.caps());
        }
        gst::Pad::event_default(pad, Some(&*self.obj()), event)
    }

    /// Caps queries go to the other side: the detectors in place would forbid a change of the medium.
    fn query(&self, pad: &gst::GhostPad, other: &gst::GhostPad, query: &mut gst::QueryRef) -> bool {
        match query.type_() {
            gst::QueryType::Caps | gst::QueryType::AcceptCaps if other.is_linked() => {
                other.peer_query(query)
            }
            _ => gst::Pad::query_default(pad, Some(&*self.obj()), query),
        }
    }

    /// Replaces the chain, if these caps need another one.
    fn adapt(&self, caps: &gst::CapsRef) {
        if lock(&self.chain).fits(caps) {
            return;
        }
        let mut settings = lock(&self.settings).clone();
        let (obj, old) = (self.obj(), std::mem::take(&mut *lock(&self.chain)));
        let bin = obj.upcast_ref();
        old.leave(bin, &self.sink, &self.src);
        let new = Chain::build(caps, &settings, bin);
        new.enter(bin, &self.sink, &self.src);
        *lock(&self.chain) = new;
        // What was set meanwhile has reached no detector.
        loop {
            let now = lock(&self.settings).clone();
            if now == settings {
                break;
            }
            for (i, spec) in BinSettings::specs().iter().enumerate() {
                if now.get(i) != settings.get(i) {
                    let value = super::properties::get_own(&now, i);
                    self.pass_on(spec.name, &value);
                }
            }
            settings = now;
        }
    }

    /// Sets a property of the bin for its detectors, as far as they have it.
    fn pass_on(&self, name: &str, value: &glib::Value) {
        let followers = lock(&self.chain).followers(name);
        for element in followers {
            let is_same = |spec: glib::ParamSpec| spec.value_type() == value.type_();
            if element.find_property(name).is_some_and(is_same) {
                element.set_property_from_value(name, value);
            }
        }
    }

    /// Checks the settings; posts an error if they aren't possible.
    fn prepare(&self) -> Result<(), gst::StateChangeError> {
        let settings = lock(&self.settings).clone();
        if let Err(why) = Selection::of_stream(settings.profile, &settings.detectors) {
            gst::element_imp_error!(self, gst::LibraryError::Settings, ("detectors: {why}"));
            return Err(gst::StateChangeError);
        }
        lock(&self.chain).outdate();
        self.alarms.join(&settings.programme);
        Ok(())
    }

    /// Posts a message of a detector, and of the programme if that changes it.
    fn tell(&self, defect: &DefectMessage, message: &gst::MessageRef) {
        self.parent_handle_message(self.alarms.renumber(defect, message));
        self.alarms.report_to_programme(defect, &self.obj());
    }

    /// The number of an episode that the bin itself reports.
    fn next_number(&self) -> u64 {
        self.alarms.next_number()
    }
}

impl ObjectImpl for Imp {
    fn properties() -> &'static [glib::ParamSpec] {
        static SPECS: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(properties::specs);
        &SPECS
    }

    fn property(&self, id: usize, spec: &glib::ParamSpec) -> glib::Value {
        if spec.name() == HIDDEN {
            return self.alarms.hidden().to_value();
        }
        super::properties::get_own(&*lock(&self.settings), id - 1)
    }

    fn set_property(&self, id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        let name = spec.name();
        if properties::is_of_the_chain(name) && self.started.load(Ordering::Acquire) {
            let text = format!(
                "{name} can't be changed while the element runs: it stays as it was; stop the element (state READY) first"
            );
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{text}"));
            return;
        }
        let (accepted, hide_implied) = {
            let mut settings = lock(&self.settings);
            let accepted = super::properties::set_own(&mut *settings, id - 1, value);
            (accepted, settings.hide_implied)
        };
        if let Err(why) = accepted {
            gst::glib::g_warning!("gst-plugin-defect", "defectbin: {why}; it stays as it was");
        }
        self.alarms.set_hiding(hide_implied);
        self.pass_on(name, value);
    }

    fn constructed(&self) {
        self.parent_constructed();
        let bin = self.obj();
        for pad in [&self.sink, &self.src] {
            if bin.add_pad(pad).is_err() {
                gst::error!(CAT, imp = self, "pad {} is there already", pad.name());
            }
        }
        self.watch();
        let chain = Chain::plain();
        chain.enter(bin.upcast_ref(), &self.sink, &self.src);
        *lock(&self.chain) = chain;
    }
}

impl GstObjectImpl for Imp {}

impl ElementImpl for Imp {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static META: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Defect detectors",
                "Generic/Bin/Analyzer",
                "Watches whatever flows with the detectors that fit it",
                AUTHOR,
            )
        });
        Some(&META)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static PADS: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| pads::templates("ANY"));
        &PADS
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        use gst::StateChange;
        if matches!(
            transition,
            StateChange::NullToReady | StateChange::ReadyToPaused
        ) {
            self.prepare()?;
        }
        let starts = transition == StateChange::ReadyToPaused;
        self.started.fetch_or(starts, Ordering::AcqRel);
        let done = self.parent_change_state(transition);
        let stops = matches!(
            transition,
            StateChange::PausedToReady | StateChange::ReadyToNull
        );
        if stops || (starts && done.is_err()) {
            self.started.store(false, Ordering::Release);
        }
        if transition == StateChange::PausedToReady {
            self.alarms.clear();
            self.warnings.clear();
        }
        done
    }
}

impl BinImpl for Imp {
    fn handle_message(&self, message: gst::Message) {
        let Ok(defect) = DefectMessage::try_from(&*message) else {
            if let Some(message) = self.warnings.take(message, &self.obj()) {
                self.parent_handle_message(message);
            }
            return;
        };
        if defect.kind == PHRASE {
            self.alarms.note_speech(&defect);
        } else if let Some(message) = self.alarms.filter(&defect, message) {
            self.tell(&defect, &message);
        }
    }
}
