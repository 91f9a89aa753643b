// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::media::{MS, Ns, SECOND};

/// Decoded or coded pictures or sound, whose buffers say that they last so long.
struct Bench {
    sequence: Sequence,
    length: Option<Ns>,
    broken: Vec<Break>,
}

impl Bench {
    fn new(content: Content, raw: bool, length: Option<Ns>) -> Self {
        let format = StreamFormat {
            content,
            raw,
            ..StreamFormat::default()
        };
        Self {
            sequence: Sequence::new(format),
            length,
            broken: Vec::new(),
        }
    }

    fn reordering() -> Self {
        let mut bench = Self::new(Content::Pictures, false, Some(40 * MS));
        bench.sequence = Sequence::new(StreamFormat {
            content: Content::Pictures,
            reorders: true,
            ..StreamFormat::default()
        });
        bench
    }

    fn push(&mut self, pts: Option<Ns>, dts: Option<Ns>, discontinuous: bool) -> TimestampCheck {
        let (_, arrival) = self.sequence.next(Stamps {
            pts,
            dts,
            duration: self.length,
            discontinuous,
        });
        self.broken.extend(arrival.broken);
        arrival
    }

    /// What breaks at these times.
    fn breaks(mut self, times: impl IntoIterator<Item = Ns>) -> Vec<(Ns, Ns)> {
        for time in times {
            self.push(Some(time), None, false);
        }
        self.end()
    }

    fn end(mut self) -> Vec<(Ns, Ns)> {
        self.broken.extend(self.sequence.end());
        let places = self.broken.iter().map(|b| (b.expected / MS, b.at / MS));
        places.collect()
    }
}

fn pictures() -> Bench {
    Bench::new(Content::Pictures, true, Some(40 * MS))
}

/// From a time on, so many buffers, so far apart.
fn even(from: u64, count: u64, distance: u64) -> impl Iterator<Item = Ns> {
    (0..count).map(move |i| (from + i * distance) * MS)
}

/// A number from 0 up to `below` that looks like chance.
fn chance(n: u64, below: u64) -> u64 {
    let mut x = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x ^ (x >> 31)) % below
}

#[test]
fn what_is_missing_between_regular_pictures_is_a_gap() {
    let times = || even(0, 20, 40).chain(even(1600, 20, 40));
    assert_eq!(pictures().breaks(times()), [(800, 1600)]);
    // Whatever their length is said to be.
    for length in [None, Some(MS), Some(17 * MS), Some(SECOND)] {
        let bench = Bench::new(Content::Pictures, true, length);
        assert_eq!(bench.breaks(times()), [(800, 1600)], "{length:?}");
    }
    // At the end of the stream, too.
    let late = even(0, 20, 40).chain(even(1600, 3, 40));
    assert_eq!(pictures().breaks(late), [(800, 1600)]);
}

#[test]
fn a_buffer_that_isnt_over_yet_is_overlapped() {
    let times = even(0, 20, 40).chain(even(770, 20, 40));
    assert_eq!(pictures().breaks(times), [(800, 770)]);
    let back = even(5000, 20, 40).chain(even(0, 20, 40));
    assert_eq!(pictures().breaks(back), [(5800, 0)]);
}

#[test]
fn lengths_that_headers_make_up_count_for_nothing() {
    for length in [MS, 17 * MS, 67 * MS, 500 * MS] {
        for content in [Content::Pictures, Content::Sound] {
            for raw in [false, true] {
                let bench = Bench::new(content, raw, Some(length));
                assert_eq!(bench.breaks(even(0, 300, 33)), [], "{length} {content:?}");
            }
        }
    }
}

#[test]
fn variable_rates_have_no_gaps() {
    // Screens: nothing comes while nothing changes, but for a picture each second.
    let screen = (0..400u64)
        .map(|i| i * 33)
        .filter(|ms| ms % 4000 < 2000 || ms % 1000 < 33)
        .map(|ms| ms * MS);
    // Cameras in low light, with jitter.
    let camera = (0..600).map(|i| (i * 50 + chance(i, 25)) * MS);
    let steps = (0..600).scan(0, |time, i| {
        *time += [33, 33, 33, 50, 66][chance(i, 5) as usize];
        Some(*time * MS)
    });
    let cases: [Vec<Ns>; 3] = [screen.collect(), camera.collect(), steps.collect()];
    for (i, times) in cases.into_iter().enumerate() {
        for raw in [false, true] {
            let bench = Bench::new(Content::Pictures, raw, Some(33 * MS));
            assert_eq!(bench.breaks(times.clone()), [], "{i} {raw}");
        }
    }
}

