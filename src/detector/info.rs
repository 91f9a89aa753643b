// SPDX-License-Identifier: MPL-2.0
//! Texts of a detector (name, description, kinds, measures) for `gst-inspect-1.0`, the README and the messages.

/// Texts of a detector.
#[derive(Debug)]
pub struct Info {
    /// Name of the element, e.g. `blackdetect`.
    pub element: &'static str,
    /// Name of its GObject type, unique in a process, e.g. `GstDefectBlackDetect`.
    pub type_name: &'static str,
    /// Its title, e.g. `Black picture detector`.
    pub long_name: &'static str,
    /// What it does, in a sentence without a full stop.
    pub description: &'static str,
    /// The kinds of defect that it reports, in a fixed order.
    pub kinds: &'static [Kind],
    /// Its measures, in a fixed order.
    pub measures: &'static [Measure],
}

/// One kind of defect.
#[derive(Debug)]
pub struct Kind {
    /// Its name, as in the message, e.g. `black`.
    pub name: &'static str,
    /// Meaning of the message's `value`.
    pub value: &'static str,
    /// Unit of `value` and `threshold`, e.g. `dBFS`; empty for shares and other plain numbers.
    pub unit: &'static str,
    /// In which direction `value` gets worse.
    pub direction: Direction,
    /// Sub-kinds that the message's `detail` names, each with its meaning.
    pub details: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// A kind whose value is a plain number, for the fields that a declaration doesn't name.
    #[doc(hidden)]
    pub const PLAIN: Self = Self {
        name: "",
        value: "",
        unit: "",
        direction: Direction::HigherIsWorse,
        details: &[],
    };
}

/// In which direction a value gets worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The larger, the worse.
    HigherIsWorse,
    /// The smaller, the worse.
    LowerIsWorse,
    /// The farther from 0, the worse.
    AwayFromZero,
}

/// One number of the measurement message.
#[derive(Debug)]
pub struct Measure {
    /// Field name; for one per channel the part before `-0`, `-1`, ...
    pub name: &'static str,
    /// Whether there is one for each channel.
    pub per_channel: bool,
    /// Unit; empty for plain numbers.
    pub unit: &'static str,
    /// Unit and meaning.
    pub doc: &'static str,
}

/// The kinds of defect that one detector reports, made by [`kinds!`](crate::kinds).
pub trait KindSet: Copy + Send + 'static {
    /// All of them, in the order of the variants.
    const LIST: &'static [Kind];
    /// Place in [`LIST`](Self::LIST).
    fn index(self) -> usize;
}

/// The measures of one detector, a field each, made by [`measures!`](crate::measures).
pub trait MeasureSet {
    /// All of them, in the order of the fields.
    const LIST: &'static [Measure];
    /// Writes the values in the order of the fields; a measure per channel takes `channels` values. What isn't known stays as it is.
    fn write(&self, channels: usize, values: &mut [f64]);
}

/// A value that a measure can have: one number, or one for each channel.
pub trait MeasureValue {
    /// Whether there is one for each channel.
    const PER_CHANNEL: bool;
    /// Writes the known values into the places of this measure.
    fn write(&self, places: &mut [f64]);
}

impl MeasureValue for f64 {
    const PER_CHANNEL: bool = false;
    fn write(&self, places: &mut [f64]) {
        if let Some(place) = places.first_mut() {
            *place = *self;
        }
    }
}

impl MeasureValue for Vec<f64> {
    const PER_CHANNEL: bool = true;
    fn write(&self, places: &mut [f64]) {
        for (place, value) in places.iter_mut().zip(self) {
            *place = *value;
        }
    }
}

/// Declares the kinds of a detector: an enum whose variants carry the name, the meaning of `value`, its unit (if it has one), its direction
/// and the details.
#[macro_export]
macro_rules! kinds {
    ($(#[doc = $doc:literal])* $vis:vis enum $enum:ident { $(
        $variant:ident { name: $name:literal, $($field:ident: $value:expr),+ $(,)? }
    ),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $enum { $( #[doc = concat!("`", $name, "`.")] $variant ),+ }
        impl $enum {
            /// All of them, in the order of the variants.
            #[allow(clippy::needless_update, reason = "some declarations name all fields")]
            pub const LIST: &'static [$crate::detector::Kind] =
                &[$($crate::detector::Kind { name: $name, $($field: $value,)+ ..$crate::detector::Kind::PLAIN }),+];
        }
        impl $crate::detector::KindSet for $enum {
            const LIST: &'static [$crate::detector::Kind] = $enum::LIST;
            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

/// Declares the measures of a detector: a struct with a field each, NaN where a value isn't known. The name before
/// the field is that in messages; the unit after it is left out for plain numbers.
#[macro_export]
macro_rules! measures {
    ($(#[doc = $doc:literal])* $vis:vis struct $struct:ident { $(
        $(#[doc = $meaning:literal])+ $name:literal $field:ident: $ty:ty $(=> $unit:literal)?
    ),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $struct { $( $(#[doc = $meaning])+ pub $field: $ty ),+ }
        impl $struct {
            /// All of them, in the order of the fields.
            pub const LIST: &'static [$crate::detector::Measure] = &[$(
                $crate::detector::Measure {
                    name: $name,
                    per_channel: <$ty as $crate::detector::MeasureValue>::PER_CHANNEL,
                    unit: concat!($($unit)?),
                    doc: concat!($($meaning),+).trim_ascii(),
                }
            ),+];
        }
        impl $crate::detector::MeasureSet for $struct {
            const LIST: &'static [$crate::detector::Measure] = $struct::LIST;
            fn write(&self, channels: usize, values: &mut [f64]) {
                let mut rest = values;
                $(
                    let length = if <$ty as $crate::detector::MeasureValue>::PER_CHANNEL { channels } else { 1 };
                    let Some((places, after)) = rest.split_at_mut_checked(length) else { return };
                    $crate::detector::MeasureValue::write(&self.$field, places);
                    rest = after;
                )+
                let _ = rest;
            }
        }
    };
}

impl Info {
    /// How many values a measurement has with that many channels.
    pub fn measure_count(&self, channels: usize) -> usize {
        self.measures
            .iter()
            .map(|m| if m.per_channel { channels } else { 1 })
            .sum()
    }

    /// The field names of a measurement with that many channels, in the order of its values.
    pub fn measure_names(&self, channels: usize) -> Vec<String> {
        let mut names = Vec::with_capacity(self.measure_count(channels));
        for m in self.measures {
            if m.per_channel {
                names.extend((0..channels).map(|c| format!("{}-{c}", m.name)));
            } else {
                names.push(m.name.to_owned());
            }
        }
        names
    }
}
