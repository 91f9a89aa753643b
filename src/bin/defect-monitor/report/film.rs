// SPDX-License-Identifier: MPL-2.0
//! The pictures of one track: thumbnails of the whole, the luma, and pictures of defects.
//!
//! A defect is announced after it has lasted for a while, so small pictures of the last seconds are kept until then.

use std::collections::VecDeque;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::data::Picture;
use crate::snapshot::{self, Rgb};

/// Width of the pictures of defects.
const WIDTH: u32 = 480;
/// Width of thumbnails.
const THUMBNAIL: u32 = 128;
/// Time between two pictures that are kept, in ns.
const STEP: u64 = 400_000_000;
/// How long they are kept: longer than the usual `min-duration`, in ns.
const KEPT: u64 = 15_000_000_000;
/// Thumbnails of a track; when there are more, every other one is dropped.
const MOST_THUMBNAILS: usize = 160;
/// Pictures of defects of a track, so that a storm of defects doesn't become a storm of pictures.
const MOST_SHOTS: usize = 400;

/// The pictures of one track.
#[derive(Debug, Default)]
pub struct Film {
    caps: Option<gst::Caps>,
    latest: Option<(u64, gst::Buffer)>,
    /// Small pictures of the last seconds. Few of them are wanted, so they become JPEGs only then.
    kept: VecDeque<Kept>,
    thumbnails: Vec<(u64, Picture)>,
    /// Time between two thumbnails, in ns.
    pace: u64,
    luma: Vec<(u64, Luma)>,
    shots: usize,
}

/// The luma of a picture, as fractions of full white: darkest and brightest without the extreme 1 % of the picture,
/// and the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Luma {
    /// The darkest.
    pub low: f32,
    /// The mean.
    pub mean: f32,
    /// The brightest.
    pub high: f32,
}

impl Film {
    /// The format changes.
    pub fn set_caps(&mut self, caps: gst::Caps) {
        self.caps = Some(caps);
    }

    /// Takes note of a picture at that instant in ns.
    pub fn push(&mut self, at: u64, buffer: &gst::Buffer) {
        self.latest = Some((at, buffer.clone()));
        if self
            .kept
            .back()
            .is_some_and(|last| at.abs_diff(last.at) < STEP)
        {
            return;
        }
        let Some(small) = self.small() else {
            return;
        };
        self.luma.push((at, luma(&small.rgb)));
        while self
            .kept
            .front()
            .is_some_and(|first| at.saturating_sub(first.at) > KEPT)
        {
            self.kept.pop_front();
        }
        let pace = self.pace.max(STEP);
        if self
            .thumbnails
            .last()
            .is_none_or(|(last, _)| at >= last + pace)
        {
            self.add_thumbnail(&small);
        }
        self.kept.push_back(small);
    }

    /// The picture at that instant, in ns, if it is still there; `now`: the latest one, since an isolated defect is in it.
    pub fn shot(&mut self, at: u64, now: bool) -> Option<Picture> {
        let latest = self.latest.as_ref().map(|(latest, _)| *latest)?;
        self.shots += 1;
        if self.shots > MOST_SHOTS {
            return None;
        }
        if now || latest.saturating_sub(at) < STEP {
            return self.small()?.picture();
        }
        let later = self.kept.iter().find(|kept| kept.at >= at);
        later.or(self.kept.back())?.picture()
    }

    /// The thumbnails so far.
    pub fn thumbnails(&self) -> Vec<Picture> {
        self.thumbnails.iter().map(|(_, p)| p.clone()).collect()
    }

    /// The luma so far, with its times in ns.
    pub fn luma(&self) -> &[(u64, Luma)] {
        &self.luma
    }

    fn add_thumbnail(&mut self, of: &Kept) {
        if self.thumbnails.len() >= MOST_THUMBNAILS {
            let mut even = false;
            self.thumbnails.retain(|_| {
                even = !even;
                even
            });
            self.pace = self.pace.max(STEP) * 2;
        }
        let thumbnail = of.rgb.scaled(THUMBNAIL);
        let thumbnail = thumbnail.and_then(|rgb| Kept { rgb, ..*of }.picture());
        self.thumbnails.extend(thumbnail.map(|p| (of.at, p)));
    }

