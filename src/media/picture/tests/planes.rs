// SPDX-License-Identifier: MPL-2.0

//! Planes that can't be are refused; those that can be are measured without a panic.

use super::super::{Grid, Layout, Measurer, PlaneError, Planes, VideoFormat};
use super::frame::format;
use proptest::prelude::*;

#[test]
fn a_short_last_line_is_enough() {
    let format = format(Layout::Gray8, 10, 3);
    assert!(Planes::new(&format, &[(&[0; 42], 16)]).is_ok());
    let error = Planes::new(&format, &[(&[0; 41], 16)]).unwrap_err();
    assert_eq!(
        error,
        PlaneError::Length {
            plane: 0,
            expected: 42,
            given: 41
        }
    );
    assert_eq!(
        error.to_string(),
        "plane 0 has 41 bytes, expected at least 42"
    );
}

#[test]
fn errors_name_the_plane() {
    let format = format(Layout::Nv12, 5, 5);
    let luma = (&[0; 25][..], 5);
    let error = |planes: &[(&[u8], usize)]| Planes::new(&format, planes).unwrap_err();
    assert_eq!(
        error(&[luma]),
        PlaneError::Count {
            expected: 2,
            given: 1
        }
    );
    assert_eq!(
        error(&[luma, (&[0; 18], 5)]),
        PlaneError::Stride {
            plane: 1,
            expected: 6,
            given: 5
        }
    );
    assert_eq!(
        error(&[luma, (&[0; 17], 6)]),
        PlaneError::Length {
            plane: 1,
            expected: 18,
            given: 17
        }
    );
    assert_eq!(
        error(&[(&[0; 25], usize::MAX), luma]),
        PlaneError::Length {
            plane: 0,
            expected: usize::MAX,
            given: 25
        }
    );
    assert!(Planes::new(&format, &[luma, (&[0; 18], 6)]).is_ok());
}

#[test]
fn sizes_have_bounds() {
    let size = |width, height| format(Layout::Gray8, width, height).check();
    assert_eq!(
        size(0, 5),
        Err(PlaneError::Size {
            width: 0,
            height: 5
        })
    );
    assert_eq!(
        size(5, 0),
        Err(PlaneError::Size {
            width: 5,
            height: 0
        })
    );
    assert!(size(VideoFormat::MAX_SIDE, VideoFormat::MAX_SIDE).is_ok());
    assert!(size(VideoFormat::MAX_SIDE + 1, 5).is_err());
    assert!(size(5, usize::MAX).is_err());
}

#[test]
fn names_are_those_of_gstreamer() {
    for layout in Layout::all() {
        assert_eq!(Layout::from_name(layout.name()), Some(layout));
    }
    assert_eq!(Layout::from_name("P010_10LE"), Some(Layout::P01010Le));
    assert_eq!(Layout::from_name("ARGB64"), Some(Layout::Argb64Le));
    assert_eq!(Layout::from_name("I420_12LE"), None);
}

#[test]
fn levels_follow_range_and_depth() {
    let mut format = format(Layout::I42010Le, 8, 8);
    assert_eq!(
        (format.levels().black, format.levels().white),
        (64.0, 940.0)
    );
    format.range = super::super::Range::Full;
    assert_eq!(
        (format.levels().black, format.levels().white),
        (0.0, 1023.0)
    );
    format.layout = Layout::Bgra;
    assert_eq!(
        (format.levels().black, format.levels().white),
        (16.0, 235.0)
    );
    assert_eq!(format.levels().fraction(235.0), 1.0);
    assert_eq!(format.levels().code(0.0), 16.0);
}

proptest! {
    #[test]
    fn whatever_the_planes(
        layout in proptest::sample::select(Layout::all().collect::<Vec<_>>()),
        (width, height) in (0_usize..70, 0_usize..40),
        planes in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..6000), 0_usize..300), 0..5),
    ) {
        let format = format(layout, width, height);
        let planes: Vec<_> = planes.iter().map(|(bytes, stride)| (&bytes[..], *stride)).collect();
        if let Ok(planes) = Planes::new(&format, &planes) {
            let (mut fast, mut scalar) = (Grid::new(&format), Grid::new(&format));
            Measurer::new(&format).measure(&planes, &mut fast);
            Measurer::scalar(&format).measure(&planes, &mut scalar);
            prop_assert!(fast == scalar);
        }
    }

    #[test]
    fn whatever_is_in_planes_that_fit(
        layout in proptest::sample::select(Layout::all().collect::<Vec<_>>()),
        (width, height, padding, seed) in (1_usize..140, 1_usize..40, 0_usize..70, any::<u64>()),
    ) {
        let frame = super::frame::Frame::random(&format(layout, width, height), padding, seed);
        prop_assert!(frame.measure() == frame.measure_scalar());
    }
}
