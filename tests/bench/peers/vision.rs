// SPDX-License-Identifier: MPL-2.0
//! The detectors of pictures.

use super::{
    common::{Chain, ms, over_identity, video},
    ffmpeg::{self, Material},
    head, material, row,
};

/// The nearest that FFmpeg has to our set, and what it takes to know about blocks and levels as well.
const LIGHT: &str = "blackdetect,freezedetect,idet,cropdetect,scdet";
const FULL: &str = "blackdetect,freezedetect,idet,cropdetect,scdet,blockdetect,signalstats";

/// GStreamer's format, and FFmpeg's name for it: those that all of FFmpeg's filters take as they are (but for blockdetect at 10 bits).
const FORMATS: [(&str, Option<&str>); 4] = [
    ("I420", Some("yuv420p")),
    ("NV12", None),
    ("I420_10LE", Some("yuv420p10le")),
    ("v210", None),
];

/// CPU time per picture, of everyone.
pub fn table() {
    let names: Vec<_> = video().map(|e| e.info.element).collect();
    let mut rows: Vec<(String, Vec<Option<f64>>)> = Vec::new();
    let mut put = |name: &str, cost: Option<f64>| {
        let figure = cost.map(|cost| cost / material::PICTURES as f64);
        match rows.iter_mut().find(|(n, _)| n == name) {
            Some((_, figures)) => figures.push(figure),
            None => rows.push((name.to_owned(), vec![figure])),
        }
    };
    for (format, theirs) in FORMATS {
        let (info, buffers) = material::pictures(format, 1920, 1080);
        let caps = info.to_caps().unwrap();
        put(
            "**all of ours in a chain**",
            Some(over_identity(&names, &caps, &buffers)),
        );
        for name in &names {
            put(
                &format!("`{name}` alone"),
                Some(over_identity(&[name], &caps, &buffers)),
            );
        }
        let identity = ms(Chain::new(&["identity"], &caps).cost(&buffers));
        put("`identity`", Some(identity));
        let peer = theirs
            .filter(|_| ffmpeg::version().is_some())
            .map(|theirs| {
                let describe = [
                    "-f",
                    "rawvideo",
                    "-pix_fmt",
                    theirs,
                    "-s",
                    "1920x1080",
                    "-r",
                    "25",
                ];
                Material::new(&describe, &buffers)
            });
        let cost = |filters: &str, loops: u32| {
            let cost = peer.as_ref()?.cost("-vf", filters, "null", loops)?;
            Some(cost / f64::from(loops))
        };
        put(&format!("FFmpeg {LIGHT}"), cost(LIGHT, 4));
        put(&format!("FFmpeg {FULL}"), cost(FULL, 1));
        let is_there = gst::ElementFactory::find("videoanalyse").is_some() && format == "I420";
        put(
            "GStreamer `videoanalyse`",
            is_there.then(|| over_identity(&["videoanalyse"], &caps, &buffers)),
        );
    }
    head(
        "ms of CPU per 1080p picture",
        &FORMATS.map(|(format, _)| format),
    );
    for (name, figures) in rows {
        row(&name, &figures);
    }
}
