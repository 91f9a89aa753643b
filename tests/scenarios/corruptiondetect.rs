// SPDX-License-Identifier: MPL-2.0
//! `corruptiondetect` in real pipelines.

use std::sync::atomic::{AtomicU32, Ordering};

use gst::prelude::*;

use crate::common::{
    run_with,
    show::{Show, episodes, h264, one, scene},
};

const SHOW: Show = Show {
    width: 640,
    height: 352,
    fps: 25,
    caps: "",
};

/// The scene; in pictures 40 to 42 two stretches of blocks are from elsewhere, moved `aside` from where a codec has its blocks.
fn torn(aside: usize) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    move |n| {
        let time = n as f64 * 0.3;
        SHOW.paint(|x, y| {
            let (column, row) = (x.wrapping_sub(aside) / 16, y.wrapping_sub(aside) / 16);
            let hit = (40..43).contains(&n) && (9..11).contains(&row) && (8..30).contains(&column);
            if hit && column % 4 != 3 {
                let there = scene(y + 67 * column, x + 31 * column, time);
                return [255 - there, 120, 135];
            }
            [scene(x, y, time), 120, 135]
        })
    }
}

#[test]
fn torn_blocks_are_found_also_behind_a_codec() {
    for chain in [
        "corruptiondetect".to_owned(),
        format!("{} ! corruptiondetect", h264(8000)),
    ] {
        let heard = SHOW.run(&chain, 100, torn(0));
        one(&heard, "block-corruption", "seams", 1600, 80);
        let [x, y, width, height] = heard.state("end")[0].area.unwrap();
        assert!(x >= 112 && x + width <= 496, "{x} {width}");
        assert!((128..=160).contains(&y) && height > 0, "{y} {height}");
    }
}

#[test]
fn what_no_codec_does_is_not_corruption() {
    assert_eq!(episodes(&SHOW.run("corruptiondetect", 100, torn(8))), []);
    // Poor, but whole.
    let chain = format!("{} ! corruptiondetect", h264(120));
    let heard = SHOW.run(&chain, 100, |n| SHOW.scene(n as f64));
    assert_eq!(episodes(&heard), []);
}

#[test]
fn a_buffer_flagged_as_corrupted_is_believed() {
    let line = "videotestsrc num-buffers=60 ! video/x-raw,format=I420,width=320,height=176,framerate=25/1 \
                ! identity name=line ! corruptiondetect ! fakesink sync=false";
    let heard = run_with(line, |pipeline| {
        let pad = pipeline.by_name("line").unwrap().static_pad("src").unwrap();
        let count = AtomicU32::new(0);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let n = count.fetch_add(1, Ordering::Relaxed);
            if let Some(buffer) = info.buffer_mut()
                && n == 30
            {
                buffer.make_mut().set_flags(gst::BufferFlags::CORRUPTED);
            }
            gst::PadProbeReturn::Ok
        });
    });
    one(&heard, "block-corruption", "decoder", 1200, 1);
}
