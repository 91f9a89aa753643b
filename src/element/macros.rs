// SPDX-License-Identifier: MPL-2.0
//! `element!(D)`: a GStreamer element around [`Session<D>`](super::session::Session). Delegation only: the statics that
//! GObject wants have to exist once per type, so they can't be generic.

/// Makes the module `element` with the element of a detector; nothing without feature `plugin`.
macro_rules! element {
    ($detector:ident) => {
        #[cfg(feature = "plugin")]
        pub(crate) mod element {
            use std::sync::{Arc, LazyLock};

            use gst::{glib, prelude::*, subclass::prelude::*};

            use super::$detector;
            use $crate::detector::{Detector, Info};
            use $crate::element::{medium, properties, session::Session};

            const INFO: &Info = <$detector as Detector>::INFO;
            type Medium = <$detector as Detector>::Medium;

            pub struct Imp {
                session: Arc<Session<$detector>>,
                sink: gst::Pad,
                src: gst::Pad,
            }

            impl Imp {
                fn push(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
                    let buffer = self.session.pass(self.obj().upcast_ref(), buffer);
                    let flow = self.src.push(buffer);
                    self.session.pushed();
                    flow
                }

                fn push_list(
                    &self,
                    list: gst::BufferList,
                ) -> Result<gst::FlowSuccess, gst::FlowError> {
                    let list = self.session.pass_list(self.obj().upcast_ref(), list);
                    let flow = self.src.push_list(list);
                    self.session.pushed();
                    flow
                }

                fn event(&self, pad: &gst::Pad, event: gst::Event) -> bool {
                    self.session.event(self.obj().upcast_ref(), &event);
                    gst::Pad::event_default(pad, Some(&*self.obj()), event)
                }
            }

            #[glib::object_subclass]
            impl ObjectSubclass for Imp {
                const NAME: &'static str = INFO.type_name;
                type Type = Element;
                type ParentType = gst::Element;

                fn with_class(class: &Self::Class) -> Self {
                    let refused = || Err(gst::FlowError::Error);
                    let sink = medium::pad(class.pad_template("sink"))
                        .chain_function(move |_, parent, buffer| {
                            Self::catch_panic_pad_function(parent, refused, |imp| imp.push(buffer))
                        })
                        .chain_list_function(move |_, parent, list| {
                            Self::catch_panic_pad_function(parent, refused, |imp| {
                                imp.push_list(list)
                            })
                        })
                        .event_function(|pad, parent, event| {
                            Self::catch_panic_pad_function(
                                parent,
                                || false,
                                |imp| imp.event(pad, event),
                            )
                        })
                        .build();
                    let src = medium::pad(class.pad_template("src")).build();
                    Self {
                        session: Arc::default(),
                        sink,
                        src,
                    }
                }
            }

            impl ObjectImpl for Imp {
                fn properties() -> &'static [glib::ParamSpec] {
                    static SPECS: LazyLock<Vec<glib::ParamSpec>> =
                        LazyLock::new(properties::param_specs::<$detector>);
                    &SPECS
                }

                fn property(&self, id: usize, _: &glib::ParamSpec) -> glib::Value {
                    self.session.property(id)
                }

                fn set_property(&self, id: usize, value: &glib::Value, _: &glib::ParamSpec) {
                    self.session.set_property(id, value);
                }

                fn constructed(&self) {
                    self.parent_constructed();
                    medium::add_pads(self.obj().upcast_ref(), [&self.sink, &self.src]);
                }
            }

            impl GstObjectImpl for Imp {}

            impl ElementImpl for Imp {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    static META: LazyLock<gst::subclass::ElementMetadata> =
                        LazyLock::new(|| medium::metadata::<Medium>(INFO));
                    Some(&META)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    static PADS: LazyLock<Vec<gst::PadTemplate>> =
                        LazyLock::new(medium::pad_templates::<Medium>);
                    &PADS
                }

                fn change_state(
                    &self,
                    transition: gst::StateChange,
                ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                    let note = |done| {
                        let element = self.obj();
                        self.session
                            .state_changes(element.upcast_ref(), transition, done);
                    };
                    note(false);
                    let result = self.parent_change_state(transition);
                    note(true);
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
        }
    };
}
