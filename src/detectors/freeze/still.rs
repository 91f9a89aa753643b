// SPDX-License-Identifier: MPL-2.0
//! Decides whether the whole picture stands still, and since when.
//!
//! A picture becomes the first reference when it differs from the last one. While the next ones stay close to it, it
//! is a candidate: codecs refine a still in its first half second, so the limits are loose at first. The refined
//! picture then is the second reference, with strict limits; both are kept to the end, so that slow fades and pans
//! add up and are noticed.

use std::sync::Arc;

use super::change::{Change, ResidualNoise};
use super::content::{Content, content_of};
use super::limits::Limits;
use super::parts::CellActivity;
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Cells, Grid},
};

/// Time after which a codec has done most of what it does to a still: H.264 at 1 Mb/s a mean of 0.45 codes of 0.64;
/// after 0.9 s all.
const SETTLED_AFTER: Ns = SECOND / 2;
/// Time after which the start of a still is decided.
const DECIDED_AFTER: Ns = SECOND;
/// Time for which a change doesn't count as motion: codecs may pop, or a picture may be damaged.
const FORGIVEN: Ns = SECOND / 5;
/// Time of identical pictures after which they are a hold that wasn't coded again.
const EXACT_AFTER: Ns = 300 * MS;

/// A step is quiet if at most the share [`QUIET`] of the detail isn't identical, or its texture changed by less (in
/// 8-bit codes), or if it led back to a held picture, up to the fraction [`BACK`] of the step: codecs skip still
/// parts, and return to them. 51 coded holds had such a step in the second after they settled; noise of standard
/// deviation 2 at 2 Mb/s (720p) left 0.19 and 0.04 in the quietest.
const QUIET: ResidualNoise = ResidualNoise {
    share: 0.15,
    texture: 0.025,
};
const BACK: f64 = 0.35;
/// The noise that a codec adds to a still comes in bursts: time constant with which it is forgotten, in s, and the
/// most that counts, in 8-bit codes (motion is more).
const NOISE_DECAY: f64 = 0.6;
const MOST_NOISE: f64 = 0.6;
/// Time without a quiet step after which a picture doesn't begin to count as frozen, and after which it no longer
/// does.
const UNQUIET_AFTER: [Ns; 2] = [SECOND, 3 * SECOND / 2];

/// The state of the whole picture after a picture.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    /// Whether the picture stands still.
    pub still: bool,
    /// Since when it does or doesn't, if known.
    pub since: Option<Ns>,
    /// Share of the picture that differs from the held one.
    pub change: f64,
    /// Whether the pictures are identical.
    pub exact: bool,
    /// What the picture shows.
    pub content: Content,
    /// Whether the still began without a cut: the held picture is one of a scene that moved.
    pub abrupt: bool,
}

/// The state of the whole picture.
#[derive(Debug, Default)]
pub struct Still {
    previous: Option<(Ns, Arc<Grid>)>,
    candidate: Option<Candidate>,
    hold: Option<Hold>,
    /// Start of the picture after the last step with motion.
    motionless_since: Ns,
    /// Start of the picture after the first of the latest steps with motion.
    motion_burst_since: Ns,
    last_motion: Option<Ns>,
    /// Start of the picture after the last step that changed anything.
    same_since: Ns,
    /// End of the last picture after a quiet step.
    quiet_until: Ns,
    /// Start of the picture after the first quiet step of the candidate.
    first_quiet: Option<Ns>,
    /// How much the codec changes the still now, as the mean change of the cells in 8-bit codes.
    noise: f64,
    /// The change from the last picture to this one.
    pub step: Change,
}

#[derive(Debug)]
struct Candidate {
    since: Ns,
    first: Arc<Grid>,
    settled: Option<Arc<Grid>>,
}

#[derive(Debug)]
struct Hold {
    since: Ns,
    first: Arc<Grid>,
    settled: Arc<Grid>,
    exact: bool,
    content: Content,
    abrupt: bool,
    moved_since: Option<Ns>,
}

impl Still {
    /// Takes the next picture.
    pub fn push(
        &mut self,
        span: Span,
        grid: &Arc<Grid>,
        cells: &Cells,
        limits: Limits,
        activity: &CellActivity,
    ) -> Verdict {
        self.step(span, grid, cells, limits);
        let limits = Limits {
            noise: self.noise,
            ..limits
        };
        let verdict = self.judge(span, grid, cells, limits);
        if !verdict.still {
            self.update_candidate(span, grid, cells, limits, activity);
        }
        self.previous = Some((span.start, Arc::clone(grid)));
        verdict
    }

    /// The last picture.
    pub fn last(&self) -> Option<&Arc<Grid>> {
        self.previous.as_ref().map(|(_, picture)| picture)
    }

    /// Since when the last picture has been shown, and what it shows.
    pub fn shown(&self, cells: &Cells) -> (Ns, Content) {
        let hold = self.hold.as_ref().filter(|hold| hold.moved_since.is_none());
        let content = || {
            self.last()
                .map_or(Content::Other, |picture| content_of(picture, cells))
        };
        hold.map_or_else(
            || (self.same_since, content()),
            |hold| (hold.since, hold.content),
        )
    }

