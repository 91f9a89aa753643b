// SPDX-License-Identifier: MPL-2.0
//! `borderdetect` in real pipelines.

use crate::common::show::{BLACK, Show, episodes, h264, one, scene};

const SHOW: Show = Show {
    width: 320,
    height: 180,
    fps: 25,
    caps: "",
};

/// Left, top, width and height of a picture.
type Place = [usize; 4];
const FULL: Place = [0, 0, 320, 180];
const WIDE: Place = [0, 24, 320, 132];

/// The scene in a part of the frame.
fn placed([left, top, width, height]: Place, n: u64) -> impl Fn(usize, usize) -> [u8; 3] {
    move |x, y| {
        if (left..left + width).contains(&x) && (top..top + height).contains(&y) {
            [scene(x, y, n as f64), 120, 135]
        } else {
            BLACK
        }
    }
}

#[test]
fn each_layout_is_told_with_its_place_after_h264() {
    let chain = format!("{} ! borderdetect", h264(1000));
    for (place, kind) in [
        (WIDE, "letterbox"),
        ([40, 0, 240, 180], "pillarbox"),
        ([40, 24, 240, 132], "windowbox"),
    ] {
        let heard = SHOW.run(&chain, 250, move |n| {
            SHOW.paint(placed(if n < 25 { FULL } else { place }, n))
        });
        one(&heard, kind, "bars", 1000, 120);
        let found = heard.state("end")[0].area.unwrap_or_default();
        let near = |(a, b): (&u32, &usize)| a.abs_diff(*b as u32) <= 4;
        assert!(found.iter().zip(&place).all(near), "{found:?}");
    }
}

#[test]
fn a_logo_and_subtitles_in_the_bars_hide_nothing() {
    let heard = SHOW.run("borderdetect", 250, |n| {
        let scene = placed(WIDE, n);
        SHOW.paint(|x, y| {
            let logo = (260..300).contains(&x) && (8..16).contains(&y);
            let subtitle =
                n % 100 > 50 && (80..240).contains(&x) && (162..174).contains(&y) && x % 6 < 3;
            if logo || subtitle {
                [220, 128, 128]
            } else {
                scene(x, y)
            }
        })
    });
    one(&heard, "letterbox", "bars", 0, 0);
}

#[test]
fn dark_scenes_and_fades_change_nothing() {
    let heard = SHOW.run("borderdetect", 300, |n| {
        let scene = placed(WIDE, n);
        let light = match n {
            150..175 => (175 - n) as u32,
            175..200 => 0,
            200..225 => (n - 200) as u32,
            _ => 25,
        };
        SHOW.paint(|x, y| {
            let [luma, b, r] = scene(x, y);
            [16 + ((u32::from(luma) - 16) * light / 25) as u8, b, r]
        })
    });
    one(&heard, "letterbox", "bars", 0, 0);
}

#[test]
fn blurred_panels() {
    let heard = SHOW.run("borderdetect", 250, |n| {
        SHOW.paint(|x, y| {
            let fine = (x * 31 + y * 17 + x * y + n as usize * 7) % 60;
            match x {
                112..208 => [80 + fine as u8, 120, 135],
                _ => [90 + ((x + y) / 30) as u8, 120, 135],
            }
        })
    });
    one(&heard, "pillarbox", "blurred", 0, 0);
}

#[test]
fn the_layout_that_is_expected() {
    let chain = "borderdetect expected=letterbox";
    let wide = SHOW.run(chain, 200, |n| SHOW.paint(placed(WIDE, n)));
    assert_eq!(episodes(&wide), []);
    let changed = SHOW.run(chain, 300, |n| {
        SHOW.paint(placed(if n < 75 { WIDE } else { FULL }, n))
    });
    one(&changed, "letterbox", "missing", 3000, 80);
    let other = SHOW.run(chain, 200, |n| SHOW.paint(placed([40, 0, 240, 180], n)));
    one(&other, "pillarbox", "bars", 0, 0);
}

#[test]
fn a_region_is_judged_alone() {
    // Two pictures side by side, the right one with bars.
    let both = |n: u64| {
        let (full, wide) = (placed([0, 0, 160, 180], n), placed([160, 24, 160, 132], n));
        SHOW.paint(|x, y| if x < 160 { full(x, y) } else { wide(x, y) })
    };
    assert_eq!(episodes(&SHOW.run("borderdetect", 200, both)), []);
    let right = SHOW.run("borderdetect region=<0.5,0.0,0.5,1.0>", 200, both);
    one(&right, "letterbox", "bars", 0, 0);
}
