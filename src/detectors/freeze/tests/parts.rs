// SPDX-License-Identifier: MPL-2.0
//! Pictures that are partly frozen.

use super::*;

/// A picture that moves to where `offset` says, with a strip or a patch that goes on.
fn with_live(s: &mut Show, pictures: usize, offset: impl Fn(usize) -> usize, live: [usize; 4]) {
    let [left, top, width, height] = live;
    for n in 0..pictures {
        let offset = offset(n);
        s.push(|x, y| {
            let inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
            scene((x + if inside { 3 * n } else { offset }) as f64, y as f64)
        });
    }
}

#[test]
fn a_ticker_over_a_frozen_picture() {
    let mut s = show();
    with_live(
        &mut s,
        400,
        |n| n.min(60) + n.saturating_sub(380),
        [0, 168, WIDTH, 16],
    );
    let found = s.end();
    assert_eq!(found.len(), 1, "{found:?}");
    let (kind, start, end, detail) = &found[0];
    assert_eq!(
        (*kind, detail.as_deref()),
        (FreezeKind::PartialFreeze as usize, Some("ticker"))
    );
    assert!(start.abs_diff(60 * FRAME) <= 200 * MS, "{start}");
    assert!(end.abs_diff(380 * FRAME) <= 200 * MS, "{end}");
}

#[test]
fn an_inset_over_a_frozen_picture_and_where_it_is() {
    let mut s = show();
    with_live(&mut s, 400, |n| n.min(60), [200, 24, 80, 48]);
    s.runner.reset(crate::detector::Reason::Eos);
    let reports = s.runner.take_reports();
    let Some(Report::Defect(begin)) = reports.first() else {
        panic!("{reports:?}")
    };
    let area = begin.observation.area.unwrap();
    assert_eq!(begin.observation.detail.as_deref(), Some("inset"));
    assert_eq!([area.x, area.y, area.width, area.height], [200, 24, 80, 48]);
}

#[test]
fn a_set_that_never_moved_behind_a_presenter_is_none() {
    let mut s = show();
    with_live(&mut s, 400, |_| 0, [200, 24, 80, 48]);
    assert_eq!(s.end(), []);
}

#[test]
fn a_cut_to_a_still_set_is_none() {
    let mut s = show();
    s.scene(60, |n| n as f64);
    with_live(&mut s, 400, |_| 5000, [200, 24, 80, 48]);
    assert_eq!(s.end(), []);
}

/// A stream that has lasted for more milliseconds than 32 bits hold.
#[test]
fn it_is_dated_right_after_fifty_days() {
    for extra in [0, 4] {
        let mut s = show();
        s.scene(5, |n| n as f64);
        let days = (1 << 32) * MS - extra * SECOND;
        s.runner.gap(Span::new(s.at, s.at + days));
        s.at += days;
        let begun = s.at;
        with_live(&mut s, 400, |n| n.min(60), [200, 24, 80, 48]);
        // Nothing came for all that time: the last picture was shown.
        let found = s.end();
        let held = (4 * FRAME, begun, Some("exact".to_string()));
        let [freeze, (kind, start, end, _)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(freeze.0, FreezeKind::Freeze as usize);
        assert_eq!((freeze.1, freeze.2, freeze.3.clone()), held);
        assert_eq!(*kind, FreezeKind::PartialFreeze as usize);
        assert!(start.abs_diff(begun + 60 * FRAME) <= 200 * MS, "{start}");
        assert!(end.abs_diff(begun + 400 * FRAME) <= 200 * MS, "{end}");
    }
}

#[test]
fn a_still_with_a_clock_from_the_first_picture_on() {
    let mut s = show();
    for n in 0..500 {
        s.push(|x, y| {
            let digit = (280..296).contains(&x) && (8..24).contains(&y);
            if digit {
                40.0 + 50.0 * (n / 25 % 4) as f64
            } else {
                scene(x as f64, y as f64)
            }
        });
    }
    let found = s.end();
    assert_eq!(found.len(), 1, "{found:?}");
    let (kind, start, end, detail) = &found[0];
    assert_eq!(
        (*kind, detail.as_deref()),
        (FreezeKind::PartialFreeze as usize, Some("inset"))
    );
    assert!(
        *start <= 100 * MS && end.abs_diff(500 * FRAME) <= 200 * MS,
        "{found:?}"
    );
}

#[test]
fn a_line_of_data_over_a_frozen_picture() {
    for noisy in [0..1usize, 184..192] {
        let mut s = show();
        for n in 0..250usize {
            let offset = n.min(60);
            s.push(|x, y| {
                if noisy.contains(&y) {
                    ((x * 37 + n * 91 + y * 13) % 200 + 20) as f64
                } else {
                    scene((x + offset) as f64, y as f64)
                }
            });
        }
        let found = s.end();
        assert_eq!(found.len(), 1, "{noisy:?}: {found:?}");
        assert_eq!(
            found[0].0,
            FreezeKind::Freeze as usize,
            "{noisy:?}: {found:?}"
        );
    }
}