    /// Measures the change from the last picture to this one.
    fn step(&mut self, span: Span, grid: &Arc<Grid>, cells: &Cells, limits: Limits) {
        let Some((before, previous)) = self.previous.clone() else {
            (self.motionless_since, self.same_since) = (span.start, span.start);
            self.quiet_until = span.end;
            return;
        };
        self.step = Change::default();
        let forgotten = (-(span.duration() as f64) / SECOND as f64 / NOISE_DECAY).exp();
        self.noise *= forgotten;
        if previous.same_as(grid) {
            self.on_quiet_step(span, before);
            return;
        }
        self.same_since = span.start;
        let noise = self.noise;
        self.step = Change::between(&previous, grid, cells, limits.tolerance, |mean| {
            noise.max(mean)
        });
        self.noise = self.noise.max(self.step.mean.min(MOST_NOISE));
        if self.step.moved <= limits.area {
            let noise = ResidualNoise::between(&previous, grid, cells);
            if noise.share < QUIET.share || noise.texture < QUIET.texture {
                self.on_quiet_step(span, before);
            }
        } else {
            let recent = self
                .last_motion
                .is_some_and(|at| span.start.saturating_sub(at) <= FORGIVEN);
            if !recent {
                self.motion_burst_since = span.start;
            }
            self.last_motion = Some(span.start);
            self.motionless_since = span.start;
        }
    }

    /// Notes a quiet step. If it is the first quiet step of an older still, the picture was moving until now.
    fn on_quiet_step(&mut self, span: Span, before: Ns) {
        let began = self.candidate.as_ref().map_or(before, |c| c.since);
        let moved = began.max(self.motionless_since).max(self.quiet_until);
        if span.start.saturating_sub(moved) > UNQUIET_AFTER[0] {
            self.motionless_since = before;
        }
        self.quiet_until = span.end;
        self.first_quiet.get_or_insert(span.start);
    }

    /// Keeps the candidate or replaces it, and makes it the hold when it has stood long enough.
    fn update_candidate(
        &mut self,
        span: Span,
        grid: &Arc<Grid>,
        cells: &Cells,
        limits: Limits,
        activity: &CellActivity,
    ) {
        let motionless_since = self.motionless_since;
        let distance = self.candidate.as_ref().map(|c| {
            let known = (self.previous.as_ref()).is_some_and(|(_, p)| Arc::ptr_eq(p, &c.first));
            let first = if known {
                self.step
            } else {
                limits.change(&c.first, grid, cells)
            };
            let settled = c.settled.as_ref().map(|s| limits.change(s, grid, cells));
            limits.distance(first, settled)
        });
        let stays = distance.is_some_and(|d| d.stays)
            && (self.candidate.as_ref())
                .is_some_and(|c| motionless_since <= c.since.saturating_add(SETTLED_AFTER));
        if distance.is_some_and(|d| d.mean < BACK * self.step.mean) {
            self.quiet_until = span.end;
        }
        if !stays {
            self.candidate = None;
            self.first_quiet = None;
        }
        let c = self.candidate.get_or_insert_with(|| Candidate {
            since: span.start,
            first: Arc::clone(grid),
            settled: None,
        });
        let since = c.since.max(motionless_since);
        let age = span.start.saturating_sub(since);
        if age >= SETTLED_AFTER {
            c.settled.get_or_insert_with(|| Arc::clone(grid));
        }
        if age >= DECIDED_AFTER
            && self.hold.is_none()
            && span.end.saturating_sub(self.quiet_until) <= UNQUIET_AFTER[0]
            && let Some(settled) = &c.settled
        {
            // Pictures that were nearly still before may be the programme, but not if a codec was at rest in between.
            let exact = span.start.saturating_sub(self.same_since) >= EXACT_AFTER
                && self.first_quiet.is_none_or(|at| at >= self.same_since);
            self.hold = Some(Hold {
                since: if exact {
                    since.max(self.same_since)
                } else {
                    since
                },
                first: Arc::clone(&c.first),
                settled: Arc::clone(settled),
                exact,
                content: content_of(grid, cells),
                abrupt: !activity.is_cut(since),
                moved_since: None,
            });
        }
    }

    fn judge(&mut self, span: Span, grid: &Arc<Grid>, cells: &Cells, limits: Limits) -> Verdict {
        let mut verdict = Verdict {
            still: false,
            since: None,
            change: self.step.moved,
            exact: false,
            content: Content::Other,
            abrupt: false,
        };
        let Some(hold) = &mut self.hold else {
            return verdict;
        };
        let distance = limits.distance(
            limits.change(&hold.first, grid, cells),
            Some(limits.change(&hold.settled, grid, cells)),
        );
        if distance.mean < BACK * self.step.mean {
            self.quiet_until = span.end;
        }
        if !distance.stays {
            // Motion may have begun a few pictures ago, too small to be told from a codec.
            let began = Some(self.motion_burst_since)
                .filter(|at| span.start.saturating_sub(*at) <= FORGIVEN)
                .unwrap_or(span.start);
            let since = *hold.moved_since.get_or_insert(began);
            verdict.since = Some(since);
            if span.end.saturating_sub(since) >= FORGIVEN {
                self.hold = None;
            }
            return verdict;
        }
        hold.moved_since = None;
        hold.exact &= self.same_since <= hold.since;
        if span.end.saturating_sub(self.quiet_until) > UNQUIET_AFTER[1] {
            verdict.since = Some(self.quiet_until);
            self.hold = None;
            return verdict;
        }
        Verdict {
            still: true,
            since: Some(hold.since),
            change: distance.moved,
            exact: hold.exact,
            content: hold.content,
            abrupt: hold.abrupt,
        }
    }
}
