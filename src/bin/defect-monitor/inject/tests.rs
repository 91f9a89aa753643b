// SPDX-License-Identifier: MPL-2.0
use super::ts::{LENGTH, Packet};
use super::*;

const VIDEO: u16 = 0x100;
const SOUND: u16 = 0x101;

fn packet(pid: u16, start: bool, counter: usize, payload: &[u8]) -> Packet {
    let mut packet = [0xff; LENGTH];
    packet[..4].copy_from_slice(&[
        0x47,
        (pid >> 8) as u8 | u8::from(start) << 6,
        pid as u8,
        0x30 | (counter % 16) as u8,
    ]);
    let stuffing = LENGTH - 4 - 1 - payload.len();
    packet[4] = stuffing as u8;
    if stuffing > 0 {
        packet[5] = 0;
    }
    packet[LENGTH - payload.len()..].copy_from_slice(payload);
    packet
}

fn tables() -> Vec<Packet> {
    let pat = [0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0, 0, 0, 0, 0];
    let pmt = [
        0, 2, 0xb0, 23, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 0, 0x0f, 0xe1, 1,
        0xf0, 0, 0, 0, 0, 0,
    ];
    vec![packet(0, true, 0, &pat), packet(0x1000, true, 0, &pmt)]
}

/// A picture in four slices, as packets: PES header with its time, then units that begin anywhere in a packet.
fn picture(n: u64) -> Vec<Packet> {
    let pts = 90_000 + n * 3600;
    let mut pes = vec![0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5];
    pes.extend([
        0x21 | (pts >> 29) as u8 & 0x0e,
        (pts >> 22) as u8,
        (pts >> 14) as u8 | 1,
        (pts >> 7) as u8,
        (pts << 1) as u8 | 1,
    ]);
    for slice in 0..4u8 {
        pes.extend([0, 0, 0, 1, 0x41, if slice == 0 { 0x9a } else { 0x3a }]);
        pes.extend([0x55].repeat(300 + 61 * usize::from(slice)));
    }
    pes.chunks(180)
        .enumerate()
        .map(|(i, part)| packet(VIDEO, i == 0, i, part))
        .collect()
}

fn programme() -> Vec<u8> {
    let mut packets = tables();
    for n in 0..200 {
        packets.extend(picture(n));
        packets.push(packet(SOUND, true, n as usize, &[7; 100]));
    }
    packets.concat()
}

fn harm() -> Harm {
    Harm {
        loss: 0.0,
        burst: 1.0,
        bit_errors: 0.0,
        slices: 0.0,
        seed: 7,
    }
}

fn damaged(harm: Harm, spare: f64) -> (Vec<u8>, Tally) {
    let mut out = Vec::new();
    let tally = stream(
        &programme()[..],
        &mut out,
        &mut Damage::new(harm, None, spare),
    )
    .unwrap();
    (out, tally)
}

fn of(pid: u16, stream: &[u8]) -> Vec<&[u8]> {
    let whole = stream.chunks_exact(LENGTH);
    whole
        .filter(|p| u16::from(p[1] & 0x1f) << 8 | u16::from(p[2]) == pid)
        .collect()
}

#[test]
fn nothing_asked_nothing_done() {
    let (out, tally) = damaged(harm(), 0.0);
    assert_eq!(out, programme());
    assert_eq!((tally.lost, tally.bits, tally.slices_lost), (0, 0, 0));
}

#[test]
fn losses_come_at_their_rate_and_in_bursts() {
    let wanted = Harm {
        loss: 0.1,
        burst: 3.0,
        ..harm()
    };
    let (out, tally) = damaged(wanted, 0.0);
    let share = tally.lost as f64 / tally.hittable as f64;
    assert!((0.06..0.14).contains(&share), "{share}");
    let mean = tally.lost as f64 / tally.bursts as f64;
    assert!((2.2..4.0).contains(&mean), "{mean}");
    assert_eq!(
        out.len() as u64,
        (tally.packets - tally.lost) * LENGTH as u64
    );
    let clean = programme();
    assert_eq!(of(SOUND, &out), of(SOUND, &clean), "only video is hit");
    assert_eq!(of(0, &out).len(), 1);
}

#[test]
fn the_same_seed_does_the_same() {
    let wanted = Harm {
        loss: 0.02,
        burst: 2.0,
        bit_errors: 1e-4,
        slices: 0.1,
        seed: 5,
    };
    assert_eq!(damaged(wanted, 0.0).0, damaged(wanted, 0.0).0);
    assert_ne!(
        damaged(wanted, 0.0).0,
        damaged(Harm { seed: 6, ..wanted }, 0.0).0
    );
}

#[test]
fn bits_flip_at_their_rate() {
    let wanted = Harm {
        bit_errors: 1e-3,
        ..harm()
    };
    let (out, tally) = damaged(wanted, 0.0);
    let clean = programme();
    let flipped: u32 = out
        .iter()
        .zip(&clean)
        .map(|(a, b)| (a ^ b).count_ones())
        .sum();
    assert_eq!(u64::from(flipped), tally.bits);
    let payload = (200 * (4 * (300 + 6) + 61 * 6 + 14) * 8) as f64;
    let rate = f64::from(flipped) / payload;
    assert!((0.0007..0.0013).contains(&rate), "{rate}");
}

#[test]
fn slices_are_lost_in_place_but_never_the_first() {
    let wanted = Harm {
        slices: 1.0,
        ..harm()
    };
    let (out, tally) = damaged(wanted, 0.0);
    assert_eq!((tally.slices, tally.slices_lost), (600, 600));
    let clean = programme();
    assert_eq!(out.len(), clean.len());
    let changed: Vec<_> = out.iter().zip(&clean).filter(|(a, b)| a != b).collect();
    assert_eq!(changed.len(), 600);
    assert!(
        changed.iter().all(|(a, b)| (**a, **b) == (0x4c, 0x41)),
        "filler data"
    );
}

#[test]
fn the_first_seconds_can_be_spared() {
    let wanted = Harm {
        loss: 0.5,
        ..harm()
    };
    let (out, tally) = damaged(wanted, 4.0);
    let first = programme().len() / 2 - 10 * LENGTH;
    assert_eq!(out[..first], programme()[..first]);
    assert!(tally.lost > 100, "{tally:?}");
}

#[test]
fn out_of_step_bytes_are_left_out() {
    let clean = programme();
    let mut odd = vec![1, 2, 3];
    odd.extend(&clean[..10 * LENGTH]);
    odd.extend([9; 50]);
    odd.extend(&clean[10 * LENGTH..]);
    odd.extend([0x47; 30]);
    let mut out = Vec::new();
    stream(&odd[..], &mut out, &mut Damage::new(harm(), None, 0.0)).unwrap();
    assert_eq!(out, clean);
}

#[test]
fn numbers_are_checked() {
    assert_eq!(pid("0x100"), Ok(256));
    assert_eq!(pid("257"), Ok(257));
    for wrong in ["", "8191", "-1", "x", "0xzz"] {
        assert!(pid(wrong).is_err(), "{wrong}");
    }
    assert!(rate("1e-6").is_ok() && rate("1.1").is_err() && rate("nan").is_err());
    assert!(burst("0.5").is_err() && time("-1").is_err());
}
