// SPDX-License-Identifier: MPL-2.0
//! The detectors of sound.

use super::{
    common::{Chain, MS, Sounds, Wave, audio, ms, over_identity},
    ffmpeg::{self, Material},
    head, row,
};

/// Buffers of 20 ms: five seconds.
const BUFFERS: usize = 250;
const SECONDS: f64 = 5.0;

/// What FFmpeg has; its phase meter takes stereo only.
const STEREO: &str = "silencedetect,ebur128=peak=true:framelog=verbose,astats,aphasemeter=video=0";
const MANY: &str = "silencedetect,ebur128=peak=true:framelog=verbose,astats";

/// CPU time per second of sound, of everyone.
pub fn table() {
    let names: Vec<_> = audio().map(|e| e.info.element).collect();
    let mut rows: Vec<(String, Vec<Option<f64>>)> = Vec::new();
    let mut put = |name: &str, cost: Option<f64>| {
        let figure = cost.map(|cost| cost / SECONDS);
        match rows.iter_mut().find(|(n, _)| n == name) {
            Some((_, figures)) => figures.push(figure),
            None => rows.push((name.to_owned(), vec![figure])),
        }
    };
    for (channels, filters) in [(2, STEREO), (16, MANY)] {
        let mut source = Sounds::new("F32LE", 48_000, channels);
        let wave = |i: usize| match i / 25 % 4 {
            0 => Wave::Sine(997.0, 0.3),
            3 => Wave::Silence,
            _ => Wave::Noise,
        };
        let buffers: Vec<_> = (0..BUFFERS)
            .map(|i| source.buffer(wave(i), 20 * MS))
            .collect();
        let caps = source.caps();
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
        let peer = ffmpeg::version().map(|_| {
            let count = channels.to_string();
            let describe = ["-f", "f32le", "-ar", "48000", "-ac", &count];
            Material::new(&describe, &buffers)
        });
        let cost = peer.and_then(|peer| peer.cost("-af", filters, "anull", 4));
        put(
            "FFmpeg silencedetect, ebur128 (true peak), astats, for stereo aphasemeter",
            cost.map(|cost| cost / 4.0),
        );
    }
    head(
        "ms of CPU per second of sound, 48 kHz F32LE",
        &["stereo", "16 channels"],
    );
    for (name, figures) in rows {
        row(&name, &figures);
    }
}
