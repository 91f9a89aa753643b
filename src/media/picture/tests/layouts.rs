// SPDX-License-Identifier: MPL-2.0

//! The same content gives the same grid, however it is stored.

use super::super::{Grid, Layout, Matrix, Range};
use super::frame::{Frame, format};
use Layout::*;

/// YCbCr of 8 bit, in the gamut of RGB: detail in luma, chroma that changes from cell to cell.
fn pixel(x: usize, y: usize) -> [u8; 3] {
    let (column, row) = (x / 8, y / 8);
    let luma = 60 + (x * 7 + y * 13 + x * y % 11) % 120;
    [
        luma as u8,
        (112 + (column * 5 + row * 3) % 32) as u8,
        (110 + (column * 3 + row * 7) % 40) as u8,
    ]
}

/// The content in a layout; 10-bit codes are four times those of 8 bit.
fn frame(layout: Layout, width: usize, height: usize) -> Frame {
    let mut frame = Frame::random(&format(layout, width, height), 13, 1);
    for y in 0..height {
        for x in 0..width {
            put(&mut frame, x, y, pixel(x, y));
        }
    }
    frame
}

fn put(frame: &mut Frame, x: usize, y: usize, [luma, cb, cr]: [u8; 3]) {
    let (half, low) = (x / 2, y / 2);
    let mut set = |plane: usize, y: usize, at: usize, code: u8| {
        let (bytes, stride) = &mut frame.planes[plane];
        bytes[y * *stride + at] = code;
    };
    match frame.format.layout {
        Gray8 => set(0, y, x, luma),
        I420 => [(0, y, x, luma), (1, low, half, cb), (2, low, half, cr)]
            .map(|(p, y, x, c)| set(p, y, x, c))[0],
        Yv12 => [(0, y, x, luma), (2, low, half, cb), (1, low, half, cr)]
            .map(|(p, y, x, c)| set(p, y, x, c))[0],
        Nv12 => [
            (0, y, x, luma),
            (1, low, 2 * half, cb),
            (1, low, 2 * half + 1, cr),
        ]
        .map(|(p, y, x, c)| set(p, y, x, c))[0],
        Nv21 => [
            (0, y, x, luma),
            (1, low, 2 * half + 1, cb),
            (1, low, 2 * half, cr),
        ]
        .map(|(p, y, x, c)| set(p, y, x, c))[0],
        Nv16 => [
            (0, y, x, luma),
            (1, y, 2 * half, cb),
            (1, y, 2 * half + 1, cr),
        ]
        .map(|(p, y, x, c)| set(p, y, x, c))[0],
        Y42b => [(0, y, x, luma), (1, y, half, cb), (2, y, half, cr)]
            .map(|(p, y, x, c)| set(p, y, x, c))[0],
        Y444 => {
            [(0, y, x, luma), (1, y, x, cb), (2, y, x, cr)].map(|(p, y, x, c)| set(p, y, x, c))[0]
        }
        Yuy2 => {
            [(2 * x, luma), (4 * half + 1, cb), (4 * half + 3, cr)].map(|(x, c)| set(0, y, x, c))[0]
        }
        Uyvy => {
            [(2 * x + 1, luma), (4 * half, cb), (4 * half + 2, cr)].map(|(x, c)| set(0, y, x, c))[0]
        }
        Ayuv => {
            [(4 * x + 1, luma), (4 * x + 2, cb), (4 * x + 3, cr)].map(|(x, c)| set(0, y, x, c))[0]
        }
        layout if layout.is_rgb() => {
            let (step, order) = match layout {
                Rgb => (3, [0, 1, 2]),
                Bgr => (3, [2, 1, 0]),
                Bgra | Bgrx => (4, [2, 1, 0]),
                Argb | Xrgb => (4, [1, 2, 3]),
                Abgr | Xbgr => (4, [3, 2, 1]),
                Argb64Le => (8, [3, 5, 7]),
                Abgr64Le => (8, [7, 5, 3]),
                Rgba64Le => (8, [1, 3, 5]),
                Bgra64Le => (8, [5, 3, 1]),
                _ => (4, [0, 1, 2]),
            };
            let rgb = rgb(
                [luma, cb, cr],
                frame.format.matrix.weights(),
                frame.format.range,
            );
            (0..3).for_each(|i| set(0, y, step * x + order[i], rgb[i]));
        }
        _ => put_ten(frame, x, y, [luma, cb, cr].map(|code| 4 * u16::from(code))),
    }
}

fn put_ten(frame: &mut Frame, x: usize, y: usize, [luma, cb, cr]: [u16; 3]) {
    let (half, low, layout) = (x / 2, y / 2, frame.format.layout);
    let shift = if matches!(layout, Gray16Le | P01010Le) {
        6
    } else {
        0
    };
    let mut set = |plane: usize, y: usize, at: usize, code: u16| {
        let (bytes, stride) = &mut frame.planes[plane];
        bytes[y * *stride + 2 * at..][..2].copy_from_slice(&(code << shift).to_le_bytes());
    };
    let mut three =
        |samples: [(usize, usize, usize, u16); 3]| samples.map(|(p, y, x, c)| set(p, y, x, c))[0];
    match layout {
        Gray16Le => set(0, y, x, luma),
        I42010Le => three([(0, y, x, luma), (1, low, half, cb), (2, low, half, cr)]),
        I42210Le => three([(0, y, x, luma), (1, y, half, cb), (2, y, half, cr)]),
        Y44410Le => three([(0, y, x, luma), (1, y, x, cb), (2, y, x, cr)]),
        P01010Le => three([
            (0, y, x, luma),
            (1, low, 2 * half, cb),
            (1, low, 2 * half + 1, cr),
        ]),
        _ => put_v210(frame, x, y, [luma, cb, cr]),
    }
}

