// SPDX-License-Identifier: MPL-2.0
//! Clocks over black, and what looks like one.

use super::*;

/// A bright scene, then what `draw` puts on black, then the scene again. Four seconds of black.
fn over_black(draw: impl Fn(usize, &mut Canvas)) -> Vec<Finding> {
    run((0..150).map(|i| {
        let mut picture = Canvas::new(640, 360, SCENE);
        if (25..125).contains(&i) {
            picture = dark();
            draw(i - 25, &mut picture);
        }
        picture
    }))
}

/// A line of twelve digits at `x`, `y`: those from `first` on change once in `every` pictures.
fn digits(canvas: &mut Canvas, (x, y): (usize, usize), n: usize, first: usize, every: usize) {
    for digit in 0..12 {
        let shape = if digit < first { 0 } else { n / every % 5 };
        canvas.fill(x + digit * 14, y, 3, 18, LOGO);
        canvas.fill(x + digit * 14, y, 10, 3 + 3 * shape, LOGO);
    }
}

#[test]
fn a_timecode_at_top_or_bottom_is_allowed() {
    for (place, every) in [((236, 320), 1), ((236, 20), 1), ((236, 320), 25)] {
        let found = over_black(|n, canvas| digits(canvas, place, n, 7, every));
        let end = found.last().unwrap_or_else(|| panic!("{place:?} {every}"));
        assert_eq!(
            (end.at / MS, end.duration / MS),
            (1000, 4000),
            "{place:?} {every}"
        );
        assert_eq!(found.len(), 2, "{place:?} {every}");
    }
}

#[test]
fn titles_credits_and_lights_are_no_clock() {
    type Draw = fn(usize, &mut Canvas);
    let cases: [(&str, Draw); 9] = [
        ("a subtitle", |_, c| digits(c, (236, 320), 0, 12, 1)),
        ("a card a second", |n, c| digits(c, (236, 320), n, 0, 25)),
        ("credits", |n, c| digits(c, (236, 330 - n), 0, 12, 1)),
        ("a ticker", |n, c| digits(c, (300 - 2 * n, 320), 0, 12, 1)),
        ("text that is typed", |n, c| {
            for letter in 0..n.div_ceil(8) {
                c.fill(160 + letter * 14, 320, 10, 18, LOGO);
            }
        }),
        ("typed text with a cursor", |n, c| {
            c.fill(160, 320, 240, 16, LOGO);
            if n / 12 % 2 == 0 {
                c.fill(400, 320, 16, 16, LOGO);
            }
        }),
        ("two lamps, one of which blinks", |n, c| {
            c.fill(240, 320, 16, 16, LOGO);
            if n / 12 % 2 == 0 {
                c.fill(400, 320, 16, 16, LOGO);
            } else {
                c.fill(400, 320, 16, 16, [100, 128, 128]);
            }
        }),
        ("a clock in the middle", |n, c| {
            digits(c, (236, 170), n, 7, 1)
        }),
        ("a flame", |n, c| {
            c.fill(300, 300, 24, 30, [150 + (n % 4 * 25) as u8, 128, 128]);
        }),
    ];
    for (name, draw) in cases {
        assert!(over_black(draw).is_empty(), "{name}");
    }
}

#[test]
fn a_clock_that_stops_is_a_title() {
    let found = run((0..500).map(|n: usize| {
        let mut picture = dark();
        // Runs for five seconds, stands for ten, and changes once.
        let shown = if n < 400 { n.min(125) } else { 300 };
        digits(&mut picture, (236, 320), shown, 7, 1);
        picture
    }));
    assert_eq!(found.len(), 2, "{found:?}");
    let lasted = found[1].duration / MS;
    assert!((5000..6500).contains(&lasted), "{lasted} ms");
}

#[test]
fn a_clock_in_a_corner_is_a_logo() {
    let found = over_black(|n, canvas| digits(canvas, (24, 20), n, 7, 1));
    let detail = |found: &Finding| found.observation.detail.clone().unwrap_or_default();
    assert_eq!(
        found.iter().map(detail).collect::<Vec<_>>(),
        ["with-logo"; 2]
    );
}
