// SPDX-License-Identifier: MPL-2.0
//! Channels, rates and gates, as ITU-R BS.2217 checks them.

use super::*;
use Position::*;

/// A tone that reads -23 LUFS on two channels reads 3 LU less on one, 1.5 LU less if that is a surround, and nothing in the LFE.
#[test]
fn each_channel_weighs_as_the_standard_says() {
    let one = -23.0 - 10.0 * 2f64.log10();
    let surround = one + 10.0 * 1.41f64.log10();
    let layouts: [(&[Position], &[Option<f64>]); 6] = [
        (&[Mono], &[Some(one)]),
        (
            &[FrontLeft, FrontRight, FrontCenter, Lfe, RearLeft, RearRight],
            &[
                Some(one),
                Some(one),
                Some(one),
                None,
                Some(surround),
                Some(surround),
            ],
        ),
        // 7.1: the rear is behind the 120 degrees.
        (
            &[
                FrontLeft, FrontRight, Lfe, RearLeft, RearRight, SideLeft, SideRight,
            ],
            &[
                Some(one),
                Some(one),
                None,
                Some(one),
                Some(one),
                Some(surround),
                Some(surround),
            ],
        ),
        (
            &[
                TopFrontLeft,
                TopFrontRight,
                TopRearLeft,
                TopSideRight,
                RearCenter,
            ],
            &[Some(one); 5],
        ),
        // 7.1.4, in the order of a channel mask.
        (
            &[
                FrontLeft,
                FrontRight,
                FrontCenter,
                Lfe,
                RearLeft,
                RearRight,
                SideLeft,
                SideRight,
                TopFrontLeft,
                TopFrontRight,
                TopRearLeft,
                TopRearRight,
            ],
            &[
                Some(one),
                Some(one),
                Some(one),
                None,
                Some(one),
                Some(one),
                Some(surround),
                Some(surround),
                Some(one),
                Some(one),
                Some(one),
                Some(one),
            ],
        ),
        (&[Unpositioned; 3], &[Some(one); 3]),
    ];
    for (layout, expected) in layouts {
        for (live, expected) in expected.iter().enumerate() {
            let signal = (0..layout.len())
                .map(|c| tone(48_000, &[(4.0, (c == live).then_some(-23.0))]))
                .collect();
            let v = measure(48_000, layout, &signal);
            match expected {
                Some(expected) => near(v.integrated, *expected, 0.05),
                None => assert!(v.integrated.is_nan() && v.momentary <= FLOOR_DB),
            }
        }
    }
}

/// 1 kHz reads the same at every rate, and the weighting has the same shape where the band allows.
#[test]
fn every_rate_reads_the_same() {
    let at = |rate, hz| {
        let signal = both(sine(rate, hz, &[(2.0, Some(-23.0))]));
        measure(rate, STEREO, &signal).integrated
    };
    for rate in [
        8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 88_200, 96_000, 192_000,
    ] {
        near(at(rate, 1000.0), -23.0, 0.1);
        for hz in [25.0, 100.0, 500.0, 2_000.0, 10_000.0] {
            if hz < f64::from(rate) * 0.1 {
                near(at(rate, hz), at(48_000, hz), 0.1);
            }
        }
    }
}

/// As BS.2217's RelGateTest and AbsGateTest: what is just under a gate doesn't count, what is just over does.
#[test]
fn gates_cut_where_they_should() {
    let v = |parts: &[(f64, Option<f64>)]| {
        measure(48_000, STEREO, &both(tone(48_000, parts))).integrated
    };
    near(v(&[(20.0, Some(-69.5)), (20.0, Some(-72.0))]), -69.5, 0.1);
    assert!(v(&[(20.0, Some(-70.2))]).is_nan());
    // Half the time 10.5 LU lower: the mean of all is 2.6 LU under the loud half, the gate 12.6.
    near(v(&[(20.0, Some(-10.0)), (20.0, Some(-20.5))]), -12.64, 0.1);
    near(v(&[(20.0, Some(-10.0)), (20.0, Some(-23.2))]), -10.0, 0.1);
}

/// The same sound at any time and after any pause.
#[test]
fn a_gap_leaves_no_window_across() {
    let mut listener = Listener::new(48_000, STEREO);
    listener.listen(&both(tone(48_000, &[(4.0, Some(-10.0))])), |_, _| {});
    let span = Span::new(4 * SECOND, 5 * SECOND);
    listener
        .detector
        .gap(span, &listener.settings, &mut listener.episodes);
    assert!(listener.result().momentary.is_nan());
    listener.listen(&both(tone(48_000, &[(4.0, Some(-30.0))])), |_, v| {
        assert!(v.momentary.is_nan() || (v.momentary + 30.0).abs() < 0.1);
        assert!(v.short_term.is_nan() || (v.short_term + 30.0).abs() < 0.1);
    });
}
