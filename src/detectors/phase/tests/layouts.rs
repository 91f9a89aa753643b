// SPDX-License-Identifier: MPL-2.0
//! Pairs of more than two channels.

use super::*;
use Position::*;

fn format(positions: &[Position]) -> AudioFormat {
    AudioFormat {
        sample: SampleType::S16,
        layout: SampleLayout::Interleaved,
        rate: 48_000,
        channels: positions.len(),
        positions: positions.to_vec(),
    }
}

#[test]
fn pairs_by_place_or_by_order() {
    let of = |positions: &[Position]| pairs::pairs(&format(positions));
    assert_eq!(of(STEREO), [[0, 1]]);
    assert_eq!(of(&[FrontRight, FrontLeft]), [[1, 0]]);
    assert_eq!(
        of(&[
            FrontLeft,
            FrontRight,
            FrontCenter,
            Lfe,
            RearLeft,
            RearRight,
            TopRearLeft,
            TopRearRight
        ]),
        [[0, 1], [4, 5], [6, 7]]
    );
    assert_eq!(of(&[Unpositioned; 5]), [[0, 1], [2, 3]]);
    assert!(of(&[Mono]).is_empty());
    assert!(of(&[Unpositioned]).is_empty());
}

#[test]
fn a_fault_of_the_rear_names_its_channel() {
    let layout = [FrontLeft, FrontRight, FrontCenter, Lfe, RearLeft, RearRight];
    let mut signal = stereo(48_000, 20);
    signal.push(voice(48_000, 20, 11));
    signal.push(vec![0.0; 48_000 * 20]);
    signal.extend(stereo(48_000, 20));
    between(&mut signal, 48_000, 4.0, 20.0, |f| f[5] = -f[5]);
    only(
        &hear(48_000, &layout, &signal),
        PhaseKind::PhaseInversion,
        Some(5),
        "full",
        4.0,
        20.0,
    );
}

/// As they come from SDI.
#[test]
fn channels_without_a_place_have_the_faults_of_their_pair() {
    let mut signal = stereo(48_000, 20);
    signal.extend(stereo(48_000, 20));
    signal[3].fill(0.0);
    let found = hear(48_000, &[Unpositioned; 4], &signal);
    only(&found, PhaseKind::Imbalance, Some(3), "dead-leg", 0.0, 20.0);
}

#[test]
fn mono_has_no_pair() {
    assert_eq!(hear(48_000, &[Mono], &vec![voice(48_000, 20, 1)]), []);
}

#[test]
fn absurd_samples_stay_finite() {
    let found = hear(
        48_000,
        STEREO,
        &vec![vec![1000.0; 960_000], vec![-1000.0; 960_000]],
    );
    assert!(found.iter().all(|f| f.observation.value.is_finite()));
}