#[test]
fn both_fields_of_a_picture_may_have_one_time() {
    let fields = (0..200u64).map(|i| i / 2 * 40 * MS);
    assert_eq!(pictures().breaks(fields), []);
}

#[test]
fn a_picture_that_repeats_the_time_of_another_overlaps_it() {
    let goes_on = || even(0, 40, 40).chain(even(1560, 40, 40));
    for raw in [false, true] {
        for length in [None, Some(40 * MS)] {
            let bench = Bench::new(Content::Pictures, raw, length);
            assert_eq!(bench.breaks(goes_on()), [(1600, 1560)], "{raw} {length:?}");
        }
    }
    // The next one is where it would be without.
    let comes_back = even(0, 40, 40).chain([1560 * MS]).chain(even(1640, 40, 40));
    let found = Bench::new(Content::Pictures, false, None).breaks(comes_back);
    assert_eq!(found, [(1600, 1560)]);
    // B pictures between, with times of decoding and without.
    for decoding in [true, false] {
        let mut bench = Bench::reordering();
        for i in 0..90u64 {
            let shown = [0, 2, 1][(i % 3) as usize] + i / 3 * 3;
            let shown = if i == 60 { 57 } else { shown };
            let dts = decoding.then_some(i * 40 * MS);
            bench.push(Some((shown * 40 + 80) * MS), dts, false);
        }
        let found = bench.end();
        assert!(found.contains(&(2400, 2360)), "{decoding}: {found:?}");
    }
    // Sound whose samples last, whatever it is called.
    for raw in [false, true] {
        let sound = Bench::new(Content::Sound, raw, Some(100 * MS));
        let twice = even(0, 20, 100).chain(even(1900, 20, 100));
        assert_eq!(sound.breaks(twice), [(2000, 1900)], "{raw}");
    }
}

#[test]
fn repeats_that_are_the_rule_are_none() {
    // 1500 pictures a second in whole milliseconds; parts of pictures now and then; screens that send each picture twice.
    let fast = (0..3000u64).map(|i| i * 2 / 3 * MS);
    let parts = (0..400u64).map(|i| i * 6 / 7 * 40 * MS);
    let twice = (0..400u64).map(|i| i / 2 * 40 * MS);
    let cases: [Vec<Ns>; 3] = [fast.collect(), parts.collect(), twice.collect()];
    for (i, times) in cases.into_iter().enumerate() {
        for raw in [false, true] {
            let bench = Bench::new(Content::Pictures, raw, None);
            assert_eq!(bench.breaks(times.clone()), [], "{i} {raw}");
        }
    }
    let mut fields = pictures();
    fields.sequence = Sequence::new(StreamFormat {
        content: Content::Pictures,
        parts: true,
        ..StreamFormat::default()
    });
    let second_fields = (0..100u64).map(|i| (i - i / 50) * 40 * MS);
    assert_eq!(fields.breaks(second_fields), []);
}

#[test]
fn starts_with_priming_break_nothing() {
    let sound = || Bench::new(Content::Sound, false, Some(21 * MS));
    let primed = [0, MS].into_iter().chain(even(22, 200, 21));
    assert_eq!(sound().breaks(primed), []);
    let stretched = [0].into_iter().chain(even(83, 200, 21));
    assert_eq!(sound().breaks(stretched), []);
}

#[test]
fn blocks_of_sound_may_vary() {
    let mut bench = Bench::new(Content::Sound, false, None);
    let (mut exact, mut time) = (0u64, 0);
    for i in 0..2000 {
        let length = [128, 576, 1024][chance(i / 7, 3) as usize] * SECOND / 44_100;
        // In half of the containers they say how long they are, and times are in whole milliseconds.
        bench.length = Some(length);
        bench.push(Some(time), None, false);
        exact += length;
        time = exact / MS * MS;
    }
    assert_eq!(bench.end(), []);
    let unknown = (0..2000).scan(0, |time, i| {
        *time += [3, 13, 23][chance(i / 7, 3) as usize];
        Some(*time * MS)
    });
    let bench = Bench::new(Content::Sound, false, None);
    assert_eq!(bench.breaks(unknown), []);
}

