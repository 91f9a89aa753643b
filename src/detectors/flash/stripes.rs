// SPDX-License-Identifier: MPL-2.0
//! Regular stripes: where they are, and whether they move.
//!
//! The picture is scanned along a few lines and columns. Stripes are edges up and down in turn, at regular distances. Each scan line
//! stands for the strip of picture around it, so the area is the share of all scan lines that lies in stripes. Columns find the
//! stripes that lie along the lines.

use std::ops::Range;

use super::transition::StepLimits;
use crate::media::{
    Ns, SECOND,
    picture::{Display, Planes, PointReader, VideoFormat},
};

/// Most points of a scan line: enough to find stripes from about 8 pixels a pair at 1080p.
const ACROSS: usize = 960;
const DOWN: usize = 540;
/// Number of scan lines, and of scan columns.
const LINES: usize = 17;
const COLUMNS: usize = 30;
/// Edges of more than five pairs of stripes: six light ones between dark, of which an outer one may be cut off.
const EDGES: usize = 11;
/// Periods of one row of stripes differ from its mean by at most this share, or by this many points.
const REGULAR: f64 = 0.2;
const JITTER: f64 = 1.5;
/// Least period in points: with that jitter, edges of noise are as regular as shorter ones.
const SHORTEST_PERIOD: f64 = 4.0;
/// Most rising edges of a line that are kept to see how stripes move.
const KEPT: usize = 160;

/// What was found in a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Found {
    /// Share of the screen.
    pub area: f64,
    /// Rectangle of the stripes as shares of the picture: left, top, right, bottom.
    pub bounds: [f64; 4],
    /// How far the stripes moved since the last picture, in periods, -0.5 to 0.5; `None` if there were none.
    pub moved: Option<f64>,
}

/// Edges of one scan line.
#[derive(Debug, Default)]
struct Edges {
    rising: Vec<f32>,
    before: Vec<f32>,
}

/// One direction of scanning.
#[derive(Debug)]
struct Scan {
    reader: PointReader,
    codes: [Vec<u16>; 3],
    /// Luminance in cd/m2, the scan lines one after another.
    light: Vec<f32>,
    /// The same row by row, if scan lines are columns.
    by_row: Vec<f32>,
    edges: Vec<Edges>,
    /// Whether a scan line is a column of points.
    columns: bool,
}

/// Looks for stripes. Allocates when made.
#[derive(Debug)]
pub struct Stripes {
    scans: [Scan; 2],
    places: Vec<usize>,
    runs: Vec<Range<usize>>,
}

impl Stripes {
    /// For pictures of that format. Of interlaced ones only lines of one field are read.
    pub fn new(format: &VideoFormat, interlaced: bool) -> Self {
        let scan = |columns: bool| {
            let (across, down) = if columns {
                let lines = match interlaced {
                    true => (format.height / 2).max(1),
                    false => DOWN.min(format.height),
                };
                (COLUMNS.min(format.width), lines)
            } else {
                (ACROSS.min(format.width), LINES.min(format.height))
            };
            let edges = || Edges {
                rising: Vec::with_capacity(KEPT),
                before: Vec::with_capacity(KEPT),
            };
            Scan {
                reader: PointReader::of_size(format, across, down),
                codes: [(); 3].map(|()| vec![0; across * down]),
                light: vec![0.0; across * down],
                by_row: vec![0.0; if columns { across * down } else { 0 }],
                edges: (0..if columns { across } else { down })
                    .map(|_| edges())
                    .collect(),
                columns,
            }
        };
        Self {
            scans: [scan(false), scan(true)],
            places: Vec::with_capacity(ACROSS),
            runs: Vec::with_capacity(ACROSS / EDGES + 1),
        }
    }

    /// Finds the stripes of a picture.
    pub fn find(&mut self, planes: &Planes<'_>, display: &Display, limits: &StepLimits) -> Found {
        let (places, runs) = (&mut self.places, &mut self.runs);
        let [lines, columns] = &mut self.scans;
        let found = [lines, columns].map(|scan| scan.find(planes, display, limits, (places, runs)));
        if found[0].area >= found[1].area {
            found[0]
        } else {
            found[1]
        }
    }
}

