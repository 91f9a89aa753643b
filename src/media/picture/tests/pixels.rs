// SPDX-License-Identifier: MPL-2.0

//! Luma read again is that of the picture, however it is stored.

use super::super::{Layout, LumaReader, canvas::Canvas};
use super::frame::{Frame, format};

#[test]
fn a_part_is_copied_and_edges_repeat() {
    let mut canvas = Canvas::new(40, 24, [0, 128, 128]);
    canvas.luma(|x, y, _| (x + 5 * y) as u8);
    let mut out = vec![0; 8 * 4];
    LumaReader::default().read(&canvas.planes(), 36..44, 22..26, &mut out);
    let line = |y: usize| [36, 37, 38, 39, 39, 39, 39, 39].map(|x: usize| (x + 5 * y) as u8);
    assert_eq!(out, [line(22), line(23), line(23), line(23)].concat());
    LumaReader::default().read(&canvas.planes(), 60..68, 0..4, &mut out);
    assert_eq!(out[..8], [39; 8]);
}

#[test]
fn all_layouts_are_read_as_eight_bits() {
    let mut reader = LumaReader::default();
    for layout in Layout::all() {
        let frame = Frame::random(&format(layout, 50, 20), 3, 7);
        let mut out = vec![0; 50 * 20];
        reader.read(&frame.planes(), 0..50, 0..20, &mut out);
        // As the grid has it, at its own depth.
        let grid = frame.measure();
        let shift = super::super::format::shift(grid.depth());
        let sum: u64 = (0..8)
            .flat_map(|y| &out[y * 50..][..8])
            .map(|v| u64::from(*v) << shift)
            .sum();
        let exact = u64::from(grid.sum()[0]);
        assert!(
            sum <= exact && exact < sum + (64 << shift),
            "{}",
            layout.name()
        );
    }
}
