// SPDX-License-Identifier: MPL-2.0
//! Points of a picture as light, several at a time, and which of them can have changed.

use super::display::Display;
use super::signal::SignalConverter;

/// Points that are worked on together.
pub const LANES: usize = 16;

/// When a colour is a saturated red.
#[derive(Debug, Clone, Copy)]
pub struct SaturatedRed {
    /// Least share of linear red in the sum of linear red, green and blue, 0 to 1.
    pub share: f32,
    /// Least linear red, white being 1.
    pub red: f32,
}

/// Writes the luminance in cd/m2 of points with these codes of 10 bits, and whether each is a saturated red.
/// All slices are of the same length.
#[inline(always)]
pub(super) fn lights(
    (converter, display): (&SignalConverter, &Display),
    saturated: SaturatedRed,
    codes: [&[u16]; 3],
    luminance: &mut [f32],
    red: &mut [bool],
) {
    for start in (0..luminance.len()).step_by(LANES) {
        let linear = linear(converter, display, &lanes(codes, start));
        copy(&display.luminances(&linear), &mut luminance[start..]);
        let [r, g, b] = &linear;
        let mut is_red = [false; LANES];
        for i in 0..LANES {
            is_red[i] = (r[i] >= saturated.share * (r[i] + g[i] + b[i])) & (r[i] >= saturated.red);
        }
        copy(&is_red, &mut red[start..]);
    }
}

/// Writes the luminance in cd/m2 of points with these codes of 10 bits. All slices are of the same length.
#[inline(always)]
pub(super) fn luminances(
    (converter, display): (&SignalConverter, &Display),
    codes: [&[u16]; 3],
    luminance: &mut [f32],
) {
    for start in (0..luminance.len()).step_by(LANES) {
        let linear = linear(converter, display, &lanes(codes, start));
        copy(&display.luminances(&linear), &mut luminance[start..]);
    }
}

/// Marks each run of [`LANES`] points of which one may have changed by at least `least` in red, green or blue, from one picture's codes to
/// the other's. Slices of codes are of the same length; the last run may be shorter.
#[inline(always)]
pub(super) fn mark_changes(
    converter: &SignalConverter,
    least: u16,
    now: [&[u16]; 3],
    then: [&[u16]; 3],
    marks: &mut [bool],
) {
    let whole = now[0].len() / LANES;
    let (marks, last) = marks.split_at_mut(whole);
    let runs = [now, then].map(|codes| codes.map(|codes| codes.as_chunks::<LANES>().0));
    for (run, mark) in marks.iter_mut().enumerate() {
        let [now, then] = runs.map(|codes| codes.map(|codes| &codes[run]));
        *mark |= converter.largest_change(now, then) >= least;
    }
    for mark in last {
        let [now, then] = [now, then].map(|codes| lanes(codes, whole * LANES));
        *mark |= converter.largest_change(now.each_ref(), then.each_ref()) >= least;
    }
}

/// The codes from there on; 0 beyond the end.
#[inline(always)]
fn lanes(codes: [&[u16]; 3], start: usize) -> [[u16; LANES]; 3] {
    let mut lanes = [[0; LANES]; 3];
    for (lanes, codes) in lanes.iter_mut().zip(codes) {
        copy(&codes[start..], lanes);
    }
    lanes
}

/// Linear red, green and blue.
#[inline(always)]
fn linear(
    converter: &SignalConverter,
    display: &Display,
    codes: &[[u16; LANES]; 3],
) -> [[f32; LANES]; 3] {
    converter
        .signals(codes)
        .map(|lanes| lanes.map(|code| display.linear(code)))
}

/// Copies as many lanes as there are in both.
#[inline(always)]
fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    match (from.first_chunk::<LANES>(), to.first_chunk_mut::<LANES>()) {
        (Some(from), Some(to)) => *to = *from,
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}
