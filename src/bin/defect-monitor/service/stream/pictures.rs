// SPDX-License-Identifier: MPL-2.0
//! Pictures of defects: the first, and the worst.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use gstdefect::DefectMessage;
use gstdefect::detector::info::Direction;

use super::probes::Track;
use super::reporter::{Reporter, Shot};
use crate::lock::lock;
use crate::service::log;
use crate::service::outcome::Moment;
use crate::snapshot;

/// Largest width of a picture in pixels.
const WIDTH: u32 = 1280;
/// Least time between two pictures of a stream.
const PAUSE: Duration = Duration::from_secs(1);

/// Pictures of a stream: of the episodes that are open, and as thumbnails.
#[derive(Debug)]
pub struct Pictures {
    stream: Arc<str>,
    open: BTreeMap<Arc<str>, Worst>,
    last: Option<Instant>,
    /// Number of pictures that couldn't be made, in this session and those before.
    failures: u64,
}

#[derive(Debug)]
struct Worst {
    value: f64,
    shot: Option<Shot>,
}

impl Pictures {
    /// For a session of that stream; `failures`: number in the sessions before.
    pub fn new(stream: Arc<str>, failures: u64) -> Self {
        Self {
            stream,
            open: BTreeMap::new(),
            last: None,
            failures,
        }
    }

    /// Number of pictures that couldn't be made.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Makes a JPEG of a picture; failures are counted, and the first is logged.
    pub fn jpeg(&mut self, sample: &gst::Sample, width: u32) -> Option<Arc<[u8]>> {
        match snapshot::jpeg(sample, width) {
            Ok(jpeg) => Some(jpeg.into()),
            Err(why) => {
                if self.failures == 0 {
                    let caps = sample.caps().map(ToString::to_string).unwrap_or_default();
                    let text = format!("no picture can be made of it: {why} ({caps})");
                    log::line(&self.stream, text);
                }
                self.failures += 1;
                None
            }
        }
    }

    /// Takes the picture that a report of that episode asks for.
    pub fn note(
        &mut self,
        reporter: &Reporter,
        (name, track): (&Arc<str>, &Track),
        episode: &Arc<str>,
        defect: &DefectMessage,
    ) {
        match defect.state.as_str() {
            "begin" => {
                if let Some(shot) = self.take(track) {
                    reporter.picture(name, episode, Moment::Begin, &shot);
                }
                let (value, shot) = (defect.value, None);
                self.open.insert(Arc::clone(episode), Worst { value, shot });
            }
            "ongoing" => {
                let is_worse = |worst: &Worst| is_worse(&defect.kind, defect.value, worst.value);
                if self.open.get(episode).is_some_and(is_worse)
                    && let Some(shot) = self.take(track)
                    && let Some(worst) = self.open.get_mut(episode)
                {
                    (worst.value, worst.shot) = (defect.value, Some(shot));
                }
            }
            _ => {
                let worst = self.open.remove(episode);
                if let Some(shot) = worst.and_then(|worst| worst.shot) {
                    reporter.picture(name, episode, Moment::Worst, &shot);
                }
            }
        }
    }

    fn take(&mut self, track: &Track) -> Option<Shot> {
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return None;
        }
        let sample = track.picture()?;
        self.last = Some(Instant::now());
        let at = {
            let clock = lock(&track.clock);
            clock.position().and_then(|position| clock.at(position))
        };
        let at = at?;
        let jpeg = self.jpeg(&sample, WIDTH)?;
        Some(Shot { at, jpeg })
    }
}

fn is_worse(kind: &str, value: f64, than: f64) -> bool {
    match WORSE.get(kind) {
        Some(Direction::LowerIsWorse) => value < than,
        Some(Direction::AwayFromZero) => value.abs() > than.abs(),
        _ => value > than,
    }
}

/// In which direction the values of each kind get worse.
static WORSE: LazyLock<BTreeMap<&'static str, Direction>> = LazyLock::new(|| {
    let kinds = gstdefect::detectors::all();
    let kinds = kinds.iter().flat_map(|entry| entry.info.kinds);
    kinds.map(|kind| (kind.name, kind.direction)).collect()
});
