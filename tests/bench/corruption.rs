// SPDX-License-Identifier: MPL-2.0
//! What `corruptiondetect` costs with its learned map and without, behind another detector that has measured the picture already:
//! `cargo bench --bench corruption`. CPU time, so that other programs don't count, of 1080p pictures at 25 a second.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

mod common;
#[path = "peers/material.rs"]
mod material;

use common::{Chain, cpu, ms};
use gst::prelude::*;

/// Pictures that are pushed, and how often.
const PICTURES: usize = 240;
const ROUNDS: usize = 5;
const RATE: f64 = 25.0;

/// CPU time in ms of each picture through `name` behind `blackdetect`, the least of all rounds.
fn cost(name: &str, map: Option<bool>, caps: &gst::Caps, buffers: &[gst::Buffer]) -> Vec<f64> {
    let mut least = vec![f64::MAX; PICTURES];
    for _ in 0..ROUNDS {
        let mut chain = Chain::new(&["blackdetect", name], caps);
        if let Some(map) = map {
            chain.element(1).set_property("map", map);
        }
        // Warm.
        chain.push(buffers);
        for (i, least) in least.iter_mut().enumerate() {
            let before = cpu();
            chain.push(&buffers[i % material::PICTURES..][..1]);
            *least = least.min(ms(cpu() - before));
        }
    }
    least
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn main() {
    common::init();
    for format in ["I420", "NV12", "v210"] {
        let (info, buffers) = material::pictures(format, 1920, 1080);
        let caps = info.to_caps().unwrap();
        let nothing = mean(&cost("identity", None, &caps, &buffers));
        let without = mean(&cost("corruptiondetect", Some(false), &caps, &buffers)) - nothing;
        let mut with = cost("corruptiondetect", Some(true), &caps, &buffers);
        let map = mean(&with) - nothing - without;
        with.sort_unstable_by(f64::total_cmp);
        let dearest = with[PICTURES * 99 / 100] - nothing;
        println!(
            "1080p {format}: every picture {without:.3} ms; the map {map:.3} ms on average ({:.1} % of a core at {RATE} a second); \
             both together at most {dearest:.2} ms for 99 of 100 pictures",
            map * RATE / 10.0
        );
    }
}