impl Scan {
    fn find(
        &mut self,
        planes: &Planes<'_>,
        display: &Display,
        limits: &StepLimits,
        (places, runs): (&mut Vec<usize>, &mut Vec<Range<usize>>),
    ) -> Found {
        let (across, down) = self.reader.size();
        self.reader.read(planes, &mut self.codes);
        let codes = self.codes.each_ref().map(|codes| &codes[..]);
        let columns = self.columns;
        if columns {
            self.reader.luminances(display, codes, &mut self.by_row);
            for (i, light) in self.by_row.iter().enumerate() {
                self.light[i % across * down + i / across] = *light;
            }
        } else {
            self.reader.luminances(display, codes, &mut self.light);
        }
        let length = if columns { down } else { across };
        let mut covered = 0;
        let mut bounds = [1.0f64, 1.0, 0.0, 0.0];
        let (mut sine, mut cosine) = (0.0f64, 0.0f64);
        let count = self.edges.len();
        for (n, (line, edges)) in self
            .light
            .chunks_exact(length)
            .zip(&mut self.edges)
            .enumerate()
        {
            std::mem::swap(&mut edges.rising, &mut edges.before);
            edges.rising.clear();
            let first_is_rising = find_edges(line, limits, places);
            find_regular(places, runs);
            for run in runs.iter() {
                let edge_places = &places[run.clone()];
                let period = period(edge_places);
                let half = (period / 2.0) as usize;
                let (from, to) = (
                    edge_places[0].saturating_sub(half),
                    (edge_places[edge_places.len() - 1] + half).min(length),
                );
                covered += to - from;
                let along = [from, to].map(|at| at as f64 / length as f64);
                let aside = [n, n + 1].map(|at| at as f64 / count as f64);
                let (x, y) = if columns {
                    (aside, along)
                } else {
                    (along, aside)
                };
                bounds = [
                    bounds[0].min(x[0]),
                    bounds[1].min(y[0]),
                    bounds[2].max(x[1]),
                    bounds[3].max(y[1]),
                ];
                // Every other edge is a rising one.
                let is_first = (run.start % 2 == 0) == first_is_rising;
                let rising = edge_places.iter().skip(usize::from(!is_first)).step_by(2);
                for place in rising {
                    if edges.rising.len() < KEPT {
                        edges.rising.push(*place as f32);
                    }
                    if let Some(distance) = nearest(&edges.before, *place as f32) {
                        let angle = std::f64::consts::TAU * f64::from(distance) / period;
                        sine += angle.sin();
                        cosine += angle.cos();
                    }
                }
            }
        }
        let moved =
            (sine != 0.0 || cosine != 0.0).then(|| sine.atan2(cosine) / std::f64::consts::TAU);
        Found {
            area: covered as f64 / self.light.len().max(1) as f64,
            bounds,
            moved,
        }
    }
}

/// Writes the places where the light steps up and down in turn; returns whether the first step goes up.
fn find_edges(line: &[f32], limits: &StepLimits, places: &mut Vec<usize>) -> bool {
    places.clear();
    let Some(first) = line.first() else {
        return false;
    };
    let (mut low, mut high) = (*first, *first);
    let (mut rising, mut first_is_rising) = (None, false);
    for (at, light) in line.iter().copied().enumerate() {
        (low, high) = (low.min(light), high.max(light));
        let up = rising != Some(true) && low < limits.darker && light - low >= limits.step;
        let down = rising != Some(false) && light < limits.darker && high - light >= limits.step;
        if up || down {
            if places.is_empty() {
                first_is_rising = up;
            }
            places.push(at);
            rising = Some(up);
            // The next step counts from here on.
            (low, high) = (light, light);
        }
    }
    first_is_rising
}

/// Mean distance from one edge to the next of the same direction.
fn period(edges: &[usize]) -> f64 {
    let last = edges.len() - 1;
    2.0 * (edges[last] - edges[0]) as f64 / last.max(1) as f64
}

/// Writes the stretches of edges that are regular, and long enough.
fn find_regular(edges: &[usize], runs: &mut Vec<Range<usize>>) {
    runs.clear();
    let mut close = |run: Range<usize>| {
        if run.len() >= EDGES && period(&edges[run.clone()]) >= SHORTEST_PERIOD {
            runs.push(run);
        }
    };
    let mut start = 0;
    for next in 2..edges.len() {
        let new = (edges[next] - edges[next - 2]) as f64;
        let mean = if next - start > 2 {
            period(&edges[start..next])
        } else {
            new
        };
        if (new - mean).abs() > (REGULAR * mean).max(JITTER) {
            close(start..next);
            start = next - 1;
        }
    }
    close(start..edges.len());
}

/// Signed distance from the nearest place.
fn nearest(places: &[f32], at: f32) -> Option<f32> {
    let after = places.partition_point(|p| *p < at);
    let around = [after.checked_sub(1), Some(after)];
    let distances = around
        .into_iter()
        .flatten()
        .filter_map(|i| places.get(i))
        .map(|p| at - p);
    distances.min_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// How stripes have moved over the last second.
#[derive(Debug, Default)]
pub struct Motion {
    /// The last direction, and when they last moved at all.
    forward: bool,
    moved: Option<Ns>,
    /// When they last changed direction, swapped dark and light, appeared or went.
    changed: Option<Ns>,
    present: bool,
}

/// Less of a period from picture to picture isn't motion, and about half a period is dark and light swapped (chosen).
const STILL: f64 = 0.03;
const SWAPPED: f64 = 0.4;
/// How long a motion or change counts.
const MEMORY: Ns = SECOND;

impl Motion {
    /// Takes the stripes of a picture of that time; to be called for every picture. `moved`: by which share of a period they moved.
    pub fn push(&mut self, at: Ns, present: bool, moved: Option<f64>) {
        if present != self.present && self.moved.is_some() {
            self.changed = Some(at);
        }
        self.present = present;
        let Some(distance) = moved.filter(|_| present) else {
            return;
        };
        if distance.abs() < STILL {
            self.moved = self.moved.or(Some(0));
            return;
        }
        let forward = distance > 0.0;
        let was_moving = self
            .moved
            .is_some_and(|then| then > 0 && at.saturating_sub(then) <= MEMORY);
        if distance.abs() > SWAPPED || (was_moving && forward != self.forward) {
            self.changed = Some(at);
        }
        (self.forward, self.moved) = (forward, Some(at));
    }

    /// Whether they oscillate, reverse or flash.
    pub fn changes(&self, at: Ns) -> bool {
        self.changed
            .is_some_and(|then| at.saturating_sub(then) <= MEMORY)
    }

    /// Whether they drift smoothly in one direction.
    pub fn drifts(&self, at: Ns) -> bool {
        let moves = self
            .moved
            .is_some_and(|then| then > 0 && at.saturating_sub(then) <= MEMORY / 4);
        moves && !self.changes(at)
    }
}
