// SPDX-License-Identifier: MPL-2.0
//! Tables: the detectors of each profile, and which kinds of defect hide which while they last.

/// The detectors whose alarms need immediate action: the programme is gone, or not what it should be. All others
/// report defects of quality, which somebody looks into later.
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

/// The detectors that need every picture, or the time at which each arrives: given only some pictures, they would
/// report falsely.
pub const CONSECUTIVE: &[&str] = &[
    "stalldetect",
    "stutterdetect",
    "interlacedetect",
    "flashdetect",
    "captiondetect",
    "avsyncdetect",
];

/// The kind of defect that means no sound.
pub const SILENCE: &str = "silence";

/// The kinds of defect of other streams that say nothing new while a sound of the programme is silent. Other sounds
/// of it have defects of their own.
pub const OF_SILENT_PROGRAMME: &[&str] = &["captions-missing"];

/// Each kind of defect with those that say nothing new while it lasts.
pub const IMPLIED: &[(&str, &[&str])] = &[
    // Nothing arrives: the last picture stays, and the next data comes late.
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
    // Nothing is visible, so nothing moves, and any edge is chance.
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
    // Nothing is audible: only noise of the chain is left, and its balance is chance. Ticks too short to end a
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
    // A tone has equal channels, the wrong loudness and silent gaps; those are implied.
    (
        "tone",
        &["dual-mono", "loudness", "hum", "distortion", "silence"],
    ),
];

/// The kind of a picture that stands still.
pub const STILL: &str = "freeze";
/// The kinds that mean that the picture is gone ...
pub const NO_PICTURE: &[&str] = &["black", STILL];
/// ... and that the sound is. Both together are an `outage`.
pub const NO_SOUND: &[&str] = &[SILENCE];
/// The name of that kind.
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
