// SPDX-License-Identifier: MPL-2.0
//! The GObject boilerplate: a macro makes an element type for each detector around a [`Session`] (one stream, one
//! timed stream, or sound and picture). GObject wants statics once per type, hence the macro; it only delegates.

use std::sync::Arc;

use gst::{glib, prelude::*, subclass::prelude::*};

use super::settings::SharedSettings;
use crate::detector::{Detector, Info};

/// The inside of an element: its pads, events and buffers.
pub trait Session: Default + Send + Sync + 'static {
    /// The detector.
    type Detector: Detector;
    /// Classification of the element.
    const CLASS: &'static str;

    /// The values of the properties.
    fn settings(&self) -> &SharedSettings<Self::Detector>;

    /// Called when a property was set, since no buffer may come that would notice it.
    fn settings_changed(self: &Arc<Self>, _element: &gst::Element) {}

    /// The templates of the element's pads.
    fn pad_templates() -> Vec<gst::PadTemplate>;

    /// Adds the pads that the element always has.
    fn add_pads<I: DetectorElement<Session = Self>>(&self, element: &gst::Element);

    /// Makes a request pad.
    fn request_pad<I: DetectorElement<Session = Self>>(
        &self,
        _element: &gst::Element,
        _template: &gst::PadTemplate,
    ) -> Option<gst::Pad> {
        None
    }

    /// Called before a change of the element's state, and after it with `done`.
    fn state_changes(
        self: &Arc<Self>,
        element: &gst::Element,
        transition: gst::StateChange,
        done: bool,
    );
}

/// The implementation of an element around a session.
pub trait DetectorElement: ElementImpl<Type: IsA<gst::Element>> {
    /// Its session, which decides on pads and detector.
    type Session: Session;
    /// Its session.
    fn session(&self) -> &Arc<Self::Session>;
}

/// Adds the pads. Names an element that its application didn't name after its factory with a number, as other
/// elements are named: GStreamer would take the name of the type, with its prefix `GstDefect`.
pub fn constructed<I: DetectorElement>(imp: &I, info: &Info) {
    let element = imp.obj();
    let element: &gst::Element = element.upcast_ref();
    let default = info.type_name.trim_start_matches("Gst").to_lowercase();
    let name = element.name();
    if let Some(number) = name.strip_prefix(&*default)
        && number.parse::<u32>().is_ok()
    {
        element.set_property("name", format!("{}{number}", info.element));
    }
    imp.session().add_pads::<I>(element);
}

/// What `gst-inspect-1.0` shows on top.
pub fn metadata(class: &str, info: &Info) -> gst::subclass::ElementMetadata {
    gst::subclass::ElementMetadata::new(info.long_name, class, info.description, AUTHOR)
}

/// The author of all elements.
pub const AUTHOR: &str = concat!(
    "The authors of ",
    env!("CARGO_PKG_NAME"),
    " <",
    env!("CARGO_PKG_REPOSITORY"),
    ">"
);

/// Makes the element around a session, in a module of its own.
macro_rules! element {
    ($session:ty) => {
        use std::sync::{Arc, LazyLock};

        use gst::{glib, prelude::*, subclass::prelude::*};
        use $crate::detector::{Detector, Info};
        use $crate::element::{
            object::{self, DetectorElement, Session},
            properties,
        };

        type ElementSession = $session;
        type ElementDetector = <ElementSession as Session>::Detector;
        const INFO: &Info = <ElementDetector as Detector>::INFO;

        #[derive(Default)]
        pub struct Imp {
            session: Arc<ElementSession>,
        }

        impl DetectorElement for Imp {
            type Session = ElementSession;
            fn session(&self) -> &Arc<ElementSession> {
                &self.session
            }
        }

        #[glib::object_subclass]
        impl ObjectSubclass for Imp {
            const NAME: &'static str = INFO.type_name;
            type Type = Element;
            type ParentType = gst::Element;
        }

        impl ObjectImpl for Imp {
            fn properties() -> &'static [glib::ParamSpec] {
                static SPECS: LazyLock<Vec<glib::ParamSpec>> =
                    LazyLock::new(properties::param_specs::<ElementDetector>);
                &SPECS
            }

            fn property(&self, id: usize, _: &glib::ParamSpec) -> glib::Value {
                self.session.settings().get(id)
            }

            fn set_property(&self, id: usize, value: &glib::Value, _: &glib::ParamSpec) {
                self.session.settings().set(id, value);
                self.session.settings_changed(self.obj().upcast_ref());
            }

            fn constructed(&self) {
                self.parent_constructed();
                object::constructed(self, INFO);
            }
        }

        impl GstObjectImpl for Imp {}

        impl ElementImpl for Imp {
            fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                static META: LazyLock<gst::subclass::ElementMetadata> =
                    LazyLock::new(|| object::metadata(ElementSession::CLASS, INFO));
                Some(&META)
            }

            fn pad_templates() -> &'static [gst::PadTemplate] {
                static PADS: LazyLock<Vec<gst::PadTemplate>> =
                    LazyLock::new(ElementSession::pad_templates);
                &PADS
            }

            fn request_new_pad(
                &self,
                template: &gst::PadTemplate,
                _: Option<&str>,
                _: Option<&gst::Caps>,
            ) -> Option<gst::Pad> {
                let element = self.obj();
                self.session
                    .request_pad::<Self>(element.upcast_ref(), template)
            }

            fn release_pad(&self, pad: &gst::Pad) {
                let _ = pad.set_active(false);
                let _ = self.obj().remove_pad(pad);
            }

            fn change_state(
                &self,
                transition: gst::StateChange,
            ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                let element = self.obj();
                let element = element.upcast_ref();
                self.session.state_changes(element, transition, false);
                let result = self.parent_change_state(transition);
                self.session.state_changes(element, transition, true);
                result
            }
        }

        glib::wrapper! {
            pub struct Element(ObjectSubclass<Imp>) @extends gst::Element, gst::Object;
        }

        pub fn register(plugin: Option<&gst::Plugin>) -> Result<(), glib::BoolError> {
            gst::Element::register(
                plugin,
                INFO.element,
                gst::Rank::NONE,
                Element::static_type(),
            )
        }
    };
}

macro_rules! elements {
    ($($module:ident :: $detector:ident : $medium:ident),* $(,)?) => {
        $(
            mod $module {
                element!($crate::element::object::shape::$medium<$crate::detectors::$module::$detector>);
            }
        )*

        /// Registers the element of every detector.
        pub fn register(plugin: Option<&gst::Plugin>) -> Result<(), glib::BoolError> {
            $($module::register(plugin)?;)*
            Ok(())
        }
    };
}
crate::detectors::for_each_detector!(elements);

/// The element that hears phrases of speech; it belongs to no factory.
#[expect(dead_code, reason = "it isn't registered")]
pub mod phrases {
    element!(crate::element::object::shape::audio<crate::detectors::caption::speech::Speech>);

    /// A new one.
    pub fn element() -> gst::Element {
        glib::Object::builder::<Element>()
            .property("name", INFO.element)
            .build()
            .upcast()
    }
}

/// The session type for a medium, by the name that the list of detectors gives to the medium.
#[expect(non_camel_case_types, reason = "they are words of the list")]
mod shape {
    use crate::element::{
        pair::session::PairSession, stream::StreamSession, timing::TimingSession,
    };

    pub type video<D> = StreamSession<D>;
    pub type audio<D> = StreamSession<D>;
    pub type captions<D> = StreamSession<D>;
    pub type timing<D> = TimingSession<D>;
    pub type pair<D> = PairSession<D>;
}
