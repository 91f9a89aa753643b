// SPDX-License-Identifier: MPL-2.0
//! Keeps a page under 20 MB: larger contents are thinned out or left out, and the page says so.

use super::data::{Report, SEVERITIES, Strip};

/// Pictures of defects together, in bytes.
const MOST_PICTURES: usize = 9_000_000;
/// Thumbnails together, in bytes.
const MOST_THUMBNAILS: usize = 3_000_000;
/// Values of strips together; each takes some 6 bytes.
const MOST_VALUES: usize = 900_000;

/// Brings a report to a size that a browser takes.
pub fn apply(report: &mut Report) {
    limit_thumbnails(report, MOST_THUMBNAILS);
    limit_values(report, MOST_VALUES);
    limit_pictures(report, MOST_PICTURES);
}

/// Keeps every second thumbnail, every third, ...
fn limit_thumbnails(report: &mut Report, most: usize) {
    let thumbnails = report.files.iter().flat_map(|f| &f.thumbnails);
    let size: usize = thumbnails.map(|p| p.image.len()).sum();
    let step = size.div_ceil(most);
    if step > 1 {
        for file in &mut report.files {
            let mut number = 0;
            file.thumbnails.retain(|_| {
                number += 1;
                (number - 1) % step == 0
            });
        }
    }
}

/// Keeps the lowest and the highest value of several intervals each.
fn limit_values(report: &mut Report, most: usize) {
    let strips = report.files.iter().flat_map(|f| &f.strips);
    let total: usize = strips.map(|s| s.times.len() * (s.lines.len() + 1)).sum();
    let factor = total.div_ceil(most);
    if factor > 1 {
        let strips = report.files.iter_mut().flat_map(|f| &mut f.strips);
        strips.for_each(|strip| thin(strip, factor));
    }
}

fn thin(strip: &mut Strip, factor: usize) {
    let group = 2 * factor;
    let times = strip.times.chunks(group).flat_map(|chunk| {
        let middle = chunk.get(chunk.len() / 2).filter(|_| chunk.len() > 1);
        chunk.first().into_iter().chain(middle).copied()
    });
    strip.times = times.collect();
    for line in &mut strip.lines {
        let values = line.values.chunks(group).flat_map(|chunk| {
            let known = || chunk.iter().flatten().copied();
            let low = known().reduce(f32::min);
            let high = known().reduce(f32::max);
            std::iter::once(low).chain((chunk.len() > 1).then_some(high))
        });
        line.values = values.collect();
    }
}

/// Leaves out pictures: first those of the worst moments, then those of lesser and later defects.
fn limit_pictures(report: &mut Report, most: usize) {
    let (mut size, mut omitted) = (0, 0);
    for is_start in [true, false] {
        for severity in SEVERITIES {
            let defects = report.files.iter_mut().flat_map(|f| &mut f.defects);
            for defect in defects.filter(|d| d.message.severity == severity) {
                let picture = match is_start {
                    true => &mut defect.start_picture,
                    false => &mut defect.worst_picture,
                };
                let length = picture.as_ref().map_or(0, |p| p.image.len());
                if length > 0 && size + length > most {
                    *picture = None;
                    omitted += 1;
                } else {
                    size += length;
                }
            }
        }
    }
    report.omitted_pictures += omitted;
}

#[cfg(test)]
mod tests {
    use super::super::data::{Line, Picture};
    use super::super::{record, run};
    use super::*;

    fn strip(values: &[f32]) -> Strip {
        Strip {
            title: "Level".to_owned(),
            unit: "dBFS",
            track: "audio-0".to_owned(),
            range: None,
            times: (0..values.len()).map(|n| n as f32).collect(),
            lines: vec![Line {
                label: "channel 0".to_owned(),
                values: values.iter().map(|v| Some(*v)).collect(),
            }],
            limits: Vec::new(),
        }
    }

    #[test]
    fn thinning_keeps_the_extremes_and_the_order_of_time() {
        let mut strip = strip(&[0.0, 5.0, 1.0, -3.0, 2.0]);
        thin(&mut strip, 2);
        assert_eq!(strip.times, [0.0, 2.0, 4.0]);
        assert_eq!(strip.lines[0].values, [Some(-3.0), Some(5.0), Some(2.0)]);
    }

    #[test]
    fn large_reports_become_smaller_and_small_ones_stay() {
        let mut file = record::unplayable("a", String::new());
        let picture = Picture {
            time: 0.0,
            frame: [16, 9],
            image: "x".repeat(100),
        };
        file.thumbnails = vec![picture; 10];
        file.strips = vec![strip(&[1.0; 100])];
        let mut report = run::new(Vec::new(), vec![file]);
        apply(&mut report);
        assert_eq!(report.files[0].thumbnails.len(), 10);
        assert_eq!(report.files[0].strips[0].times.len(), 100);
        limit_thumbnails(&mut report, 500);
        limit_values(&mut report, 50);
        assert_eq!(report.files[0].thumbnails.len(), 5);
        assert_eq!(report.files[0].strips[0].times.len(), 26);
        let values = report.files[0].strips[0].lines[0].values.len();
        assert_eq!(values, 26);
    }
}
