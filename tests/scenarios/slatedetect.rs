// SPDX-License-Identifier: MPL-2.0
//! `slatedetect` in real pipelines.

use crate::common::{
    in_a_quiet_moment, run,
    show::{Show, episodes, h264, one},
};

const SHOW: Show = Show {
    width: 320,
    height: 180,
    fps: 25,
    caps: "",
};

/// A scene, then from the first second on what is painted.
fn then(colour: fn(usize, usize) -> [u8; 3]) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    move |n| {
        if n < 25 {
            SHOW.scene(n as f64)
        } else {
            SHOW.paint(colour)
        }
    }
}

/// Bars over the whole height: luma, blue and red difference of each, and black in the end.
fn ebu(bars: [[u8; 3]; 8]) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    move |n| {
        if n < 25 {
            SHOW.scene(n as f64)
        } else {
            SHOW.paint(|x, _| bars[x * 8 / 320])
        }
    }
}

/// BT.601, 75 %, and the same in BT.709 at 100 % (ITU-R BT.471, BT.1729).
const EBU_75: [[u8; 3]; 8] = [
    [235, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
    [16, 128, 128],
];
const EBU_100: [[u8; 3]; 8] = [
    [235, 128, 128],
    [219, 16, 138],
    [188, 154, 16],
    [173, 42, 26],
    [78, 214, 230],
    [63, 102, 240],
    [32, 240, 118],
    [16, 128, 128],
];

#[test]
fn bars_after_a_low_rate_a_scale_and_a_crop() {
    let harm = format!(
        "{} ! videocrop left=16 right=16 top=9 bottom=9 ! videoscale ! video/x-raw,width=400,height=226 ! slatedetect",
        h264(80)
    );
    let found = |heard: &crate::common::Heard| episodes(heard);
    for (pattern, detail) in [("smpte", "smpte"), ("smpte75", "ebu-75")] {
        let heard = run(&format!(
            "videotestsrc pattern={pattern} num-buffers=60 ! video/x-raw,format=I420,width=320,height=180,framerate=25/1 \
             ! {harm} ! fakesink sync=false"
        ));
        let wanted = ("color-bars".to_owned(), detail.to_owned());
        assert_eq!(found(&heard), [wanted], "{pattern}");
    }
    one(
        &SHOW.run(&harm, 90, ebu(EBU_75)),
        "color-bars",
        "ebu-75",
        1000,
        120,
    );
}

#[test]
fn bars_of_hd_and_of_full_saturation() {
    let hd = "video/x-raw,colorimetry=bt709";
    let chain = format!("capssetter caps={hd} ! slatedetect");
    one(
        &SHOW.run(&chain, 90, ebu(EBU_100)),
        "color-bars",
        "ebu-100",
        1000,
        40,
    );
    one(
        &SHOW.run("slatedetect", 90, ebu(EBU_100)),
        "color-bars",
        "ebu-100",
        1000,
        40,
    );
    let heard = run("videotestsrc pattern=smpte-rp-219 num-buffers=60 \
         ! video/x-raw,format=I420,width=640,height=360,framerate=25/1 ! slatedetect ! fakesink sync=false");
    assert_eq!(episodes(&heard), [("color-bars".into(), "smpte-hd".into())]);
}

#[test]
fn bars_on_a_monitor_in_shot_are_none() {
    let heard = SHOW.run("slatedetect", 90, |n| {
        SHOW.paint(|x, y| {
            if (90..230).contains(&x) && (50..130).contains(&y) {
                EBU_75[(x - 90) * 8 / 140]
            } else {
                [crate::common::show::scene(x, y, n as f64), 120, 135]
            }
        })
    });
    assert_eq!(episodes(&heard), []);
}

#[test]
fn colours_are_named() {
    let chain = format!("{} ! slatedetect", h264(200));
    for (colour, detail) in [
        (
            (|_, _| [0, 0, 0]) as fn(usize, usize) -> [u8; 3],
            "zeroed-buffer",
        ),
        (|_, _| [32, 240, 118], "receiver-blue"),
        (|_, _| [235, 128, 128], "white"),
        (|_, _| [63, 102, 240], "red"),
    ] {
        for chain in ["slatedetect", &chain] {
            one(
                &SHOW.run(chain, 90, then(colour)),
                "solid-color",
                detail,
                1000,
                120,
            );
        }
    }
    assert_eq!(
        episodes(&SHOW.run("slatedetect", 90, then(|_, _| [16, 128, 128]))),
        [],
        "black is another detector's"
    );
}

#[test]
fn a_region_is_judged_alone() {
    let right = |x: usize, y: usize| {
        if x < 160 {
            [crate::common::show::scene(x, y, 0.0), 128, 128]
        } else {
            [126, 90, 160]
        }
    };
    assert_eq!(episodes(&SHOW.run("slatedetect", 90, then(right))), []);
    let heard = SHOW.run("slatedetect region=<0.5,0.0,0.5,1.0>", 90, then(right));
    assert_eq!(heard.of("solid-color", "begin").len(), 1);
}

/// A card as a station has one: a title, a line under it, and a clock that counts.
fn card(x: usize, y: usize, count: u64) -> [u8; 3] {
    let within = |left: usize, top: usize, width: usize, height: usize| {
        (left..left + width).contains(&x) && (top..top + height).contains(&y)
    };
    let digit = within(240, 150, 60, 20) && (x / 5 + count as usize * 3) % 4 < 2;
    match () {
        () if digit => [235, 128, 128],
        () if within(240, 150, 60, 20) => [16, 128, 128],
        () if within(40, 30, 240, 40) => [200, 128, 128],
        () if within(80, 100, 160, 30) => [120, 90, 180],
        () => [60, 150, 110],
    }
}

#[test]
fn a_slate_with_a_clock_running_on_it() {
    in_a_quiet_moment(|| {
        let mut image = image::RgbImage::new(320, 180);
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            let [luma, blue, red] = card(x as usize, y as usize, 0).map(f64::from);
            let (y, b, r) = (1.164 * (luma - 16.0), blue - 128.0, red - 128.0);
            let rgb = [y + 1.596 * r, y - 0.392 * b - 0.813 * r, y + 2.017 * b];
            *pixel = image::Rgb(rgb.map(|part| part.clamp(0.0, 255.0) as u8));
        }
        let path = std::env::temp_dir().join(format!("technical-fault-{}.png", std::process::id()));
        image.save(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let chain = format!(
            "{} ! videoscale ! video/x-raw,width=480,height=270 ! slatedetect slates={}",
            h264(300),
            path.display()
        );
        let heard = SHOW.run(&chain, 150, |n| {
            // The file is read in the background, while the programme runs.
            std::thread::sleep(std::time::Duration::from_millis(if n < 25 {
                20
            } else {
                0
            }));
            if n < 50 {
                SHOW.scene(n as f64)
            } else {
                SHOW.paint(|x, y| card(x, y, n / 25))
            }
        });
        std::fs::remove_file(path).unwrap();
        one(&heard, "slate", &name, 2000, 120);
    });
}
