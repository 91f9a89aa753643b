// SPDX-License-Identifier: MPL-2.0
//! Converts codes of pixels to R'G'B' signals.

use super::format::Range;
use super::{Component, Layout, VideoFormat};

/// R', G', B' of a pixel, 0 (black) to [`SIGNAL_MAX`] (white) each; values outside are clamped.
pub type Signal = [u16; 3];

/// The signal of nominal white: a multiple of 255, so that colours of 8 bits near a limit aren't rounded across it.
pub const SIGNAL_MAX: u16 = 16 * 255;

/// Fractional bits of the fixed-point factors.
const SHIFT: u32 = 13;

/// Turns the codes of pixels, of 10 bits as [`Component::read`] gives them, into signals.
#[derive(Debug, Clone)]
pub struct SignalConverter {
    parts: [Component; 3],
    kind: Kind,
    black: i32,
    /// Fixed-point factors: signal for each code of luma over black, and for each code of chroma (red from Cr, green from Cb and Cr,
    /// blue from Cb).
    luma: i32,
    red: i32,
    green: [i32; 2],
    blue: i32,
    /// Largest change of a signal with each code, in quarters: all with luma, red with Cr, green with Cb and with Cr, blue with Cb.
    /// The sum of all changes fits 16 bits.
    quarters: [u16; 5],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Grey,
    Rgb,
    Ycbcr,
}

const NEUTRAL: i32 = 512;

impl SignalConverter {
    /// For pictures of that format.
    pub fn new(format: &VideoFormat) -> Self {
        let layout = format.layout;
        let (parts, grey) = Component::of(layout);
        let kind = match layout {
            _ if grey => Kind::Grey,
            _ if layout.is_rgb() => Kind::Rgb,
            _ => Kind::Ycbcr,
        };
        let (black, white, chroma) = code_range(layout, format.range);
        let (kr, kb) = format.matrix.weights();
        let fixed = |factor: f64| (factor * f64::from(1 << SHIFT)).round() as i32;
        let luma = f64::from(SIGNAL_MAX) / (white - black);
        let colour = f64::from(SIGNAL_MAX) / chroma;
        let (red, blue, kg) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb), 1.0 - kr - kb);
        let (green_cb, green_cr) = (kb * blue / kg, kr * red / kg);
        let quarters = |factor: f64| (4.0 * factor).ceil() as u16;
        Self {
            parts,
            kind,
            black: black as i32,
            luma: fixed(luma),
            red: fixed(red * colour),
            green: [fixed(-green_cb * colour), fixed(-green_cr * colour)],
            blue: fixed(blue * colour),
            quarters: [
                quarters(luma),
                quarters(red * colour),
                quarters(green_cb * colour),
                quarters(green_cr * colour),
                quarters(blue * colour),
            ],
        }
    }

    /// The components Y, Cb, Cr, or R, G, B.
    pub fn parts(&self) -> &[Component; 3] {
        &self.parts
    }

    /// Whether there are three components to be read, not luma alone.
    pub fn has_colour(&self) -> bool {
        self.kind != Kind::Grey
    }

    /// Whether pixels are stored as red, green and blue: then all three have the resolution of luma.
    pub fn is_rgb(&self) -> bool {
        self.kind == Kind::Rgb
    }

    /// The signal of Y, Cb, Cr, or of R, G, B.
    #[inline(always)]
    pub fn signal(&self, codes: [u16; 3]) -> Signal {
        self.signals(&codes.map(|code| [code]))
            .map(|[signal]| signal)
    }

    /// The signals of several pixels.
    #[inline(always)]
    pub(super) fn signals<const N: usize>(&self, [a, b, c]: &[[u16; N]; 3]) -> [[u16; N]; 3] {
        let scaled = |code: u16| (i32::from(code) - self.black) * self.luma;
        let whole = |fixed: i32| {
            ((fixed + (1 << (SHIFT - 1))) >> SHIFT).clamp(0, i32::from(SIGNAL_MAX)) as u16
        };
        let alone = |codes: &[u16; N]| codes.map(|code| whole(scaled(code)));
        match self.kind {
            Kind::Grey => [alone(a); 3],
            Kind::Rgb => [alone(a), alone(b), alone(c)],
            Kind::Ycbcr => {
                let mut out = [[0; N]; 3];
                for i in 0..N {
                    let (cb, cr) = (i32::from(b[i]) - NEUTRAL, i32::from(c[i]) - NEUTRAL);
                    let y = scaled(a[i]);
                    out[0][i] = whole(y + self.red * cr);
                    out[1][i] = whole(y + self.green[0] * cb + self.green[1] * cr);
                    out[2][i] = whole(y + self.blue * cb);
                }
                out
            }
        }
    }

    /// An upper bound of the change of several pixels in red, green and blue, in units of the [signal](Signal): at most a few percent
    /// above the largest change.
    #[inline(always)]
    pub(super) fn largest_change<const N: usize>(
        &self,
        now: [&[u16; N]; 3],
        then: [&[u16; N]; 3],
    ) -> u16 {
        let [luma, red, green_cb, green_cr, blue] = self.quarters;
        let by = |part: usize, i: usize| now[part][i].abs_diff(then[part][i]);
        let mut all = [0; N];
        let changes = all.iter_mut().enumerate();
        match self.kind {
            Kind::Grey => changes.for_each(|(i, all)| *all = luma * by(0, i)),
            Kind::Rgb => {
                changes.for_each(|(i, all)| *all = luma * by(0, i).max(by(1, i)).max(by(2, i)));
            }
            Kind::Ycbcr => changes.for_each(|(i, all)| {
                let (cb, cr) = (by(1, i), by(2, i));
                let green = green_cb * cb + green_cr * cr;
                *all = luma * by(0, i) + (red * cr).max(green).max(blue * cb);
            }),
        }
        // Both signals are rounded.
        all.iter().fold(0, |most, change| most.max(*change)) / 4 + 2
    }
}

/// In codes of 10 bits: nominal black, nominal white, and the range of chroma.
fn code_range(layout: Layout, range: Range) -> (f64, f64, f64) {
    match range {
        Range::Limited => (64.0, 940.0, 896.0),
        // 8 bits times 4 end at 1020.
        Range::Full if layout.depth() == 8 && !is_wide_rgb(layout) => (0.0, 1020.0, 1020.0),
        Range::Full => (0.0, 1023.0, 1023.0),
    }
}

fn is_wide_rgb(layout: Layout) -> bool {
    use Layout::*;
    matches!(layout, Argb64Le | Abgr64Le | Rgba64Le | Bgra64Le)
}