    /// The latest picture at the width of those of defects.
    fn small(&self) -> Option<Kept> {
        let (at, buffer) = self.latest.as_ref()?;
        let caps = self.caps.as_ref()?;
        let s = caps.structure(0)?;
        let frame = ["width", "height"].map(|name| s.get::<i32>(name).unwrap_or(0));
        let sample = gst::Sample::builder().caps(caps).buffer(buffer).build();
        let rgb = snapshot::scaled(&sample, WIDTH).ok()?;
        Some(Kept {
            at: *at,
            frame: frame.map(i32::unsigned_abs),
            rgb,
        })
    }
}

/// A small picture of the stream.
#[derive(Debug)]
struct Kept {
    /// Its time, in ns.
    at: u64,
    /// Width and height of the stream.
    frame: [u32; 2],
    rgb: Rgb,
}

impl Kept {
    fn picture(&self) -> Option<Picture> {
        let jpeg = self.rgb.jpeg().ok()?;
        let image = format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg));
        let (time, frame) = (self.at as f64 / 1e9, self.frame);
        Some(Picture { time, frame, image })
    }
}

/// By the weights of BT.709, in codes of 8 bits.
fn luma(rgb: &Rgb) -> Luma {
    let mut histogram = [0_u32; 256];
    let (mut sum, mut count) = (0_u64, 0_u32);
    for p in rgb.pixels.chunks_exact(3) {
        let y = (u32::from(p[0]) * 54 + u32::from(p[1]) * 183 + u32::from(p[2]) * 19) >> 8;
        histogram[y as usize] += 1;
        sum += u64::from(y);
        count += 1;
    }
    let count = count.max(1);
    let rank = |wanted: u32| {
        let mut passed = 0;
        let found = histogram.iter().position(|n| {
            passed += n;
            passed > wanted
        });
        found.unwrap_or(255) as f32 / 255.0
    };
    Luma {
        low: rank(count / 100),
        mean: sum as f32 / count as f32 / 255.0,
        high: rank(count - 1 - count / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_leaves_out_one_percent_at_both_ends() {
        let mut pixels = vec![128; 3 * 1000];
        pixels[..3 * 5].fill(0);
        pixels[3 * 995..].fill(255);
        let grey = luma(&Rgb {
            width: 1000,
            height: 1,
            pixels,
        });
        assert!(
            (grey.low - 0.5).abs() < 0.01 && (grey.high - 0.5).abs() < 0.01,
            "{grey:?}"
        );
        let mut pixels = vec![0; 3 * 100];
        pixels[3 * 50..].fill(255);
        let half = luma(&Rgb {
            width: 100,
            height: 1,
            pixels,
        });
        assert!(
            half.low == 0.0 && half.high > 0.99 && (half.mean - 0.5).abs() < 0.01,
            "{half:?}"
        );
    }

    #[test]
    fn thumbnails_stay_few_and_cover_the_whole() {
        gst::init().unwrap();
        let caps = "video/x-raw,format=GRAY8,width=32,height=32,framerate=1/1";
        let mut film = Film::default();
        film.set_caps(caps.parse().unwrap());
        let buffer = gst::Buffer::with_size(32 * 32).unwrap();
        for second in 0..1000 {
            film.push(second * 1_000_000_000, &buffer);
        }
        let times: Vec<f64> = film.thumbnails().iter().map(|p| p.time).collect();
        assert!(times.len() <= MOST_THUMBNAILS && times.len() > MOST_THUMBNAILS / 3);
        assert!(
            times[0] == 0.0 && *times.last().unwrap() > 980.0,
            "{times:?}"
        );
        // A defect that began 10 s ago, and one of which the picture is gone.
        assert_eq!(film.shot(989_000_000_000, false).unwrap().time, 989.0);
        assert_eq!(film.shot(1_000_000_000, false).unwrap().time, 984.0);
    }
}
