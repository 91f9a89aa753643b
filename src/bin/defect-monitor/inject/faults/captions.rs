// SPDX-License-Identifier: MPL-2.0
//! Faults of the captions that are attached to pictures.

use std::collections::VecDeque;

use gst_video::{VideoCaptionMeta, VideoCaptionType};
use gstdefect::media::captions::cc_data;
use oorandom::Rand64;

use super::{Fault, SECOND, Schedule};

/// Share of the pairs of bytes that are garbled.
const GARBLED: f64 = 0.25;
/// By how much captions are late with [`Fault::CaptionsLate`], in ns.
const LATE: u64 = 8 * SECOND;
/// A pair of bytes without content.
const PADDING: [u8; 2] = [0x80, 0x80];

/// The captions of one picture, packet by packet.
pub type Packets = Vec<(VideoCaptionType, Vec<u8>)>;

/// Puts one fault into the captions of a stream.
#[derive(Debug)]
pub struct CaptionFault {
    fault: Fault,
    schedule: Schedule,
    chance: Rand64,
    /// The last captions that weren't padding.
    last: Packets,
    /// Captions that come later, and when they should have come, in ns.
    waiting: VecDeque<(u64, Packets)>,
}

impl CaptionFault {
    /// In the time that the schedule says.
    pub fn new(fault: Fault, schedule: Schedule) -> Self {
        Self {
            fault,
            schedule,
            chance: Rand64::new(1),
            last: Packets::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Changes the captions of the picture at that time, in ns from the start of the stream.
    pub fn apply(&mut self, time: u64, packets: &mut Packets) {
        if self.schedule.at(time).is_none() {
            if packets.iter().any(|(kind, data)| has_text(*kind, data)) {
                self.last.clone_from(packets);
            }
            return;
        }
        match self.fault {
            Fault::CaptionsMissing => packets.clear(),
            Fault::CaptionsStopped if !packets.is_empty() => packets.clone_from(&self.last),
            Fault::CaptionsLate => self.delay(time, packets),
            Fault::CaptionsCorrupt => {
                for (kind, data) in packets {
                    self.garble(*kind, data);
                }
            }
            _ => {}
        }
    }

    /// Exchanges the captions for those of some time before, or for padding.
    fn delay(&mut self, time: u64, packets: &mut Packets) {
        self.waiting.push_back((time, packets.clone()));
        match self.waiting.front() {
            Some((then, _)) if then + LATE <= time => {
                *packets = self
                    .waiting
                    .pop_front()
                    .map_or_else(Packets::new, |(_, late)| late);
            }
            _ => {
                for (kind, data) in packets {
                    for pair in pairs(*kind, data) {
                        pair.copy_from_slice(&PADDING);
                    }
                }
            }
        }
    }

    /// Flips a bit in some of the pairs, which makes their parity wrong.
    fn garble(&mut self, kind: VideoCaptionType, data: &mut [u8]) {
        for pair in pairs(kind, data) {
            if self.chance.rand_float() < GARBLED {
                pair[0] ^= 1 << self.chance.rand_range(0..7);
            }
        }
    }
}

/// The pairs of bytes in a packet; none of a caption distribution packet that is damaged.
fn pairs(kind: VideoCaptionType, data: &mut [u8]) -> Vec<&mut [u8]> {
    let size = if kind == VideoCaptionType::Cea608Raw {
        2
    } else {
        3
    };
    let place = match kind {
        VideoCaptionType::Cea708Cdp => cc_data(data).unwrap_or_default(),
        _ => 0..data.len(),
    };
    let pieces = &mut data[place];
    let is_valid = |piece: &&mut [u8]| {
        size == 2 || kind == VideoCaptionType::Cea608S3341a || piece[0] & 4 != 0
    };
    let pieces = pieces.chunks_exact_mut(size).filter(is_valid);
    pieces.map(|piece| &mut piece[size - 2..]).collect()
}

/// Whether there is more in a packet than padding.
fn has_text(kind: VideoCaptionType, data: &[u8]) -> bool {
    let mut data = data.to_vec();
    let pairs = pairs(kind, &mut data);
    pairs
        .iter()
        .any(|pair| pair.iter().any(|byte| byte & 0x7f != 0))
}

/// Takes the captions off a picture.
pub fn take(buffer: &mut gst::BufferRef) -> Packets {
    let metas = buffer.iter_meta::<VideoCaptionMeta>();
    let packets = metas
        .map(|meta| (meta.caption_type(), meta.data().to_vec()))
        .collect();
    while let Some(meta) = buffer.meta_mut::<VideoCaptionMeta>() {
        if meta.remove().is_err() {
            break;
        }
    }
    packets
}

/// Attaches captions to a picture.
pub fn put(buffer: &mut gst::BufferRef, packets: &Packets) {
    for (kind, data) in packets {
        VideoCaptionMeta::add(buffer, *kind, data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time from picture to picture, in ns.
    const STEP: u64 = 40_000_000;

    /// A pair of letters or, every other time, padding.
    fn pair(n: u64) -> [u8; 2] {
        match n % 2 {
            0 => [b'a', b'b' + (n / 2 % 20) as u8],
            _ => PADDING,
        }
    }

    fn changed(fault: Fault) -> Vec<(u64, Packets)> {
        let mut faults = CaptionFault::new(fault, fault.schedule());
        let mut changed = Vec::new();
        for n in 0..300 * 25 {
            let clean = vec![(
                VideoCaptionType::Cea708Raw,
                [&[0xfc][..], &pair(n)].concat(),
            )];
            let mut packets = clean.clone();
            faults.apply(n * STEP, &mut packets);
            if packets != clean {
                assert!(fault.schedule().at(n * STEP).is_some(), "{fault:?} at {n}");
                changed.push((n, packets));
            }
        }
        changed
    }

    #[test]
    fn captions_are_removed_frozen_delayed_and_garbled_in_the_time_of_the_event() {
        let removed = changed(Fault::CaptionsMissing);
        assert!(removed.len() > 100 && removed.iter().all(|(_, p)| p.is_empty()));
        let frozen = changed(Fault::CaptionsStopped);
        assert!(frozen.len() > 100);
        let event = |n: u64| Fault::CaptionsStopped.schedule().at(n * STEP).map(|e| e.0);
        // What is repeated is what came last before each event.
        for same in frozen.chunk_by(|a, b| event(a.0) == event(b.0)) {
            assert!(same.iter().all(|(_, p)| *p == same[0].1));
            assert_ne!(same[0].1[0].1[1..], PADDING);
        }
        let late = changed(Fault::CaptionsLate);
        let padded = LATE / STEP;
        // What isn't changed is the same by chance.
        for (n, packets) in late {
            let before = n.checked_sub(250 + padded).map(|m| pair(m + 250));
            assert_eq!(packets[0].1[1..], before.unwrap_or(PADDING), "{n}");
        }
        let garbled = changed(Fault::CaptionsCorrupt);
        assert!(garbled.iter().all(|(n, p)| {
            let flipped = p[0].1[1] ^ pair(*n)[0];
            flipped.count_ones() == 1 && p[0].1[0] == 0xfc
        }));
    }
}
