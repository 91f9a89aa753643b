// SPDX-License-Identifier: MPL-2.0
//! Choices as GObject enums, so that `gst-inspect-1.0` lists what is possible and `gst-launch-1.0` takes it by name.
//!
//! `derive(glib::Enum)` can't do it: it belongs on the enum, which is a detector's and names no glib, takes single literals for texts that
//! are joined from lines of documentation here, and its properties want the enum as a type, where only its alternatives are known.
#![allow(
    unsafe_code,
    reason = "glib-rs registers enums, and makes their properties, only from Rust enums that name glib"
)]

use std::ffi::CString;

use gst::glib::{
    self, gobject_ffi,
    prelude::*,
    translate::{FromGlib, IntoGlib, ToGlibPtr, from_glib_none},
};

use crate::detector::settings::{Alternative, Spec};

/// The GObject type of a choice, registered at its first use.
fn enum_type(name: &str, alternatives: &[Alternative]) -> glib::Type {
    static REGISTER: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = REGISTER
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = glib::Type::from_name(name) {
        return known;
    }
    let text = |s: &str| CString::new(s).unwrap_or_default().into_raw().cast_const();
    let mut values: Vec<gobject_ffi::GEnumValue> = (0..)
        .zip(alternatives)
        .map(|(value, a)| gobject_ffi::GEnumValue {
            value,
            value_name: text(a.doc),
            value_nick: text(a.nick),
        })
        .collect();
    values.push(gobject_ffi::GEnumValue {
        value: 0,
        value_name: std::ptr::null(),
        value_nick: std::ptr::null(),
    });
    // SAFETY: the table ends with an empty entry, and neither it nor its texts are ever freed, as GObject asks for static types.
    unsafe {
        glib::Type::from_glib(gobject_ffi::g_enum_register_static(
            text(name),
            values.leak().as_ptr(),
        ))
    }
}

/// The property of a choice.
pub fn param_spec(
    spec: &Spec,
    name: &str,
    alternatives: &[Alternative],
    default: usize,
    flags: glib::ParamFlags,
) -> glib::ParamSpec {
    // SAFETY: the type is an enum that has `default` among its values; the strings are copied.
    unsafe {
        from_glib_none(gobject_ffi::g_param_spec_enum(
            spec.name.to_glib_none().0,
            std::ptr::null(),
            spec.doc.to_glib_none().0,
            enum_type(name, alternatives).into_glib(),
            default as i32,
            flags.into_glib(),
        ))
    }
}

/// An alternative as a value of the property.
pub fn to_value(name: &str, alternatives: &[Alternative], chosen: usize) -> glib::Value {
    glib::EnumClass::with_type(enum_type(name, alternatives))
        .and_then(|class| class.to_value(chosen as i32))
        .unwrap_or_else(|| chosen.to_string().to_value())
}

/// The alternative that a value of the property means.
pub fn from_value(value: &glib::Value) -> Option<usize> {
    let (_, chosen) = glib::EnumValue::from_value(value)?;
    usize::try_from(chosen.value()).ok()
}
