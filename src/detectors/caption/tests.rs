// SPDX-License-Identifier: MPL-2.0
use cea608_types::{
    Cea608Writer,
    tables::{Channel, Code, Control, ControlCode, Field},
};
use cea708_types::{DTVCCPacket, Service, tables::Code as Code708};

use super::*;
use crate::detector::{Finding, Reason, Report, Runner, State};

type Packets = Vec<(Packing, Vec<u8>)>;

struct Data(Packets);

impl CaptionPackets for Data {
    fn each(&self, packet: &mut dyn FnMut(Packing, &[u8])) {
        for (packing, data) in &self.0 {
            packet(*packing, data);
        }
    }
}

/// Pictures a second.
const RATE: u64 = 30;

/// Captions of a programme: words in pop-on captions, as pairs.
struct Words(Cea608Writer, usize);

impl Words {
    fn new() -> Self {
        Self(Cea608Writer::default(), 0)
    }

    /// The next pair; padding between captions.
    fn pair(&mut self) -> [u8; 2] {
        if self.0.n_codes() == 0 {
            self.1 += 1;
            let control =
                |control| Code::Control(ControlCode::new(Field::ONE, Channel::ONE, control));
            self.0.push(control(Control::ResumeCaptionLoading));
            for c in format!("caption number {}", self.1).chars() {
                self.0.push(Code::from_char(c, Channel::ONE).unwrap());
            }
            self.0.push(control(Control::EndOfCaption));
        }
        self.0.pop()
    }
}

fn triplet(kind: u8, [a, b]: [u8; 2]) -> [u8; 3] {
    [0xfc | kind, a, b]
}

/// A packet of CEA-708 with some text, as triplets.
fn service(text: &str) -> Vec<u8> {
    let mut service = Service::new(1);
    for c in text.chars() {
        service.push_code(&Code708::from_char(c).unwrap()).unwrap();
    }
    let mut packet = DTVCCPacket::new(0);
    packet.push_service(service).unwrap();
    let mut bytes = Vec::new();
    packet.write(&mut bytes).unwrap();
    if bytes.len() % 2 > 0 {
        bytes.push(0);
    }
    let pairs = bytes.as_chunks::<2>().0.iter().enumerate();
    pairs
        .flat_map(|(n, pair)| triplet(if n == 0 { 3 } else { 2 }, *pair))
        .collect()
}

/// That data as a caption distribution packet.
fn cdp(data: &[u8]) -> Vec<u8> {
    let mut packet = vec![
        0x96,
        0x69,
        0,
        0x4f,
        0x43,
        0,
        1,
        0x72,
        0xe0 | (data.len() / 3) as u8,
    ];
    packet.extend(data);
    packet.extend([0x74, 0, 1, 0]);
    packet[2] = packet.len() as u8;
    let sum = packet.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    *packet.last_mut().unwrap() = 0u8.wrapping_sub(sum);
    packet
}

fn found(
    seconds: u64,
    change: impl FnOnce(&mut CaptionSettings),
    mut packets: impl FnMut(u64) -> Packets,
) -> Vec<(&'static str, String, u64)> {
    let format = CaptionFormat {
        packing: None,
        frame_duration: Some(SECOND / RATE),
    };
    let mut settings = CaptionSettings::default();
    change(&mut settings);
    let mut runner = Runner::<Caption>::new(format, Caption::COMMON, settings);
    for n in 0..seconds * RATE {
        let span = Span::new(n * SECOND / RATE, (n + 1) * SECOND / RATE);
        runner.push(span, &Data(packets(n)));
    }
    runner.reset(Reason::Eos);
    let findings = runner
        .take_reports()
        .into_iter()
        .filter_map(Report::finding);
    let ended = findings.filter(|f: &Finding| matches!(f.state, State::End(_)));
    ended
        .map(|f| {
            (
                INFO.kinds[f.kind].name,
                f.observation
                    .detail
                    .clone()
                    .unwrap_or_default()
                    .into_owned(),
                f.at / SECOND,
            )
        })
        .collect()
}

const PADDING: [u8; 2] = [0x80, 0x80];

