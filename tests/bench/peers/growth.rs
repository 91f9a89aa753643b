// SPDX-License-Identifier: MPL-2.0
//! How cost and memory grow with the picture and with the number of streams.

use super::{
    common::{Chain, best, ms, over_identity, video},
    head, material, row,
};

/// Streams that memory is measured on.
const STREAMS: usize = 8;

/// Pages of resident memory; the kernel's pages have 4 KiB wherever GStreamer usually runs.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|p| p.parse::<f64>().ok());
    pages.unwrap_or(f64::NAN) * 4096.0 / 1e6
}

fn names() -> Vec<&'static str> {
    video().map(|e| e.info.element).collect()
}

/// What each more stream of 1080p adds to the process, once five seconds of it have passed.
pub fn memory() {
    let formats = ["I420", "I420_10LE"];
    let material = formats.map(|format| material::pictures(format, 1920, 1080));
    let names = names();
    // Nothing is freed in between, so that nothing is used again; the first ones load what all share.
    let mut streams = Vec::new();
    let mut warm = |which: usize, count: usize| {
        let (info, buffers) = &material[which];
        let before = resident();
        for _ in 0..count {
            let mut chain = Chain::new(&names, &info.to_caps().unwrap());
            (0..5).for_each(|_| chain.push(buffers));
            streams.push(chain);
        }
        Some((resident() - before) / count as f64)
    };
    warm(0, STREAMS);
    let growth = [0, 1].map(|which| warm(which, STREAMS));
    head("MB per 1080p stream", &formats);
    row("all of ours in a chain", &growth);
}

/// Cost by the size of the picture.
pub fn size() {
    let sizes = [(720, 576), (1280, 720), (1920, 1080), (3840, 2160)];
    let costs = sizes.map(|(width, height)| {
        let (info, buffers) = material::pictures("I420", width, height);
        let cost = over_identity(&names(), &info.to_caps().unwrap(), &buffers);
        (cost / material::PICTURES as f64, f64::from(width * height))
    });
    head(
        "all of ours in a chain, I420",
        &["720x576", "1280x720", "1920x1080", "3840x2160"],
    );
    row("ms per picture", &costs.map(|(cost, _)| Some(cost)));
    row(
        "ns per pixel",
        &costs.map(|(cost, pixels)| Some(cost * 1e6 / pixels)),
    );
}

/// Cost of a picture by the number of streams in the process, which take turns.
pub fn streams() {
    let (info, buffers) = material::pictures("I420", 1920, 1080);
    let (caps, names) = (info.to_caps().unwrap(), names());
    let (counts, buffers) = ([1, 2, 4, 8, 16, 32], &buffers[..8]);
    let costs = counts.map(|count| {
        let mut chains: Vec<_> = (0..count).map(|_| Chain::new(&names, &caps)).collect();
        let round = best(|| {
            for buffer in buffers.chunks(1) {
                chains.iter_mut().for_each(|chain| chain.push(buffer));
            }
        });
        Some(ms(round) / (count * buffers.len()) as f64)
    });
    head(
        "streams of 1080p in one process",
        &["1", "2", "4", "8", "16", "32"],
    );
    row("ms per picture, all of ours in a chain", &costs);
}
