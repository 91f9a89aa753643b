// SPDX-License-Identifier: MPL-2.0
//! `interlacedetect` in real pipelines.

use crate::common::show::{Show, episodes, h264, scene};

const SHOW: Show = Show {
    width: 320,
    height: 180,
    fps: 25,
    caps: "",
};
const PROGRESSIVE: &str = "capssetter caps=video/x-raw,interlace-mode=progressive";

/// A scene at 50 a second, woven into pictures of two fields by GStreamer's own element, then `chain`.
fn woven(chain: &str, top_first: bool) -> Vec<(String, String)> {
    let chain = format!("interlace field-pattern=1:1 top-field-first={top_first} ! {chain}");
    episodes(&SHOW.at(50).run(&chain, 300, |n| SHOW.scene(n as f64 * 0.5)))
}

fn one(kind: &str, detail: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), detail.to_owned())]
}

#[test]
fn fields_as_flagged_are_fine() {
    for top_first in [true, false] {
        assert_eq!(woven("interlacedetect", top_first), [], "{top_first}");
    }
}

#[test]
fn fields_in_the_wrong_order_are_found() {
    let flagged = |order: &str| {
        format!(
            "capssetter caps=video/x-raw,interlace-mode=interleaved,field-order={order} ! interlacedetect"
        )
    };
    let bottom = flagged("bottom-field-first");
    assert_eq!(woven(&bottom, true), one("field-order", "top-first"));
    let top = flagged("top-field-first");
    assert_eq!(woven(&top, false), one("field-order", "bottom-first"));
}

#[test]
fn fields_in_buffers_of_their_own() {
    // In `alternate` mode each buffer is a field; the order is that in which they come.
    assert_eq!(woven("interlacedetect", true), []);
    for (swapped, found) in [(false, 0), (true, 1)] {
        let show = Show {
            height: 96,
            ..SHOW.at(50)
        };
        let fields = move |n: u64| {
            let bottom = (n % 2) as usize;
            // The time at which the field was taken, in fields.
            let time = if swapped { n ^ 1 } else { n };
            show.paint(|x, y| [scene(x, 2 * y + bottom, time as f64 * 0.5), 128, 128])
        };
        let heard = alternate(show, fields);
        assert_eq!(heard.len(), found, "{heard:?}");
    }
}

/// Fields through the detector as buffers of their own, top field first.
fn alternate(show: Show, field: impl Fn(u64) -> Vec<u8>) -> Vec<(String, String)> {
    use crate::common::{Rig, SECOND};
    crate::common::init();
    let caps = format!(
        "video/x-raw(format:Interlaced),format=I420,width={},height={},framerate=25/1,interlace-mode=alternate",
        show.width,
        2 * show.height
    );
    let rig = Rig::new("interlacedetect");
    rig.open(&caps.parse().unwrap_or_else(|e| panic!("{caps}: {e}")));
    for n in 0..300 {
        let mut buffer = gst::Buffer::from_slice(field(n));
        let flags = if n % 2 == 0 {
            gst_video::VideoBufferFlags::TOP_FIELD
        } else {
            gst_video::VideoBufferFlags::BOTTOM_FIELD
        };
        if let Some(b) = buffer.get_mut() {
            b.set_pts(gst::ClockTime::from_nseconds(n * SECOND / 50));
            b.set_duration(gst::ClockTime::from_nseconds(SECOND / 50));
            gst_video::prelude::VideoBufferExt::set_video_flags(b, flags);
        }
        rig.push(buffer);
    }
    let heard = rig.finish_playing();
    assert!(heard.warnings().is_empty(), "{:?}", heard.warnings());
    episodes(&heard)
}

#[test]
fn woven_fields_flagged_progressive_are_combing_also_after_h264() {
    let plain = format!("{PROGRESSIVE} ! interlacedetect");
    let coded = format!("{PROGRESSIVE} ! {} ! interlacedetect", h264(3000));
    for chain in [plain, coded] {
        assert_eq!(woven(&chain, true), one("combing", ""), "{chain}");
    }
}

#[test]
fn progressive_motion_stills_and_graphics_are_fine() {
    for chain in [
        "interlacedetect",
        &format!("{} ! interlacedetect", h264(800)),
    ] {
        let motion = SHOW.run(chain, 150, |n| SHOW.scene(n as f64));
        assert_eq!(episodes(&motion), [], "motion");
    }
    let graphics = crate::common::run(
        "videotestsrc pattern=smpte horizontal-speed=5 num-buffers=120 \
         ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 \
         ! timeoverlay ! interlacedetect ! fakesink sync=false",
    );
    assert_eq!(episodes(&graphics), [], "graphics");
}

#[test]
fn fine_horizontal_lines_that_move_are_texture() {
    // Lines of one pixel that drift down slowly, and a pan across a fence of them.
    let drift = |n: u64| {
        SHOW.paint(|x, y| {
            [
                if (y + n as usize / 3).is_multiple_of(2) {
                    60
                } else {
                    180
                } - (x / 8) as u8,
                128,
                128,
            ]
        })
    };
    assert_eq!(
        episodes(&SHOW.run("interlacedetect", 150, drift)),
        [],
        "drift"
    );
    let pan = |n: u64| {
        SHOW.paint(|x, y| {
            let fence = (x + 3 * n as usize) % 160 < 100;
            [
                if fence {
                    60 + 110 * (y % 2) as u8
                } else {
                    100 + (x / 8) as u8
                },
                128,
                128,
            ]
        })
    };
    assert_eq!(episodes(&SHOW.run("interlacedetect", 150, pan)), [], "pan");
}

#[test]
fn without_motion_nothing_can_be_told() {
    let chain = "interlacedetect measurement-interval=1000000000";
    let heard = SHOW.interlaced(true).run(chain, 100, |_| SHOW.scene(0.0));
    assert_eq!(episodes(&heard), []);
    let mut orders = heard.measurements();
    orders.retain(|m| m.kind == "field-order");
    assert!(
        orders.iter().all(|m| m.status == "inconclusive"),
        "{orders:?}"
    );
}

#[test]
fn a_region_is_judged_alone() {
    let chain = format!("{PROGRESSIVE} ! interlacedetect");
    let half = |n: u64| {
        SHOW.paint(|x, y| {
            let later = if x >= 160 && y % 2 == 1 { 0.5 } else { 0.0 };
            [scene(x, y, n as f64 + later), 128, 128]
        })
    };
    for (region, found) in [("<0.0,0.0,0.5,1.0>", 0), ("<0.5,0.0,0.5,1.0>", 1)] {
        let heard = SHOW.run(&format!("{chain} region={region}"), 150, half);
        assert_eq!(episodes(&heard).len(), found, "{region}");
    }
}