#[test]
fn sound_may_wander_but_not_stay_away() {
    let sound = || Bench::new(Content::Sound, true, Some(20 * MS));
    let wandering = (0..500).map(|i| (i * 20 + 15 + chance(i / 20, 30)) * MS);
    assert_eq!(sound().breaks(wandering), []);
    let lost = even(0, 50, 20).chain(even(1100, 100, 20));
    assert_eq!(sound().breaks(lost), [(1000, 1100)]);
    // What is lost little by little, and what comes back.
    let burst = even(0, 50, 20)
        .chain(even(1030, 20, 20))
        .chain(even(1460, 100, 20));
    assert_eq!(sound().breaks(burst), [(1401, 1460)]);
    let late = even(0, 50, 20)
        .chain([1060 * MS])
        .chain(even(1020, 100, 20));
    assert_eq!(sound().breaks(late), []);
    // Clocks that differ by 0.1 %.
    let slow = (0..3000).map(|i| i * 20_020_000);
    assert_eq!(sound().breaks(slow), []);
}

#[test]
fn what_upstream_flags_needs_no_confirmation() {
    let mut bench = Bench::new(Content::Pictures, false, Some(40 * MS));
    for time in even(0, 20, 40) {
        bench.push(Some(time), None, false);
    }
    assert!(bench.push(Some(880 * MS), None, true).broken.is_some());
}

#[test]
fn a_gap_that_the_stream_announces_breaks_nothing() {
    let mut bench = pictures();
    for time in even(0, 20, 40).chain(even(1600, 20, 40)) {
        if time == 1600 * MS {
            bench.sequence.skip(time);
        }
        bench.push(Some(time), None, false);
    }
    assert_eq!(bench.end(), []);
}

#[test]
fn coded_pictures_are_judged_in_the_order_in_which_they_are_shown() {
    // I P B B P B B ..., a second of them missing; with times of decoding and without.
    let order = [0u64, 3, 1, 2];
    let shown = |i: u64| match i {
        0 => 0,
        _ => (i - 1) / 3 * 3 + order[1 + ((i - 1) % 3) as usize],
    };
    let time = |i: u64| (shown(i) * 40 + if i > 60 { 1000 } else { 0 }) * MS;
    for decoding in [true, false] {
        let mut bench = Bench::reordering();
        for i in 0..121 {
            let dts = (i * 40 + if i > 60 { 1000 } else { 0 }) * MS;
            bench.push(Some(time(i) + 80 * MS), decoding.then_some(dts), false);
        }
        let found = bench.end();
        assert_eq!(found.len(), 1, "{decoding}: {found:?}");
        assert_eq!(found[0].1 - found[0].0, 1000, "{decoding}");
        assert!(found[0].0.abs_diff(61 * 40 + 80) <= 80, "{found:?}");
    }
    let mut even = Bench::reordering();
    for i in 0..120 {
        even.push(Some(shown(i) * 40 * MS), None, false);
    }
    assert_eq!(even.end(), []);
}

#[test]
fn coded_pictures_that_are_earlier_are_in_another_order_not_a_jump() {
    let mut sequence = Sequence::new(StreamFormat {
        content: Content::Pictures,
        reorders: true,
        ..StreamFormat::default()
    });
    let mut position = 0;
    for shown in [0, 3, 1, 2, 6, 4, 5, 9, 7, 8u64] {
        let (span, _) = sequence.next(Stamps {
            pts: Some(shown * 40 * MS),
            duration: Some(40 * MS),
            ..Stamps::default()
        });
        assert!(span.start >= position || shown == 0);
        position = span.start;
    }
    let (back, _) = sequence.next(Stamps {
        pts: Some(0),
        duration: Some(40 * MS),
        ..Stamps::default()
    });
    assert!(back.start >= position);
}

#[test]
fn without_timestamps_time_is_counted() {
    let mut bench = pictures();
    bench.push(Some(0), None, false);
    assert_eq!(bench.push(None, None, false).unstamped, Some(40 * MS));
    assert_eq!(bench.push(None, None, false).unstamped, Some(80 * MS));
    let good = bench.push(Some(120 * MS), None, false);
    assert_eq!((good.late, good.unstamped), (Some(0), None));
}
