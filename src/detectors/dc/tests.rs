// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::testing::{band, listen, listen_with, sine};

const RATE: u32 = 48_000;

/// 4 s without, 10 s with, 4 s without.
fn shifted(offset: f32) -> Vec<f32> {
    let mut x = band(RATE, 18.0, 2);
    for v in &mut x[4 * RATE as usize..14 * RATE as usize] {
        *v += offset;
    }
    x
}

#[test]
fn an_offset_is_found_and_timed() {
    for (offset, detail) in [(0.008, "positive"), (0.02, "positive"), (-0.1, "negative")] {
        let said = listen::<Dc>(RATE, &[shifted(offset), band(RATE, 18.0, 3)]);
        let [(start, end)] = said.times()[..] else {
            panic!("{offset}: {:?}", said.times())
        };
        assert!(
            (start - 4.0).abs() < 0.2 && (end - 14.0).abs() < 0.2,
            "{offset}: {start} {end}"
        );
        let episode = &said.episodes[0];
        assert_eq!(episode.channel, Some(0));
        assert_eq!(episode.observation.detail.as_deref(), Some(detail));
        assert!((episode.observation.value - f64::from(offset.abs())).abs() < 0.002);
    }
}

#[test]
fn silence_with_an_offset_counts_sound_without_doesn_t() {
    let said = listen::<Dc>(RATE, &[vec![0.02; 8 * RATE as usize]]);
    assert!(
        matches!(said.times()[..], [(start, _)] if start == 0.0),
        "{:?}",
        said.times()
    );
    assert!(
        listen::<Dc>(RATE, &[band(RATE, 18.0, 2)])
            .episodes
            .is_empty()
    );
}

#[test]
fn infrasound_and_asymmetry_are_not_an_offset() {
    assert!(
        listen::<Dc>(RATE, &[sine(RATE, 20.0, 0.3, 0.2)])
            .episodes
            .is_empty()
    );
    // A pulse train with its mean taken out, as behind a microphone.
    let pulses: Vec<f32> = (0..RATE as usize * 8)
        .map(|i| if i % 480 < 24 { 0.76 } else { -0.04 })
        .collect();
    assert!(listen::<Dc>(RATE, &[pulses]).episodes.is_empty());
}

#[test]
fn buffers_make_no_difference() {
    let x = [shifted(0.03)];
    let first = listen_with::<Dc>(RATE, &x, 1, |_, _| {});
    for size in [64, 1024, 48_000] {
        assert_eq!(listen_with::<Dc>(RATE, &x, size, |_, _| {}), first);
    }
}
