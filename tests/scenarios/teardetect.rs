// SPDX-License-Identifier: MPL-2.0
//! `teardetect` in real pipelines.

use crate::common::show::{Show, episodes, h264, one, scene};

const SHOW: Show = Show {
    width: 640,
    height: 360,
    fps: 25,
    caps: "",
};

/// The scene; from the second second on, for a second, every other picture has below a row what was shown `back` pictures before.
fn torn(back: u64) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    move |n| {
        let older = if (50..75).contains(&n) && n % 2 == 0 {
            n - back
        } else {
            n
        };
        SHOW.paint(|x, y| {
            let time = if y < 150 { n } else { older };
            [scene(x, y, time as f64), 120, 135]
        })
    }
}

#[test]
fn a_torn_stretch_has_its_row() {
    let heard = SHOW.run("teardetect", 120, torn(1));
    one(&heard, "tearing", "lower", 2000, 40);
    assert_eq!(heard.state("end")[0].area.unwrap(), [0, 150, 640, 210]);
}

#[test]
fn it_is_found_behind_a_codec() {
    let heard = SHOW.run(&format!("{} ! teardetect", h264(8000)), 120, torn(1));
    one(&heard, "tearing", "lower", 2000, 120);
    let row = heard.state("end")[0].area.unwrap()[1];
    assert!(row.abs_diff(150) <= 2, "{row}");
}

#[test]
fn what_is_whole_is_not_torn() {
    for chain in [
        "teardetect".to_owned(),
        format!("{} ! teardetect", h264(1000)),
    ] {
        assert_eq!(episodes(&SHOW.run(&chain, 120, torn(0))), []);
    }
}
