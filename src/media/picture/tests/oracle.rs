// SPDX-License-Identifier: MPL-2.0

//! The statistics are what their definitions say, computed pixel by pixel.

use super::super::{CELL, Grid, Layout};
use super::frame::{Frame, format};

/// Luma, continued beyond all edges.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

impl Picture {
    fn new(frame: &Frame) -> Self {
        let (width, height) = (frame.format.width, frame.format.height);
        let (bytes, stride) = &frame.planes[0];
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| match frame.format.layout {
                Layout::Gray8 => u32::from(bytes[y * stride + x]),
                Layout::Gray16Le => {
                    (u32::from(bytes[y * stride + 2 * x + 1]) * 256
                        + u32::from(bytes[y * stride + 2 * x]))
                        / 64
                }
                _ => (u32::from(bytes[y * stride + 2 * x + 1]) * 256
                    + u32::from(bytes[y * stride + 2 * x]))
                .min(1023),
            });
        Self {
            width,
            height,
            pixels: pixels.collect(),
        }
    }

    fn at(&self, x: usize, y: usize) -> u32 {
        self.pixels[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    fn sum(&self, cell: (usize, usize), value: impl Fn(usize, usize) -> u32) -> u32 {
        let (x, y) = (cell.0 * CELL, cell.1 * CELL);
        (y..y + CELL)
            .map(|y| (x..x + CELL).map(|x| value(x, y)).sum::<u32>())
            .sum()
    }

    fn comb(&self, x: usize, y: usize, threshold: i64) -> u32 {
        if y == 0 || y + 1 >= self.height {
            return 0;
        }
        let pixel = i64::from(self.at(x, y));
        let (above, below) = (
            pixel - i64::from(self.at(x, y - 1)),
            pixel - i64::from(self.at(x, y + 1)),
        );
        let excess = if above.signum() == below.signum() {
            above.abs().min(below.abs())
        } else {
            0
        };
        u32::try_from((excess - threshold).max(0)).unwrap()
    }
}

fn check(frame: &Frame, grid: &Grid) {
    let picture = Picture::new(frame);
    let at = |x, y| picture.at(x, y);
    let threshold = if grid.depth() == 8 { 9 } else { 36 };
    for (number, cell) in (0..grid.rows())
        .flat_map(|row| (0..grid.columns()).map(move |column| (column, row)))
        .enumerate()
    {
        let sum = |value: &dyn Fn(usize, usize) -> u32| picture.sum(cell, value);
        let is = |name: &str, measured: &[u16], expected: u32| {
            assert_eq!(
                u32::from(measured[number]),
                expected,
                "{name} of {cell:?} of {grid:?}"
            );
        };
        is("sum", grid.sum(), sum(&at));
        is(
            "odd_sum",
            grid.odd_sum(),
            sum(&|x, y| if y % 2 == 1 { at(x, y) } else { 0 }),
        );
        let dx = |inner: bool| {
            sum(&|x, y| {
                if (x % CELL != 0) == inner && x > 0 {
                    at(x, y).abs_diff(at(x - 1, y))
                } else {
                    0
                }
            })
        };
        is("dx", grid.dx(), dx(true));
        is("left", grid.left(), dx(false));
        let dy = |inner: bool| {
            sum(&|x, y| {
                if (y % CELL != 0) == inner && y > 0 {
                    at(x, y).abs_diff(at(x, y - 1))
                } else {
                    0
                }
            })
        };
        is("dy", grid.dy(), dy(true));
        is("top", grid.top(), dy(false));
        is(
            "dy2",
            grid.dy2(),
            sum(&|x, y| {
                if y > 1 {
                    at(x, y).abs_diff(at(x, y - 2))
                } else {
                    0
                }
            }),
        );
        is(
            "comb",
            grid.comb(),
            sum(&|x, y| picture.comb(x, y, threshold)),
        );
        let (x, y) = (cell.0 * CELL, cell.1 * CELL);
        let pixels = || {
            (y..y + CELL)
                .flat_map(|y| (x..x + CELL).map(move |x| (x, y)))
                .map(|(x, y)| at(x, y))
        };
        is("min", grid.min(), pixels().min().unwrap());
        is("max", grid.max(), pixels().max().unwrap());
    }
    for y in 0..grid.height() {
        assert_eq!(
            grid.row_sum()[y],
            (0..grid.width()).map(|x| at(x, y)).sum::<u32>()
        );
        let dy: u32 = (0..grid.width())
            .map(|x| {
                if y > 0 {
                    at(x, y).abs_diff(at(x, y - 1))
                } else {
                    0
                }
            })
            .sum();
        assert_eq!(grid.row_dy()[y], dy);
    }
}

#[test]
fn statistics_are_as_defined() {
    for layout in [Layout::Gray8, Layout::Gray16Le] {
        for (width, height) in [
            (1, 1),
            (1, 17),
            (8, 8),
            (31, 2),
            (32, 10),
            (33, 35),
            (100, 24),
            (17, 9),
        ] {
            let frame = Frame::random(&format(layout, width, height), 5, width as u64);
            check(&frame, &frame.measure());
            check(&frame, &frame.measure_scalar());
        }
    }
}

#[test]
fn invalid_codes_read_as_the_greatest() {
    let frame = Frame::random(&format(Layout::I42010Le, 70, 20), 2, 3);
    check(&frame, &frame.measure());
    check(&frame, &frame.measure_scalar());
    assert!(frame.measure().cb().iter().all(|&cb| cb <= 16 * 1023));
}
