// SPDX-License-Identifier: MPL-2.0
//! `blackdetect` in real pipelines.

use crate::common::show::{BLACK, Show, episodes, h264, one, scene};

const SHOW: Show = Show {
    width: 320,
    height: 180,
    fps: 25,
    caps: "",
};

/// A scene with three seconds of `dark` from the second second on.
fn with(dark: fn(usize, usize) -> [u8; 3]) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    move |n| {
        if (50..125).contains(&n) {
            SHOW.paint(dark)
        } else {
            SHOW.scene(n as f64)
        }
    }
}

#[test]
fn black_is_found_in_every_format() {
    for format in ["I420", "NV12", "UYVY", "v210", "P010_10LE", "RGB", "GRAY8"] {
        let chain = format!("videoconvert ! video/x-raw,format={format} ! blackdetect");
        let heard = SHOW.run(&chain, 150, with(|_, _| BLACK));
        one(&heard, "black", "uniform", 2000, 0);
        assert_eq!(heard.state("end")[0].duration, 3_000_000_000, "{format}");
    }
}

#[test]
fn black_after_h264_at_a_low_rate() {
    let heard = SHOW.run(
        &format!("{} ! blackdetect", h264(200)),
        150,
        with(|_, _| BLACK),
    );
    one(&heard, "black", "uniform", 2000, 120);
}

#[test]
fn black_with_a_logo_that_stays() {
    let logo = |x: usize, y: usize| (270..300).contains(&x) && (16..30).contains(&y);
    let heard = SHOW.run("blackdetect", 150, move |n| {
        SHOW.paint(|x, y| match (logo(x, y), (50..125).contains(&n)) {
            (true, _) => [200, 128, 128],
            (_, true) => BLACK,
            _ => [scene(x, y, n as f64), 120, 135],
        })
    });
    one(&heard, "black", "with-logo", 2000, 40);
}

#[test]
fn a_night_with_lights_and_a_blue_screen_are_not_black() {
    let lights = |x: usize, y: usize| {
        let lit = x % 40 < 8 && y % 36 < 8;
        if lit { [180, 128, 128] } else { BLACK }
    };
    assert_eq!(episodes(&SHOW.run("blackdetect", 150, with(lights))), []);
    let blue = |_, _| [41, 240, 110];
    assert_eq!(episodes(&SHOW.run("blackdetect", 150, with(blue))), []);
}

#[test]
fn a_region_is_judged_alone() {
    let below = |x: usize, y: usize| {
        if y < 90 {
            [scene(x, y, 0.0), 128, 128]
        } else {
            BLACK
        }
    };
    assert_eq!(episodes(&SHOW.run("blackdetect", 150, with(below))), []);
    let chain = "blackdetect region=<0.0,0.5,1.0,0.5>";
    one(
        &SHOW.run(chain, 150, with(below)),
        "black",
        "uniform",
        2000,
        0,
    );
}

#[test]
fn what_a_crop_meta_leaves_out_is_not_judged() {
    use crate::common::launch;
    for format in [
        "I420",
        "NV12",
        "Y42B",
        "Y444",
        "YUY2",
        "UYVY",
        "AYUV",
        "BGRx",
        "ARGB",
        "xBGR",
        "RGB",
        "GRAY8",
        "I420_10LE",
    ] {
        // Half of the picture is black, half of it bars; the sink takes crop metas, so videocrop doesn't copy.
        let black = |crop: &str| {
            let heard = launch::run(&format!(
                "videotestsrc num-buffers=75 ! video/x-raw,format=AYUV,width=96,height=64,framerate=25/1 ! videobox top=-64 fill=black \
                 ! videoconvert ! video/x-raw,format={format},width=96,height=128 ! videocrop {crop} ! blackdetect ! fakevideosink \
                 sync=false"
            ));
            assert_eq!(heard.warnings(), Vec::<String>::new(), "{format} {crop}");
            heard.of("black", "begin").len()
        };
        assert_eq!(black("bottom=64"), 1, "{format}");
        assert_eq!(black("top=64"), 0, "{format}");
        assert_eq!(black("top=70 left=6"), 0, "{format}");
        assert_eq!(black("top=2 bottom=66 right=10"), 1, "{format}");
    }
}
