// SPDX-License-Identifier: MPL-2.0
//! Points of a line as light, several at a time.

use super::display::Display;
use super::signal::SignalConverter;

/// Points that are worked on together.
const LANES: usize = 16;

/// When a colour is a saturated red.
#[derive(Debug, Clone, Copy)]
pub struct SaturatedRed {
    /// Least share of linear red in the sum of linear red, green and blue, 0 to 1.
    pub share: f32,
    /// Least linear red, white being 1.
    pub red: f32,
}

/// Points as light; all slices are of the same length.
#[derive(Debug)]
pub struct Lights<'a> {
    /// Luminance in cd/m2.
    pub luminance: &'a mut [f32],
    /// R', G', B' as signals, see [`Signal`](super::Signal).
    pub signal: [&'a mut [u16]; 3],
    /// Whether it is a saturated red.
    pub red: &'a mut [bool],
}

/// Some points as light.
struct Points {
    luminance: [f32; LANES],
    signal: [[u16; LANES]; 3],
    red: [bool; LANES],
}

/// Writes points with these codes of 10 bits as light; says whether any is a saturated red.
#[inline(always)]
pub(super) fn line(
    converter: &SignalConverter,
    display: &Display,
    saturated: SaturatedRed,
    codes: [&[u16]; 3],
    out: &mut Lights<'_>,
) -> bool {
    let length = out.luminance.len();
    let mut any_red = false;
    for start in (0..length).step_by(LANES) {
        let mut lanes = [[0; LANES]; 3];
        for (lanes, codes) in lanes.iter_mut().zip(codes) {
            copy(&codes[start..], lanes);
        }
        let points = points(converter, display, saturated, &lanes);
        copy(&points.luminance, &mut out.luminance[start..]);
        for (out, lanes) in out.signal.iter_mut().zip(&points.signal) {
            copy(lanes, &mut out[start..]);
        }
        copy(&points.red, &mut out.red[start..]);
        // What is beyond the end has codes of 0, and no red.
        any_red |= points.red.iter().fold(false, |any, is_red| any | is_red);
    }
    any_red
}

/// Copies as many lanes as there are in both.
#[inline(always)]
fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    match (from.first_chunk::<LANES>(), to.first_chunk_mut::<LANES>()) {
        (Some(from), Some(to)) => *to = *from,
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

#[inline(always)]
fn points(
    converter: &SignalConverter,
    display: &Display,
    saturated: SaturatedRed,
    codes: &[[u16; LANES]; 3],
) -> Points {
    let signal = converter.signals(codes);
    let linear = signal.map(|lanes| lanes.map(|code| display.linear(code)));
    let [r, g, b] = &linear;
    let mut red = [false; LANES];
    for i in 0..LANES {
        red[i] = (r[i] >= saturated.share * (r[i] + g[i] + b[i])) & (r[i] >= saturated.red);
    }
    Points {
        luminance: display.luminances(&linear),
        signal,
        red,
    }
}
