// SPDX-License-Identifier: MPL-2.0
//! How detectors and their defects stand to each other: which go together, and which imply others.

/// The detectors whose alarms want a hand at once: the programme is gone, or not what it should be. All others report defects
/// of quality, which somebody looks into later.
pub const PLAYOUT: &[&str] = &[
    "stalldetect",
    "blackdetect",
    "freezedetect",
    "slatedetect",
    "corruptiondetect",
    "silencedetect",
    "dropoutdetect",
    "distortiondetect",
    "tonedetect",
    "avsyncdetect",
    "flashdetect",
    "captiondetect",
];

/// The detectors of pictures that need every one of them, or the time at which each arrives: of a few they'd say what isn't so.
pub const CONSECUTIVE: &[&str] = &[
    "stalldetect",
    "stutterdetect",
    "interlacedetect",
    "flashdetect",
    "captiondetect",
    "avsyncdetect",
];

/// No sound.
pub const SILENCE: &str = "silence";

/// The defects of other streams that say nothing new while a sound of the programme is silent. Other sounds of it have defects of their own.
pub const OF_SILENT_PROGRAMME: &[&str] = &["captions-missing"];

/// A defect, and those that say nothing new while it lasts.
pub const IMPLIED: &[(&str, &[&str])] = &[
    // Nothing arrives: what was there last stays, and what comes next comes late.
    (
        "stall",
        &[
            "freeze",
            "partial-freeze",
            "stutter",
            "silence",
            "timestamp-gap",
            "captions-missing",
        ],
    ),
    // Nothing is to be seen, so nothing moves, and any edge is chance.
    (
        "black",
        &[
            "freeze",
            "partial-freeze",
            "stutter",
            "solid-color",
            "letterbox",
            "pillarbox",
            "windowbox",
        ],
    ),
    (
        "solid-color",
        &["freeze", "partial-freeze", "stutter", "block-corruption"],
    ),
    ("color-bars", &["freeze", "partial-freeze", "stutter"]),
    ("slate", &["freeze", "partial-freeze", "stutter"]),
    ("freeze", &["partial-freeze", "stutter"]),
    // Nothing is to be heard: what is left is noise of the chain, and its balance is chance. Ticks too short to end a
    // silence aren't a tone.
    (
        SILENCE,
        &[
            "tone",
            "dropout",
            "loudness",
            "hum",
            "hiss",
            "dc-offset",
            "phase-inversion",
            "dual-mono",
            "imbalance",
        ],
    ),
    // A tone is no programme: it is alike in all channels, and never as loud as it should be; pips are silent between.
    (
        "tone",
        &["dual-mono", "loudness", "hum", "distortion", "silence"],
    ),
];

/// The picture is gone ...
pub const NO_PICTURE: &[&str] = &["black", "freeze"];
/// ... and the sound, so the programme is: an `outage`.
pub const NO_SOUND: &[&str] = &[SILENCE];
/// The name of that defect.
pub const OUTAGE: &str = "outage";

/// Whether the first kind of defect implies the second.
pub fn implies(kind: &str, other: &str) -> bool {
    IMPLIED
        .iter()
        .any(|(k, implied)| *k == kind && implied.contains(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that is misspelt would silently relate nothing.
    #[test]
    fn what_is_named_exists() {
        let all = crate::detectors::all();
        for name in PLAYOUT {
            assert!(all.iter().any(|e| e.info.element == *name), "{name}");
        }
        let kinds: Vec<_> = all
            .iter()
            .flat_map(|e| e.info.kinds)
            .map(|k| k.name)
            .collect();
        let mut named: Vec<_> = [NO_PICTURE, NO_SOUND, OF_SILENT_PROGRAMME].concat();
        for (kind, implied) in IMPLIED {
            named.push(kind);
            named.extend_from_slice(implied);
            assert!(!implied.contains(kind), "{kind} implies itself");
        }
        for kind in named {
            assert!(kinds.contains(&kind), "{kind}");
        }
    }
}
