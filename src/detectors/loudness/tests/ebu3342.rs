// SPDX-License-Identifier: MPL-2.0
//! Loudness range, EBU Tech 3342: cases 1 to 4, and made-up programmes of a narrow and a wide range in place of the
//! recordings 5 and 6. The EBU allows 1 LU.

use super::*;

fn range(levels: &[f64], seconds: f64) -> f64 {
    let parts: Vec<_> = levels.iter().map(|l| (seconds, Some(*l))).collect();
    measure(48_000, STEREO, &both(tone(48_000, &parts))).range
}

#[test]
fn cases_1_to_4() {
    near(range(&[-20.0, -30.0], 20.0), 10.0, 1.0);
    near(range(&[-20.0, -15.0], 20.0), 5.0, 1.0);
    near(range(&[-40.0, -20.0], 20.0), 20.0, 1.0);
    near(range(&[-50.0, -35.0, -20.0, -35.0, -50.0], 20.0), 15.0, 1.0);
}

/// Levels that go up and down evenly over `span` LU: 85 % of it lie between the percentiles.
#[test]
fn cases_5_and_6_as_programmes() {
    for (span, expected) in [(5.9, 5.0), (17.6, 15.0)] {
        let steps = 60;
        let levels: Vec<f64> = (0..2 * steps)
            .map(|i| {
                let up = if i < steps { i } else { 2 * steps - i };
                -23.0 - span / 2.0 + span * f64::from(up) / f64::from(steps)
            })
            .collect();
        near(range(&levels, 1.0), expected, 1.0);
    }
}
