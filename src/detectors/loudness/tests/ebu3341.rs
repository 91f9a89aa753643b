// SPDX-License-Identifier: MPL-2.0
//! The minimum requirements of EBU Tech 3341. 7 and 8 are recordings, which the EBU doesn't let anybody pass on; made programmes
//! of a narrow and a wide range stand in for them. Tolerances are the EBU's: 0.1 LU, true peak +0.2/-0.4 dB.

use super::*;

const LU: f64 = 0.1;

fn stereo(parts: &[(f64, f64)]) -> Signal {
    let parts: Vec<_> = parts.iter().map(|(s, db)| (*s, Some(*db))).collect();
    both(tone(48_000, &parts))
}

#[test]
fn cases_1_and_2_steady_tones() {
    for level in [-23.0, -33.0] {
        let v = measure(48_000, STEREO, &stereo(&[(20.0, level)]));
        near(v.momentary, level, LU);
        near(v.short_term, level, LU);
        near(v.integrated, level, LU);
        near(v.momentary_max, level, LU);
        near(v.short_term_max, level, LU);
    }
}

#[test]
fn cases_3_to_5_gating() {
    let cases: [&[(f64, f64)]; 3] = [
        &[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)],
        &[
            (10.0, -72.0),
            (10.0, -36.0),
            (60.0, -23.0),
            (10.0, -36.0),
            (10.0, -72.0),
        ],
        &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)],
    ];
    for parts in cases {
        let v = measure(48_000, STEREO, &stereo(parts));
        near(v.integrated, -23.0, LU);
    }
}

#[test]
fn case_6_surround() {
    use Position::*;
    let layout = [FrontLeft, FrontRight, FrontCenter, Lfe, RearLeft, RearRight];
    let levels = [
        Some(-28.0),
        Some(-28.0),
        Some(-24.0),
        None,
        Some(-30.0),
        Some(-30.0),
    ];
    let signal = levels.map(|l| tone(48_000, &[(20.0, l)])).to_vec();
    near(measure(48_000, &layout, &signal).integrated, -23.0, LU);
}

/// Speech and music of a narrow and of a wide range, brought to -23 LUFS as its definition says, in one go over the whole.
#[test]
fn cases_7_and_8_programmes() {
    for span in [5.9, 17.6] {
        let mut programme: Signal = [3, 4].map(|seed| oracle::speech(48_000, 40, seed)).to_vec();
        for (i, x) in programme.iter_mut().flat_map(|c| c.iter_mut().enumerate()) {
            let part = (i / 48_000 % 8) as f32 / 7.0;
            *x *= 10f32.powf((part - 1.0) * span / 20.0);
        }
        let gain = 10f64.powf((-23.0 - by_definition(&programme)) / 20.0) as f32;
        programme.iter_mut().flatten().for_each(|x| *x *= gain);
        near(measure(48_000, STEREO, &programme).integrated, -23.0, LU);
    }
}

/// BS.1770 as it is written: whole gating blocks of 400 ms, one every 100 ms, from the weighted samples.
fn by_definition(signal: &Signal) -> f64 {
    let weighted: Vec<Vec<f64>> = signal.iter().map(|c| k_weighted(c)).collect();
    let energy = |from: usize| -> f64 {
        let of = |c: &Vec<f64>| c[from..from + 19_200].iter().map(|y| y * y).sum::<f64>();
        weighted.iter().map(of).sum::<f64>() / 19_200.0
    };
    let ends = weighted[0].len() - 19_200;
    let blocks: Vec<f64> = (0..=ends).step_by(4_800).map(energy).collect();
    let loudness = |e: f64| -0.691 + 10.0 * e.log10();
    let mean = |over: f64| {
        let heard: Vec<f64> = blocks
            .iter()
            .copied()
            .filter(|e| loudness(*e) > over)
            .collect();
        loudness(heard.iter().sum::<f64>() / heard.len() as f64)
    };
    mean(mean(-70.0) - 10.0)
}

/// With the coefficients that BS.1770 prints for 48 kHz.
fn k_weighted(x: &[f32]) -> Vec<f64> {
    const STAGES: [([f64; 3], [f64; 2]); 2] = [
        (
            [
                1.535_124_859_586_97,
                -2.691_696_189_406_38,
                1.198_392_810_852_85,
            ],
            [-1.690_659_293_182_41, 0.732_480_774_215_85],
        ),
        (
            [1.0, -2.0, 1.0],
            [-1.990_047_454_833_98, 0.990_072_250_366_21],
        ),
    ];
    let mut y: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
    for (b, a) in STAGES {
        let (mut x, mut past) = ([0.0; 2], [0.0; 2]);
        for v in &mut y {
            let out = b[0] * *v + b[1] * x[0] + b[2] * x[1] - a[0] * past[0] - a[1] * past[1];
            x = [*v, x[0]];
            past = [out, past[0]];
            *v = out;
        }
    }
    y
}

#[test]
fn case_9_short_term_stays() {
    let parts = [(1.34, -20.0), (1.66, -30.0)].repeat(5);
    let mut listener = Listener::new(48_000, STEREO);
    listener.listen(&stereo(&parts), |t, v| {
        if t >= 3.0 {
            near(v.short_term, -23.0, LU);
        }
    });
}

