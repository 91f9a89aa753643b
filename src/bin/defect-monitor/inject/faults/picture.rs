// SPDX-License-Identifier: MPL-2.0
//! Faults of pictures: I420, 8 bit, limited range.

use super::{Fault, Schedule};

/// A plane of a picture without padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plane {
    /// Row by row.
    pub data: Vec<u8>,
    /// Samples in a row.
    pub width: usize,
}

/// Luma and both chromas.
pub type Picture = [Plane; 3];

/// Black, and blue as ITU-R BT.601 codes it.
const BLACK: [u8; 3] = [16, 128, 128];
const BLUE: [u8; 3] = [41, 240, 110];

/// Bars of 75 % as in EBU bars and SMPTE ECR 1, in codes of BT.601: white, yellow, cyan, green, magenta, red, blue, black.
const BARS: [[u8; 3]; 8] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
    BLACK,
];

/// Part of the height or width that a border takes on each side.
const BORDER: f64 = 0.125;
/// Part of the height in which the picture goes on in a partial freeze.
const STRIP: f64 = 0.12;

/// Puts one fault into the pictures of a stream.
#[derive(Debug)]
pub struct PictureFault {
    fault: Fault,
    schedule: Schedule,
    /// The last picture as it came.
    before: Option<Picture>,
    /// The last picture as it left.
    shown: Option<Picture>,
    /// The first picture of the event.
    held: Option<Picture>,
    /// Pictures of the event so far.
    count: u64,
}

impl PictureFault {
    /// In the time that the schedule says.
    pub fn new(fault: Fault, schedule: Schedule) -> Self {
        Self {
            fault,
            schedule,
            before: None,
            shown: None,
            held: None,
            count: 0,
        }
    }

    /// Changes the picture at that time, in ns from the start of the stream.
    pub fn apply(&mut self, time: u64, picture: &mut Picture) {
        let clean = picture.clone();
        if self.schedule.at(time).is_some() {
            self.held.get_or_insert_with(|| clean.clone());
            self.change(picture);
            self.count += 1;
        } else {
            (self.held, self.count) = (None, 0);
        }
        self.before = Some(clean);
        self.shown = Some(picture.clone());
    }

    fn change(&self, picture: &mut Picture) {
        let count = self.count;
        match self.fault {
            Fault::Black => fill(picture, |_| BLACK),
            Fault::SolidColor => fill(picture, |_| BLUE),
            Fault::ColorBars => fill(picture, |x| BARS[((x * 8.0) as usize).min(7)]),
            Fault::Freeze => copy_rows(picture, self.held.as_ref(), |_, _| true),
            Fault::PartialFreeze => copy_rows(picture, self.held.as_ref(), |y, rows| {
                (y as f64) < (1.0 - STRIP) * rows as f64
            }),
            Fault::Stutter if count % 3 == 2 => {
                copy_rows(picture, self.shown.as_ref(), |_, _| true);
            }
            Fault::Tearing if count % 5 == 2 => {
                copy_rows(picture, self.before.as_ref(), |y, rows| y >= rows / 2);
            }
            Fault::Combing => copy_rows(picture, self.before.as_ref(), |y, _| y % 2 == 1),
            Fault::Letterbox => border(picture, false, true),
            Fault::Pillarbox => border(picture, true, false),
            Fault::Windowbox => border(picture, true, true),
            _ => {}
        }
    }
}

/// Colours every sample; `colour` gets its place in the row, 0 to 1.
fn fill(picture: &mut Picture, colour: impl Fn(f64) -> [u8; 3]) {
    for (component, plane) in picture.iter_mut().enumerate() {
        let width = plane.width.max(1);
        for (i, sample) in plane.data.iter_mut().enumerate() {
            *sample = colour((i % width) as f64 / width as f64)[component];
        }
    }
}

/// Takes rows of another picture; `takes` gets the row and the number of rows.
fn copy_rows(picture: &mut Picture, other: Option<&Picture>, takes: impl Fn(usize, usize) -> bool) {
    let Some(other) = other else { return };
    for (plane, other) in picture.iter_mut().zip(other) {
        let width = plane.width.max(1);
        let rows = plane.data.len() / width;
        let pairs = plane.data.chunks_mut(width).zip(other.data.chunks(width));
        for (y, (row, other)) in pairs.enumerate() {
            if takes(y, rows) && row.len() == other.len() {
                row.copy_from_slice(other);
            }
        }
    }
}

fn border(picture: &mut Picture, sides: bool, ends: bool) {
    for (plane, black) in picture.iter_mut().zip(BLACK) {
        let width = plane.width.max(1);
        let rows = plane.data.len() / width;
        let is_outside = |at: usize, size: usize| {
            let border = (BORDER * size as f64) as usize;
            at < border || at >= size - border
        };
        for (i, sample) in plane.data.iter_mut().enumerate() {
            let (x, y) = (i % width, i / width);
            if (sides && is_outside(x, width)) || (ends && is_outside(y, rows)) {
                *sample = black;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::faults::Medium;
    use clap::ValueEnum;

    fn picture(seed: usize) -> Picture {
        [(16, 256), (8, 64), (8, 64)].map(|(width, size)| Plane {
            data: (0..size)
                .map(|i| ((i * 7 + seed * 13) % 200 + 20) as u8)
                .collect(),
            width,
        })
    }

    #[test]
    fn pictures_change_in_the_time_of_the_event_alone() {
        for fault in Fault::value_variants()
            .iter()
            .filter(|f| f.medium() == Medium::Pictures && **f != Fault::AvSync)
        {
            let mut faults = PictureFault::new(*fault, fault.schedule());
            let mut changed = Vec::new();
            for n in 0..250 {
                let time = n * 40_000_000;
                let mut out = picture(n as usize);
                faults.apply(time, &mut out);
                if out != picture(n as usize) {
                    changed.push(time);
                }
            }
            let events = fault.schedule();
            assert!(changed.len() > 4, "{fault:?}: {changed:?}");
            assert!(
                changed.iter().all(|time| events.at(*time).is_some()),
                "{fault:?}"
            );
        }
    }
}