/// Samples of a line of v210 follow one another as Cb Y Cr Y, three to a word.
fn put_v210(frame: &mut Frame, x: usize, y: usize, [luma, cb, cr]: [u16; 3]) {
    let (bytes, stride) = &mut frame.planes[0];
    for (number, code) in [(2 * x + 1, luma), (x / 2 * 4, cb), (x / 2 * 4 + 2, cr)] {
        let bytes = &mut bytes[y * *stride + number / 3 * 4..][..4];
        let shift = number % 3 * 10;
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let word = word & !(0x3ff << shift) | u32::from(code) << shift;
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

fn rgb([luma, cb, cr]: [u8; 3], (red, blue): (f64, f64), range: Range) -> [u8; 3] {
    let (luma, cb, cr) = (
        (f64::from(luma) - 16.0) / 219.0,
        (f64::from(cb) - 128.0) / 112.0,
        (f64::from(cr) - 128.0) / 112.0,
    );
    let (r, b) = (luma + cr * (1.0 - red), luma + cb * (1.0 - blue));
    let g = (luma - red * r - blue * b) / (1.0 - red - blue);
    [r, g, b].map(|value| match range {
        Range::Full => (255.0 * value).round() as u8,
        Range::Limited => (16.0 + 219.0 * value).round() as u8,
    })
}

/// Sizes with and without partial cells. Chroma is continued by its own last sample, so even those agree.
const SIZES: [(usize, usize); 4] = [(64, 48), (70, 42), (33, 35), (1, 1)];

#[test]
fn layouts_of_8_bit_agree() {
    for (width, height) in SIZES {
        let reference = frame(Y444, width, height).measure();
        for layout in [I420, Yv12, Nv12, Nv21, Nv16, Y42b, Yuy2, Uyvy, Ayuv] {
            let grid = frame(layout, width, height).measure();
            assert!(grid == reference, "{layout:?} {width}x{height}");
        }
        let gray = frame(Gray8, width, height).measure();
        assert_eq!(gray.sum(), reference.sum());
        assert!(
            gray.cb()
                .iter()
                .chain(gray.cr())
                .all(|&sum| sum == 16 * 128)
        );
    }
}

#[test]
fn chroma_sums_are_of_16_samples() {
    let grid = frame(I420, 64, 48).measure();
    for number in 0..grid.sum().len() {
        let [_, cb, cr] = pixel(number % 8 * 8, number / 8 * 8);
        assert_eq!(
            (grid.cb()[number], grid.cr()[number]),
            (16 * u16::from(cb), 16 * u16::from(cr))
        );
    }
}

#[test]
fn layouts_of_10_bit_give_four_times_the_sums() {
    for (width, height) in SIZES {
        let eight = frame(Y444, width, height).measure();
        for layout in [I42010Le, I42210Le, Y44410Le, P01010Le, V210, Gray16Le] {
            let ten = frame(layout, width, height).measure();
            let four_times = |what: &str, of: fn(&Grid) -> &[u16]| {
                let expected: Vec<_> = of(&eight).iter().map(|&sum| sum * 4).collect();
                assert_eq!(of(&ten), expected, "{what} of {layout:?} {width}x{height}");
            };
            four_times("sum", Grid::sum);
            four_times("min", Grid::min);
            four_times("dx", Grid::dx);
            four_times("dy2", Grid::dy2);
            four_times("comb", Grid::comb);
            if layout != Gray16Le {
                four_times("cb", Grid::cb);
                four_times("cr", Grid::cr);
            }
        }
    }
}

#[test]
fn rgb_agrees_within_rounding() {
    for (width, height) in SIZES {
        let reference = frame(Y444, width, height).measure();
        for layout in Layout::all().filter(|layout| layout.is_rgb()) {
            for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
                for range in [Range::Full, Range::Limited] {
                    let mut frame = frame(layout, width, height);
                    (frame.format.matrix, frame.format.range) = (matrix, range);
                    (0..width * height).for_each(|at| {
                        put(
                            &mut frame,
                            at % width,
                            at / width,
                            pixel(at % width, at / width),
                        )
                    });
                    let grid = frame.measure();
                    let near = |of: fn(&Grid) -> &[u16], by| {
                        let pairs = of(&grid).iter().zip(of(&reference));
                        pairs.clone().all(|(one, other)| one.abs_diff(*other) <= by)
                    };
                    assert!(near(Grid::sum, 64), "{layout:?} {matrix:?} {range:?}");
                    assert!(near(Grid::min, 1) && near(Grid::max, 1));
                    assert!(
                        near(Grid::cb, 16) && near(Grid::cr, 16),
                        "{layout:?} {matrix:?} {range:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn black_and_white_rgb_have_nominal_levels() {
    for (code, luma) in [(0, 16), (255, 235)] {
        let mut frame = frame(Bgrx, 16, 16);
        frame.planes[0].0.fill(code);
        let grid = frame.measure();
        assert!(grid.sum().iter().all(|&sum| sum == 64 * luma));
        assert!(
            grid.cb()
                .iter()
                .chain(grid.cr())
                .all(|&sum| sum == 16 * 128)
        );
    }
}