#[test]
fn case_10_short_term_at_any_offset() {
    for i in 0..20 {
        let parts = [(0.15 * f64::from(i), None), (3.0, Some(-23.0)), (1.0, None)];
        let v = measure(48_000, STEREO, &both(tone(48_000, &parts)));
        near(v.short_term_max, -23.0, LU);
    }
}

#[test]
fn case_11_short_term_segments() {
    let mut listener = Listener::new(48_000, STEREO);
    for i in 0..20 {
        let (delay, level) = (0.15 * f64::from(i), -38.0 + f64::from(i));
        let parts = [(delay, None), (3.0, Some(level)), (3.0 - delay, None)];
        let mut largest = f64::NEG_INFINITY;
        listener.listen(&both(tone(48_000, &parts)), |_, v| {
            largest = largest.max(v.short_term)
        });
        near(largest, level, LU);
        near(listener.result().short_term_max, level, LU);
    }
}

#[test]
fn case_12_momentary_stays() {
    let parts = [(0.18, -20.0), (0.22, -30.0)].repeat(25);
    let mut listener = Listener::new(48_000, STEREO);
    listener.listen(&stereo(&parts), |t, v| {
        if t >= 1.0 {
            near(v.momentary, -23.0, LU);
        }
    });
}

#[test]
fn case_13_momentary_at_any_offset() {
    for i in 0..20 {
        let parts = [(0.02 * f64::from(i), None), (0.4, Some(-23.0)), (1.0, None)];
        let v = measure(48_000, STEREO, &both(tone(48_000, &parts)));
        near(v.momentary_max, -23.0, LU);
    }
}

#[test]
fn case_14_momentary_segments() {
    let mut listener = Listener::new(48_000, STEREO);
    for i in 0..20 {
        let (delay, level) = (0.02 * f64::from(i), -38.0 + f64::from(i));
        let parts = [(delay, None), (0.4, Some(level)), (0.4 - delay, None)];
        let mut largest = f64::NEG_INFINITY;
        listener.listen(&both(tone(48_000, &parts)), |_, v| {
            largest = largest.max(v.momentary)
        });
        near(largest, level, LU);
        near(listener.result().momentary_max, level, LU);
    }
}

#[track_caller]
fn peak_near(channel: Vec<f32>, expected: f64) {
    let found = measure(48_000, STEREO, &both(channel)).true_peak;
    assert!(
        (expected - 0.4..=expected + 0.2).contains(&found),
        "{found} instead of {expected}"
    );
}

/// 3.2 s with fades of 0.1 s; `cycle` in samples, `phase` in degrees.
fn faded(amplitude: f64, cycle: f64, phase: f64) -> Vec<f32> {
    let n = 153_600;
    let at = |i: usize| {
        let fade = (i.min(n - i) as f64 / 4_800.0).min(1.0);
        let w = std::f64::consts::TAU * (i as f64 / cycle + phase / 360.0);
        (amplitude * fade * w.sin()) as f32
    };
    (0..n).map(at).collect()
}

#[test]
fn cases_15_to_19_true_peak_of_tones() {
    peak_near(faded(0.5, 4.0, 0.0), -6.0);
    peak_near(faded(0.5, 4.0, 45.0), -6.0);
    peak_near(faded(0.5, 6.0, 60.0), -6.0);
    peak_near(faded(0.5, 8.0, 67.5), -6.0);
    peak_near(faded(1.41, 4.0, 45.0), 3.0);
}

/// One full-scale cycle of fs/4 in a half-scale tone of fs/6, made at four times the rate, limited to the band, and decimated.
#[test]
fn cases_20_to_23_true_peak_between_samples() {
    let (n, middle) = (4 * 48_000, 4 * 24_000);
    let wave = |i: usize| {
        let t = i as f64 - middle as f64;
        let (amplitude, cycle) = if (0.0..16.0).contains(&t) {
            (1.0, 16.0)
        } else {
            (0.5, 24.0)
        };
        let t = if t >= 16.0 { t - 16.0 } else { t };
        amplitude * (std::f64::consts::TAU * t / cycle).sin()
    };
    let wide: Vec<f64> = (0..n).map(wave).collect();
    let narrow = band_limited(&wide);
    let peak = narrow.iter().fold(0f64, |m, x| m.max(x.abs()));
    for offset in 0..4 {
        let decimated = narrow[offset..].iter().step_by(4);
        peak_near(decimated.map(|x| (x / peak) as f32).collect(), 0.0);
    }
}

/// Up to 0.45 of a quarter of the rate.
fn band_limited(x: &[f64]) -> Vec<f64> {
    let half = 64i32;
    let taps: Vec<f64> = (-half..=half)
        .map(|k| {
            let c = 2.0 * 0.45 / 4.0;
            let t = c * f64::from(k) * std::f64::consts::PI;
            let window = (std::f64::consts::PI * f64::from(k) / f64::from(2 * half + 2)).cos();
            c * if k == 0 { 1.0 } else { t.sin() / t } * window * window
        })
        .collect();
    (0..x.len())
        .map(|i| {
            taps.iter()
                .enumerate()
                .map(|(k, h)| {
                    let at = (i + k).wrapping_sub(half as usize);
                    h * x.get(at).copied().unwrap_or(0.0)
                })
                .sum()
        })
        .collect()
}
