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
        canvas.fill(x + digit * 14, y + 3 * shape, 10, 4, LOGO);
    }
}

#[test]
fn a_timecode_at_top_or_bottom_is_allowed() {
    for (place, every) in [((236, 320), 1), ((236, 20), 1), ((236, 320), 25)] {
        let found = over_black(|n, canvas| digits(canvas, place, n, 7, every));
        let end = found.last().expect("a finding");
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
    let cases: [(&str, Draw); 6] = [
        ("a subtitle", |_, c| digits(c, (236, 320), 0, 12, 1)),
        ("a card a second", |n, c| digits(c, (236, 320), n, 0, 25)),
        ("credits", |n, c| digits(c, (236, 330 - n), 0, 12, 1)),
        ("a ticker", |n, c| digits(c, (300 - 2 * n, 320), 0, 12, 1)),
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
