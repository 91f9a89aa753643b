// SPDX-License-Identifier: MPL-2.0
//! A setting is declared once: property, default, range, documentation and configuration all derive from that line.

use crate::media::{Ns, picture::Region};

/// The value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A real number.
    F64(f64),
    /// A whole number, or nanoseconds.
    U64(u64),
    /// One of a few, by its place in the list.
    Choice(usize),
    /// A text.
    Text(String),
    /// A part of the picture.
    Region(Region),
}

/// What a setting may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// `true` or `false`.
    Bool,
    /// From the first to the second number, both included.
    F64(f64, f64),
    /// From the first to the second number, both included.
    U64(u64, u64),
    /// One of these; the name is that of the GObject type.
    Choice(&'static str, &'static [Alternative]),
    /// Any text.
    Text,
    /// Four fractions of the picture.
    Region,
}

/// One alternative of a choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternative {
    /// As users write it.
    pub nick: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// The declaration of one setting.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Name of the property.
    pub name: &'static str,
    /// What it means, with its unit.
    pub doc: &'static str,
    /// Value if nobody says otherwise.
    pub default: Value,
    /// What it may be.
    pub domain: Domain,
}

/// A set of settings, made by [`settings!`](crate::settings).
pub trait Settings: Clone + Default + Send + Sync + 'static {
    /// The declarations, in the order of the fields.
    fn specs() -> &'static [Spec];
    /// The value of the setting with that index.
    fn get(&self, index: usize) -> Value;
    /// Changes the setting with that index; a value of the wrong type changes nothing.
    fn set(&mut self, index: usize, value: Value);
}

/// A type that a setting can have.
pub trait Setting: Sized + Clone {
    /// How its range is written in the declaration.
    type Range;
    /// What it may be, given that range.
    fn domain(range: Option<Self::Range>) -> Domain;
    /// As a value.
    fn to_value(&self) -> Value;
    /// From a value, if it is of this type.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! setting {
    ($ty:ty, $variant:ident, $range:ty, |$r:ident| $domain:expr) => {
        impl Setting for $ty {
            type Range = $range;
            fn domain($r: Option<$range>) -> Domain {
                $domain
            }
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
            fn from_value(value: Value) -> Option<Self> {
                if let Value::$variant(v) = value {
                    Some(v)
                } else {
                    None
                }
            }
        }
    };
}
setting!(bool, Bool, (), |_r| Domain::Bool);
setting!(String, Text, (), |_r| Domain::Text);
setting!(Region, Region, (), |_r| Domain::Region);
setting!(f64, F64, std::ops::RangeInclusive<f64>, |r| match r {
    Some(r) => Domain::F64(*r.start(), *r.end()),
    None => Domain::F64(f64::MIN, f64::MAX),
});
setting!(u64, U64, std::ops::RangeInclusive<u64>, |r| match r {
    Some(r) => Domain::U64(*r.start(), *r.end()),
    None => Domain::U64(0, MAX_TIME),
});

/// The largest time that a property takes: what follows is GStreamer's "no time".
pub const MAX_TIME: Ns = u64::MAX - 1;

/// Declares a setting that is one of a few: an enum whose variants carry the name that users write.
#[macro_export]
macro_rules! setting_enum {
    ($(#[doc = $edoc:literal])* $vis:vis enum $name:ident: $type_name:literal {
        $( $(#[doc = $doc:literal])+ $variant:ident = $nick:literal ),+ $(,)?
    }) => {
        $(#[doc = $edoc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $( $(#[doc = $doc])+ $variant ),+ }
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// As users write them.
            pub const ALTERNATIVES: &'static [$crate::detector::settings::Alternative] = &[$(
                $crate::detector::settings::Alternative { nick: $nick, doc: concat!($($doc),+).trim_ascii() }
            ),+];
            /// As users write it.
            pub fn nick(self) -> &'static str {
                Self::ALTERNATIVES[self as usize].nick
            }
        }
        impl $crate::detector::settings::Setting for $name {
            type Range = ();
            fn domain(_: Option<()>) -> $crate::detector::settings::Domain {
                $crate::detector::settings::Domain::Choice($type_name, Self::ALTERNATIVES)
            }
            fn to_value(&self) -> $crate::detector::settings::Value {
                $crate::detector::settings::Value::Choice(*self as usize)
            }
            fn from_value(value: $crate::detector::settings::Value) -> Option<Self> {
                match value {
                    $crate::detector::settings::Value::Choice(i) => Self::ALL.get(i).copied(),
                    _ => None,
                }
            }
        }
    };
}

/// Declares a set of settings: a struct with defaults, and its [`Spec`]s.
#[macro_export]
macro_rules! settings {
    ($(#[doc = $sdoc:literal])* $vis:vis struct $name:ident { $(
        $(#[doc = $doc:literal])+
        $prop:literal $field:ident : $ty:ty = $default:expr $(, in $range:expr)? ;
    )* }) => {
        $(#[doc = $sdoc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $name { $( $(#[doc = $doc])+ pub $field: $ty ),* }
        impl Default for $name {
            fn default() -> Self { Self { $( $field: $default ),* } }
        }
        impl $crate::detector::settings::Settings for $name {
            fn specs() -> &'static [$crate::detector::settings::Spec] {
                static SPECS: std::sync::LazyLock<Vec<$crate::detector::settings::Spec>> = std::sync::LazyLock::new(|| vec![ $(
                    $crate::settings!(@spec $prop, concat!($($doc),+).trim_ascii(), $ty, $default $(, $range)?)
                ),* ]);
                &SPECS
            }
            #[allow(unused_assignments, unused_mut, unused_variables, reason = "the last step of the count, or no setting at all")]
            fn get(&self, index: usize) -> $crate::detector::settings::Value {
                let mut i = 0;
                $( if index == i { return $crate::detector::settings::Setting::to_value(&self.$field); } i += 1; )*
                $crate::detector::settings::Value::Bool(false)
            }
            #[allow(unused_assignments, unused_mut, unused_variables, reason = "the last step of the count, or no setting at all")]
            fn set(&mut self, index: usize, value: $crate::detector::settings::Value) {
                let mut i = 0;
                $( if index == i {
                    if let Some(v) = $crate::detector::settings::Setting::from_value(value) { self.$field = v; }
                    return;
                } i += 1; )*
            }
        }
    };
    (@spec $prop:expr, $doc:expr, $ty:ty, $default:expr) => {
        $crate::settings!(@build $prop, $doc, $ty, $default, None)
    };
    (@spec $prop:expr, $doc:expr, $ty:ty, $default:expr, $range:expr) => {
        $crate::settings!(@build $prop, $doc, $ty, $default, Some($range))
    };
    (@build $prop:expr, $doc:expr, $ty:ty, $default:expr, $range:expr) => {
        $crate::detector::settings::Spec {
            name: $prop,
            doc: $doc,
            default: { let v: $ty = $default; $crate::detector::settings::Setting::to_value(&v) },
            domain: <$ty as $crate::detector::settings::Setting>::domain($range),
        }
    };
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
