// SPDX-License-Identifier: MPL-2.0
//! The words of a detector: what `gst-inspect-1.0`, the README and the messages say about it.

/// Everything that is said about a detector.
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
    /// What it reports, in a fixed order.
    pub kinds: &'static [Kind],
    /// What it measures, in a fixed order.
    pub measures: &'static [Measure],
}

/// One kind of defect.
#[derive(Debug)]
pub struct Kind {
    /// As in the message, e.g. `black`.
    pub name: &'static str,
    /// Unit and meaning of the message's `value`.
    pub value: &'static str,
    /// In which direction `value` gets worse.
    pub direction: Direction,
    /// Sub-kinds that the message's `detail` names, each with its meaning.
    pub details: &'static [(&'static str, &'static str)],
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
    /// Unit and meaning.
    pub doc: &'static str,
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