fn missing(detail: &str, at: u64) -> Vec<(&'static str, String, u64)> {
    vec![("captions-missing", detail.to_owned(), at)]
}

/// One packet each, in every packing.
fn packings() -> [fn([u8; 2]) -> Packets; 4] {
    [
        |pair| vec![(Packing::Cea608, pair.to_vec())],
        |[a, b]| vec![(Packing::Cea608WithField, vec![0x80, a, b])],
        |pair| vec![(Packing::CcData, triplet(0, pair).to_vec())],
        |pair| vec![(Packing::Cdp, cdp(&triplet(0, pair)))],
    ]
}

#[test]
fn captions_that_go_on_are_right_in_every_packing() {
    for packed in packings() {
        let mut words = Words::new();
        assert_eq!(found(150, |_| {}, |_| packed(words.pair())), []);
    }
}

#[test]
fn missing_captions_are_told_by_what_is_left() {
    for packed in packings() {
        let mut words = Words::new();
        let gone = found(
            40,
            |_| {},
            |n| {
                if n < 10 * RATE {
                    packed(words.pair())
                } else {
                    Vec::new()
                }
            },
        );
        assert_eq!(gone, missing("absent", 10));
        let mut words = Words::new();
        let empty = found(
            150,
            |_| {},
            |n| packed(if n < 10 * RATE { words.pair() } else { PADDING }),
        );
        assert_eq!(empty.len(), 1);
        assert_eq!(empty[0].1, "empty");
        // The same pair for ever, as a device repeats it that hangs.
        let mut last = PADDING;
        let mut words = Words::new();
        let stuck = found(
            150,
            |_| {},
            |n| {
                if n < 10 * RATE || last[0] & 0x7f < 0x20 {
                    last = words.pair();
                }
                packed(last)
            },
        );
        assert_eq!(stuck.len(), 1);
        assert_eq!(stuck[0].1, "stopped");
    }
}

#[test]
fn what_never_had_captions_lacks_none_unless_they_are_required() {
    assert_eq!(found(60, |_| {}, |_| Vec::new()), []);
    assert_eq!(
        found(60, |s| s.required = true, |_| Vec::new()),
        missing("absent", 0)
    );
    let padding = |_| vec![(Packing::Cea608, PADDING.to_vec())];
    assert_eq!(found(150, |_| {}, padding), []);
    assert_eq!(
        found(150, |s| s.required = true, padding),
        missing("empty", 0)
    );
}

#[test]
fn broken_pairs_are_counted() {
    for (every, is_reported) in [(30, true), (300, false)] {
        let mut words = Words::new();
        let broken = found(
            30,
            |_| {},
            |n| {
                let mut pair = words.pair();
                if n % every == 0 {
                    pair[0] ^= 0x80;
                }
                vec![(Packing::Cea608, pair.to_vec())]
            },
        );
        assert_eq!(!broken.is_empty(), is_reported, "{broken:?}");
        assert!(
            broken
                .iter()
                .all(|b| (b.0, &*b.1) == ("captions-corrupt", "parity"))
        );
    }
}

/// Once in a while, in bursts: one episode from the first broken pair to the last.
#[test]
fn an_episode_of_broken_pairs_is_as_long_as_they_come() {
    let format = CaptionFormat {
        packing: None,
        frame_duration: Some(SECOND / RATE),
    };
    let common = Common {
        update_interval: SECOND,
        ..Caption::COMMON
    };
    let mut runner = Runner::<Caption>::new(format, common, CaptionSettings::default());
    let mut words = Words::new();
    for n in 0..40 * RATE {
        let mut pair = words.pair();
        // A burst at 12, 15 and 18 s.
        if (10 * RATE..20 * RATE).contains(&n) && n % (3 * RATE) < 3 {
            pair[0] ^= 0x80;
        }
        let span = Span::new(n * SECOND / RATE, (n + 1) * SECOND / RATE);
        runner.push(span, &Data(vec![(Packing::Cea608, pair.to_vec())]));
    }
    let reports = runner.take_reports().into_iter();
    let ends = reports
        .filter_map(Report::finding)
        .filter(|f| matches!(f.state, State::End(_)));
    let told: Vec<_> = ends.map(|f| (f.at, f.duration)).collect();
    let last = 18 * SECOND + 3 * SECOND / RATE;
    assert_eq!(told, [(12 * SECOND, last - 12 * SECOND)]);
}

