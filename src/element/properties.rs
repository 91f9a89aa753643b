// SPDX-License-Identifier: MPL-2.0
//! Settings as GObject properties.

use gst::{glib, prelude::*};

use super::enum_property;
use crate::detector::{
    Common, Detector, SettingError, Settings,
    settings::{Domain, Spec, Value},
    settings_text,
};
use crate::media::picture::Region;

/// All settings of a detector: the common ones, then its own.
pub fn specs<D: Detector>() -> Vec<Spec> {
    let mut specs = D::COMMON.specs();
    specs.extend_from_slice(D::Settings::specs());
    specs
}

/// The properties of a detector's element.
pub fn param_specs<D: Detector>() -> Vec<glib::ParamSpec> {
    let playing = gst::PARAM_FLAG_MUTABLE_PLAYING;
    specs::<D>()
        .iter()
        .map(|s| param_spec(s, playing))
        .collect()
}

/// The value of a property; GObject hands out ids from 1 in the order of [`param_specs`].
pub fn get<D: Detector>(common: &Common, own: &D::Settings, id: usize) -> glib::Value {
    let index = id - 1;
    match index.checked_sub(Common::COUNT) {
        None => to_glib(common.get(index), None),
        Some(i) => get_own(own, i),
    }
}

/// The value of the setting with that index.
pub fn get_own<S: Settings>(settings: &S, index: usize) -> glib::Value {
    to_glib(settings.get(index), Some(&S::specs()[index].domain))
}

fn to_glib(value: Value, domain: Option<&Domain>) -> glib::Value {
    match value {
        Value::Bool(v) => v.to_value(),
        Value::F64(v) => v.to_value(),
        Value::U64(v) => v.to_value(),
        Value::Text(v) => v.to_value(),
        Value::Region(r) => gst::Array::new([r.x, r.y, r.width, r.height]).to_value(),
        Value::Choice(v) => match domain {
            Some(Domain::Choice(name, alternatives)) => {
                enum_property::to_value(name, alternatives, v)
            }
            _ => enum_property::to_value(SEVERITY.0, SEVERITY.1, v),
        },
    }
}

const SEVERITY: (&str, &[crate::detector::settings::Alternative]) =
    ("GstDefectSeverity", crate::detector::Severity::ALTERNATIVES);

/// Changes a property.
///
/// # Errors
///
/// If the setting doesn't take that value: it stays as it was.
pub fn set<D: Detector>(
    common: &mut Common,
    own: &mut D::Settings,
    id: usize,
    value: &glib::Value,
) -> Result<(), SettingError> {
    let index = id - 1;
    let Some(i) = index.checked_sub(Common::COUNT) else {
        if let Some(value) = from_glib(&common.get(index), value) {
            common.set(index, value);
        }
        return Ok(());
    };
    set_own(own, i, value)
}

/// Changes the setting with that index.
///
/// # Errors
///
/// If the setting doesn't take that value: it stays as it was.
pub fn set_own<S: Settings>(
    settings: &mut S,
    index: usize,
    value: &glib::Value,
) -> Result<(), SettingError> {
    let Some(new) = from_glib(&settings.get(index), value) else {
        let shown = value.serialize();
        let shown = shown.map_or_else(|_| format!("{value:?}"), |text| text.to_string());
        return Err(settings_text::invalid(&S::specs()[index], &shown));
    };
    settings.set(index, new);
    Ok(())
}

/// The value as one of the same type as `like`.
fn from_glib(like: &Value, value: &glib::Value) -> Option<Value> {
    Some(match like {
        Value::Bool(_) => Value::Bool(value.get().ok()?),
        Value::F64(_) => Value::F64(value.get().ok()?),
        Value::U64(_) => Value::U64(value.get().ok()?),
        Value::Text(_) => Value::Text(value.get::<Option<String>>().ok()?.unwrap_or_default()),
        Value::Choice(_) => Value::Choice(enum_property::from_value(value)?),
        Value::Region(_) => Value::Region(region(&value.get::<gst::Array>().ok()?)?),
    })
}

/// Four numbers, brought into the picture; anything else is refused and leaves the setting as it was.
fn region(array: &gst::Array) -> Option<Region> {
    let numbers: Vec<f64> = array
        .iter()
        .map(|v| v.get::<f64>().ok())
        .collect::<Option<_>>()?;
    let [x, y, width, height] = numbers[..] else {
        return None;
    };
    let all_finite = numbers.iter().all(|n| n.is_finite());
    let (x, y) = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
    let region = Region {
        x,
        y,
        width: width.min(1.0 - x),
        height: height.min(1.0 - y),
    };
    (all_finite && region.width > 0.0 && region.height > 0.0).then_some(region)
}

/// A setting as a property; `mutable`: until which state it can be changed.
pub fn param_spec(spec: &Spec, mutable: glib::ParamFlags) -> glib::ParamSpec {
    let flags = glib::ParamFlags::READWRITE | mutable;
    macro_rules! build {
        ($builder:expr) => {
            $builder.blurb(spec.doc).flags(flags).build()
        };
    }
    match (&spec.domain, &spec.default) {
        (Domain::F64(min, max), Value::F64(default)) => {
            build!(
                glib::ParamSpecDouble::builder(spec.name)
                    .minimum(*min)
                    .maximum(*max)
                    .default_value(*default)
            )
        }
        (Domain::U64(min, max), Value::U64(default)) => {
            build!(
                glib::ParamSpecUInt64::builder(spec.name)
                    .minimum(*min)
                    .maximum(*max)
                    .default_value(*default)
            )
        }
        (Domain::Text, Value::Text(default)) => {
            build!(glib::ParamSpecString::builder(spec.name).default_value(Some(default.as_str())))
        }
        (Domain::Choice(name, alternatives), Value::Choice(default)) => {
            enum_property::param_spec(spec, name, alternatives, *default, flags)
        }
        (Domain::Region, _) => {
            let fraction = glib::ParamSpecDouble::builder("fraction")
                .minimum(0.0)
                .maximum(1.0)
                .build();
            build!(gst::ParamSpecArray::builder(spec.name).element_spec(&fraction))
        }
        (_, Value::Bool(default)) => {
            build!(glib::ParamSpecBoolean::builder(spec.name).default_value(*default))
        }
        (domain, default) => unreachable!("{}: {default:?} is not of {domain:?}", spec.name),
    }
}
