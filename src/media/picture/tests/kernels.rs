// SPDX-License-Identifier: MPL-2.0

//! The kernels agree.

use super::super::{Layout, Measurer};
use super::frame::{Frame, Random, format};

fn agree(layout: Layout, width: usize, height: usize, padding: usize) {
    let frame = Frame::random(
        &format(layout, width, height),
        padding,
        (width * 31 + height) as u64,
    );
    let (fast, scalar) = (frame.measure(), frame.measure_scalar());
    assert!(
        fast == scalar,
        "{layout:?} {width}x{height} with padding {padding}"
    );
    assert!(fast.same_as(&scalar), "{layout:?} {width}x{height}");
}

#[test]
fn at_small_sizes() {
    for layout in Layout::all() {
        for width in (1..=41).chain(57..=72).chain([95, 96, 97, 127, 128, 129]) {
            agree(layout, width, 11, width % 3);
        }
        for height in 1..=34 {
            agree(layout, 35, height, 1);
        }
        for (width, height) in [(1, 1), (16, 16), (17, 9), (33, 35), (64, 64)] {
            agree(layout, width, height, 0);
            agree(layout, width, height, 61);
        }
    }
}

#[test]
fn at_full_size() {
    for layout in [Layout::I420, Layout::V210] {
        agree(layout, 1920, 1080, 128);
    }
    // The kernels go line by line: what is new at full size is the width.
    for layout in Layout::all() {
        agree(layout, 1920, 90, 128);
    }
}

#[test]
fn when_the_format_changes() {
    let mut random = Random::new(5);
    let first = format(Layout::I420, 64, 48);
    let mut measurer = Measurer::new(&first);
    let mut grid = super::super::Grid::new(&first);
    for layout in Layout::all() {
        let (width, height) = (
            1 + random.next() as usize % 80,
            1 + random.next() as usize % 40,
        );
        let frame = Frame::random(&format(layout, width, height), 2, random.next());
        measurer.measure(&frame.planes(), &mut grid);
        assert!(
            grid == frame.measure_scalar(),
            "{layout:?} {width}x{height}"
        );
    }
}
