// SPDX-License-Identifier: MPL-2.0
//! What each kind of defect means and what usually causes it, for people who see it for the first time.

use serde::Serialize;

/// A kind of defect in plain words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Meaning {
    /// What people call it.
    pub name: &'static str,
    /// What viewers or listeners notice.
    pub meaning: &'static str,
    /// What usually causes it, and where to begin the search.
    pub cause: &'static str,
}

/// Meaning of a kind that isn't in the table.
const UNKNOWN: Meaning = Meaning {
    name: "Defect",
    meaning: "A defect that this version has no explanation for.",
    cause: "See the reference of elements.",
};

/// The meaning of a kind.
pub fn of(kind: &str) -> Meaning {
    let found = all().find(|(known, _)| *known == kind);
    found.map_or(UNKNOWN, |(_, meaning)| meaning)
}

/// All kinds, those of streams as a whole among them.
pub fn all() -> impl Iterator<Item = (&'static str, Meaning)> {
    TABLE.iter().map(|&(kind, name, meaning, cause)| {
        let meaning = Meaning {
            name,
            meaning,
            cause,
        };
        (kind, meaning)
    })
}

#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("av-sync", "Sound and picture apart", "Sound and picture are apart: lips move before or after the words are heard.",
        "A delay that was added to only one of them: a frame synchroniser, a graphics or loudness processor, an edit, or a wrong delay in \
        a multiplexer."),
    ("black", "Black picture", "The picture is black.",
        "A lost source, a gap in a playlist, a router on the wrong input, or material that begins or ends with black."),
    ("letterbox", "Bars above and below", "There are bars above and below the picture.",
        "A wide programme in a frame of another shape: a conversion without cropping, or a wrong aspect-ratio flag."),
    ("pillarbox", "Bars left and right", "There are bars left and right of the picture.",
        "A 4:3 or portrait programme in a wide frame, or a wrong aspect-ratio flag."),
    ("windowbox", "Bars on all sides", "There are bars on all four sides.",
        "Two conversions of the shape, one after the other."),
    ("click", "Clicks", "A click or pop: the waveform jumps.",
        "A cut without a fade, lost samples at a clock that isn't locked, or a switch between unsynchronised sources."),
    ("clipping", "Clipped sound", "Peaks are cut off: the sound is harsh.",
        "A gain stage before this point was too high. Turning it down afterwards doesn't help; find the stage that overloads."),
    ("block-corruption", "Damaged picture", "Parts of the picture are damaged: blocks, smears, green or grey areas.",
        "Lost packets or flipped bits on the way to the decoder: a network, satellite or disk fault, or an encoder that was restarted."),
    ("dc-offset", "DC offset", "The waveform is shifted away from zero, which takes headroom and causes clicks at cuts.",
        "A faulty converter or microphone preamplifier, or a processing step without a high-pass filter."),
    ("distortion", "Distorted sound", "The sound is distorted, or is data that isn't sound.",
        "Overload, a wrong sample format (byte order, bit depth), or coded sound (Dolby E, AC-3) played as if it were linear."),
    ("dropout", "Gaps in the sound", "A short gap in running sound.",
        "Lost packets, a buffer that ran empty, or a clock that isn't locked."),
    ("freeze", "Frozen picture", "The picture stands still.",
        "A frame synchroniser that holds the last picture of a lost source, a stopped player, or an encoder that repeats. Stills in the \
        programme look the same."),
    ("partial-freeze", "Partly frozen picture", "Most of the picture stands still while a ticker, clock or inset goes on.",
        "The source behind the graphics is lost: the keyer still runs."),
    ("hiss", "Hiss", "A steady broadband noise lies under the programme.",
        "A microphone preamplifier with too much gain, a noisy analogue line, or an expander that was set wrongly."),
    ("hum", "Hum", "A steady tone of the mains (50 or 60 Hz and multiples).",
        "A ground loop, a bad shield, or a cable beside a power line."),
    ("combing", "Interlace combing", "Fine horizontal teeth at moving edges.",
        "Interlaced pictures that were stored or scaled as if they were progressive, or a deinterlacer that is off."),
    ("field-order", "Wrong field order", "Fields are shown in the wrong order: motion jerks back and forth.",
        "A wrong field-order flag, or a shift by one line in an edit or an effect."),
    ("loudness", "Loudness off target", "The programme is louder or softer than its target.",
        "No loudness normalisation, or one for another target."),
    ("true-peak", "Peaks too high", "Peaks between the samples exceed the limit: converters and coders may clip.",
        "A limiter that looks at samples only, or a codec after the limiter."),
    ("phase-inversion", "Inverted channel", "One channel of a pair is inverted: in mono the sound vanishes.",
        "A balanced cable with swapped wires, or an inverted insert."),
    ("dual-mono", "No stereo", "Both channels of a pair carry the same: there is no stereo.",
        "A mono source on a stereo track, or a mono switch. Often it is meant so."),
    ("imbalance", "Weak channel", "One channel of a pair is much softer, or dead.",
        "A broken cable, a wrong pan or gain, or a missing channel."),
    ("silence", "Silence", "There is no sound, or almost none, or one channel is silent.",
        "A lost source, a muted or unrouted channel, or a gap in the material."),
    ("solid-color", "Plain colour", "The picture is one plain colour.",
        "A stand-in of a router, decoder or playout when its source is lost."),
    ("color-bars", "Colour bars", "Colour bars are on air.",
        "Line-up signals instead of the programme: a router on the wrong input, or material with a leader."),
    ("slate", "Slate", "A known slate or test card is on air.",
        "A fallback of the playout, or material with a leader."),
    ("stall", "No data", "The stream stopped: no data for a while.",
        "A source or a network connection that is down, or a machine that is too slow."),
    ("timestamp-gap", "Jump in time", "Timestamps jump: there is a gap, an overlap, or a step back.",
        "Lost packets, a splice, a restarted encoder, or a faulty multiplexer."),
    ("stutter", "Stutter", "Motion isn't smooth: pictures are repeated, dropped or misplaced.",
        "A conversion between frame rates without interpolation, an overloaded player or encoder, or a clock that isn't locked."),
    ("tearing", "Torn picture", "The picture is made of two frames, one above the other.",
        "A screen capture or a graphics output without synchronisation to the vertical blanking."),
    ("tone", "Test tone", "A line-up tone or an ident is on air.",
        "Line-up signals instead of the programme, or material with a leader."),
    ("flash", "Dangerous flashes", "The picture flashes in a way that may trigger seizures.",
        "Flashguns, strobes, or fast cuts between bright and dark. Rules: ITU-R BT.1702."),
    ("red-flash", "Dangerous red flashes", "Saturated red flashes in a way that may trigger seizures.",
        "Red light effects and graphics. Rules: ITU-R BT.1702."),
    ("pattern", "Dangerous stripes", "Regular stripes of high contrast that may trigger seizures.",
        "Graphics, blinds, grilles or clothes with fine stripes. Rules: ITU-R BT.1702."),
    ("gamut", "Illegal colours", "Colours or levels lie outside of the legal range.",
        "Graphics or a camera without a legaliser, or a wrong range flag (full instead of limited). Rules: EBU R 103."),
    ("captions-missing", "Captions missing", "There are no captions though there should be.",
        "A caption encoder or a server that stopped, or a path that strips ancillary data."),
    ("captions-corrupt", "Captions damaged", "Caption data is damaged.",
        "Lost packets, or a device that rewrites ancillary data wrongly."),
    ("captions-late", "Captions late", "Captions come late.",
        "Live captioning without delay compensation, or captions that pass another path than the picture."),
    ("outage", "Picture and sound gone", "Picture and sound are gone at the same time.",
        "The whole source is lost."),
    ("lost", "Stream lost", "Nothing comes from the source.",
        "A sender that stopped, a network path that is down, a firewall, or an address that changed."),
    ("quarantined", "Set aside", "The stream isn't watched: the analysis failed with it again and again.",
        "Data that makes a decoder crash. A change of its configuration, or SIGHUP, has it watched again."),
    ("unwatched", "Not watched", "No member of the cluster watches the stream.",
        "Members are gone, or have no room for it: add one. A stream that no version of them can read isn't watched either."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_explained() {
        let all = gstdefect::detectors::all();
        for kind in all.iter().flat_map(|d| d.info.kinds) {
            assert_ne!(of(kind.name), UNKNOWN, "{} has no explanation", kind.name);
        }
    }
}
