// SPDX-License-Identifier: MPL-2.0
//! `pair_element!(D)`: a GStreamer element around [`Session<D>`](super::session::Session). Delegation only.

/// Makes the module `element` with the element of a detector of sound and picture; nothing without feature `plugin`.
macro_rules! pair_element {
    ($detector:ident) => {
        #[cfg(feature = "plugin")]
        pub(crate) mod element {
            use std::sync::LazyLock;

            use gst::{glib, prelude::*, subclass::prelude::*};

            use super::$detector;
            use $crate::detector::{Detector, Info};
            use $crate::element::{
                medium,
                pair::{
                    pads::{self, Which},
                    session::Session,
                },
                properties,
            };

            const INFO: &Info = <$detector as Detector>::INFO;

            #[derive(Default)]
            pub struct Imp {
                session: Session<$detector>,
            }

            impl Imp {
                /// The source pad and its sink pad.
                fn pads(&self, which: Which, src: &'static str) -> [gst::Pad; 2] {
                    let element = self.obj();
                    let refused = || Err(gst::FlowError::Error);
                    let out = pads::pad(element.pad_template(src), Some(which.sink())).build();
                    let (buffers, lists) = (out.clone(), out.clone());
                    let sink = pads::pad(element.pad_template(which.sink()), Some(src))
                        .chain_function(move |_, parent, buffer| {
                            Self::catch_panic_pad_function(parent, refused, |imp| {
                                let element = imp.obj();
                                buffers.push(imp.session.pass(element.upcast_ref(), which, buffer))
                            })
                        })
                        .chain_list_function(move |_, parent, list| {
                            Self::catch_panic_pad_function(parent, refused, |imp| {
                                let element = imp.obj();
                                lists.push_list(imp.session.pass_list(
                                    element.upcast_ref(),
                                    which,
                                    list,
                                ))
                            })
                        })
                        .event_function(move |pad, parent, event| {
                            Self::catch_panic_pad_function(
                                parent,
                                || false,
                                |imp| {
                                    let element = imp.obj();
                                    imp.session.event(element.upcast_ref(), which, &event);
                                    gst::Pad::event_default(pad, Some(&*element), event)
                                },
                            )
                        })
                        .build();
                    [out, sink]
                }

                /// A pad at which a stream ends.
                fn end(&self, which: Which, template: &gst::PadTemplate) -> gst::Pad {
                    pads::pad(Some(template.clone()), None)
                        .name(which.sink())
                        .chain_function(move |_, parent, buffer| {
                            let refused = || Err(gst::FlowError::Error);
                            Self::catch_panic_pad_function(parent, refused, |imp| {
                                let element = imp.obj();
                                imp.session.look(element.upcast_ref(), which, &buffer);
                                Ok(gst::FlowSuccess::Ok)
                            })
                        })
                        .event_function(move |_, parent, event| {
                            Self::catch_panic_pad_function(
                                parent,
                                || false,
                                |imp| {
                                    let element = imp.obj();
                                    imp.session.event(element.upcast_ref(), which, &event);
                                    true
                                },
                            )
                        })
                        .query_function(|pad, parent, query| {
                            use gst::QueryViewMut as Q;
                            match query.view_mut() {
                                // Whatever comes is welcome; there is nobody else to be asked.
                                Q::Allocation(_) | Q::Drain(_) => false,
                                Q::Caps(q) => {
                                    let own = pad.pad_template_caps();
                                    q.set_result(&q.filter().map_or(own.clone(), |filter| {
                                        filter.intersect_with_mode(
                                            &own,
                                            gst::CapsIntersectMode::First,
                                        )
                                    }));
                                    true
                                }
                                Q::AcceptCaps(q) => {
                                    let accepted = q.caps().is_subset(&pad.pad_template_caps());
                                    q.set_result(accepted);
                                    true
                                }
                                _ => gst::Pad::query_default(pad, parent, query),
                            }
                        })
                        .build()
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
                    for which in Which::ALL {
                        if let Some(src) = which.src() {
                            let [out, sink] = self.pads(which, src);
                            medium::add_pads(self.obj().upcast_ref(), [&sink, &out]);
                        }
                    }
                }
            }

            impl GstObjectImpl for Imp {}

            impl ElementImpl for Imp {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    static META: LazyLock<gst::subclass::ElementMetadata> =
                        LazyLock::new(|| medium::metadata_of("Filter/Analyzer/Audio/Video", INFO));
                    Some(&META)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    static PADS: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(pads::templates);
                    &PADS
                }

                fn request_new_pad(
                    &self,
                    template: &gst::PadTemplate,
                    _: Option<&str>,
                    _: Option<&gst::Caps>,
                ) -> Option<gst::Pad> {
                    let which = Which::of(&template.name_template())?;
                    if self.obj().static_pad(which.sink()).is_some() {
                        return None;
                    }
                    let pad = self.end(which, template);
                    // In an element that plays, a pad is of use at once.
                    if self.obj().current_state() >= gst::State::Paused {
                        let _ = pad.set_active(true);
                    }
                    self.obj().add_pad(&pad).ok()?;
                    Some(pad)
                }

                fn release_pad(&self, pad: &gst::Pad) {
                    let _ = pad.set_active(false);
                    let _ = self.obj().remove_pad(pad);
                }

                fn change_state(
                    &self,
                    transition: gst::StateChange,
                ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                    let done = self.parent_change_state(transition);
                    if transition == gst::StateChange::PausedToReady {
                        self.session.stop(self.obj().upcast_ref());
                    }
                    done
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
