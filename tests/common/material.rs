// SPDX-License-Identifier: MPL-2.0
//! For each kind of defect that sound can have, a programme that has it.

use super::{
    faults,
    programme::{Channels, Genre},
};

/// A programme in stereo with such a defect, in 16 bits.
pub fn with_defect(kind: &str, rate: u32) -> Channels {
    // Clean, faulty, clean again, in seconds.
    let (before, fault, after) = match kind {
        "true-peak" | "click" | "dropout" => (2, 1, 1),
        "silence" | "clipping" | "distortion" | "tone" => (3, 5, 3),
        "loudness" => (0, 16, 1),
        "hiss" => (5, 18, 6),
        "dc-offset" => (5, 12, 6),
        _ => (4, 18, 4),
    };
    let at = |seconds: usize| seconds * rate as usize;
    let range = at(before)..at(before + fault);
    let mut x = Genre::Speech.stereo(rate, (before + fault + after) as f32, 7);
    match kind {
        "click" => {
            faults::click(&mut x, rate, range.start + 1234, 40.0);
            faults::click(&mut x, rate, range.end - 1234, 36.0);
        }
        "clipping" => faults::clip(&mut x, range, 12.0, 0.0),
        "dc-offset" => faults::each(&mut x, range, |f| f[0] += 0.02),
        "distortion" => faults::swap_bytes(&mut x, range),
        "dropout" => {
            let gap = at(before)..at(before) + rate as usize / 25;
            faults::tone(&mut x, rate, at(before) / 2..range.end, 441.0, 0.2);
            faults::each(&mut x, gap, |f| *f = [0.0; 2]);
        }
        "dual-mono" => faults::each(&mut x, range, |f| f[1] = f[0]),
        "hiss" => faults::hiss(&mut x, range, -45.0, 5),
        "hum" => faults::hum(&mut x, rate, range, 50.0, -36.0),
        "imbalance" => faults::each(&mut x, range, |f| f[0] *= 0.25),
        "loudness" | "tone" => faults::tone(&mut x, rate, range, 997.0, 0.5),
        "phase-inversion" => faults::each(&mut x, range, |f| f[1] = -f[0]),
        "silence" => faults::each(&mut x, range, |f| *f = [0.0; 2]),
        "true-peak" => faults::tone(&mut x, rate, range, 441.0, 0.97),
        other => panic!("no material with {other}: add some"),
    }
    x
}