#[test]
fn damaged_packets_are_broken_and_harm_nothing() {
    let mut words = Words::new();
    let mut noise = 1u32;
    let broken = found(
        30,
        |_| {},
        |_| {
            let mut packet = cdp(&[&triplet(0, words.pair())[..], &service("text")].concat());
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = noise as usize >> 8;
            let length = packet.len();
            packet[at % length] ^= 1 << (noise >> 28 & 7);
            vec![
                (Packing::Cdp, packet),
                (Packing::CcData, noise.to_le_bytes().to_vec()),
            ]
        },
    );
    assert!(
        broken.iter().any(|b| b.0 == "captions-corrupt"),
        "{broken:?}"
    );
}

#[test]
fn cea708_wants_cea608_beside_it() {
    let both = |n: u64, with_608: bool| {
        let mut data = service(&format!("line {n}"));
        if with_608 {
            let mut pairs = triplet(0, PADDING).to_vec();
            pairs.extend(data);
            data = pairs;
        }
        vec![(Packing::CcData, data)]
    };
    assert_eq!(found(30, |_| {}, |n| both(n, true)), []);
    let alone = found(30, |_| {}, |n| both(n, false));
    assert_eq!(alone.len(), 1);
    assert_eq!(alone[0].1, "708-without-608");
    assert_eq!(found(30, |s| s.require_608 = false, |n| both(n, false)), []);
}

/// A stream of timed text has jumps, and may begin anew.
#[test]
fn text_that_stops_is_told_after_a_jump_back_too() {
    let format = CaptionFormat {
        packing: Some(Packing::Text),
        frame_duration: None,
    };
    let settings = CaptionSettings::default();
    let mut runner = Runner::<Caption>::new(format, Caption::COMMON, settings);
    let mut say = |at: u64, text: &str| {
        let span = Span::new(at * SECOND, (at + 2) * SECOND);
        runner.push(span, &Data(vec![(Packing::Text, text.into())]));
    };
    say(9000, "before");
    say(9005, "the end");
    say(10, "another");
    say(14, "beginning");
    for at in 16..200 {
        runner.gap(Span::new(at * SECOND, (at + 1) * SECOND));
    }
    runner.reset(Reason::Eos);
    let reports = runner.take_reports().into_iter();
    let begun: Vec<_> = reports
        .filter_map(Report::finding)
        .filter(|f| f.state == State::Begin)
        .map(|f| f.at / SECOND)
        .collect();
    assert_eq!(begun, [16]);
}

/// A track that is announced and never has anything in it: demuxers only tell how far it has come.
#[test]
fn a_track_without_any_text_lacks_it_if_it_is_required() {
    for (required, expected) in [(false, None), (true, Some("absent"))] {
        let format = CaptionFormat {
            packing: Some(Packing::Text),
            frame_duration: None,
        };
        let settings = CaptionSettings {
            required,
            ..CaptionSettings::default()
        };
        let mut runner = Runner::<Caption>::new(format, Caption::COMMON, settings);
        for at in 0..200 {
            runner.gap(Span::new(at * SECOND, (at + 1) * SECOND));
        }
        let mut found = runner
            .take_reports()
            .into_iter()
            .filter_map(Report::finding);
        let detail = found.next().and_then(|f| f.observation.detail);
        assert_eq!(detail.as_deref(), expected);
    }
}

/// Encoders for the internet send no padding: between two lines there is no data at all.
#[test]
fn captions_without_padding_may_pause_as_long_as_nobody_speaks() {
    let sparse = |last_line: u64| {
        let mut words = Words::new();
        move |n: u64| match words.1 as u64 {
            line if n < line * 25 * RATE => Vec::new(),
            line if line > last_line => Vec::new(),
            _ => vec![(Packing::Cea608, words.pair().to_vec())],
        }
    };
    assert_eq!(found(200, |_| {}, sparse(7)), []);
    let gone = found(300, |_| {}, sparse(3));
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!(gone[0].1, "absent");
}
