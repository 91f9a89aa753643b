// SPDX-License-Identifier: MPL-2.0
//! Damages a transport stream: loses packets and slices, flips bits.

use std::collections::{HashMap, VecDeque};
use std::{fmt, io};

use super::dice::Dice;
use super::slices::{Found, Slices};
use super::ts::{self, Codec, LENGTH, Packet, Tables};
use crate::format::counted;

/// How a stream is damaged.
#[derive(Debug, Clone, Copy)]
pub struct Harm {
    /// Share of the packets that are lost.
    pub loss: f64,
    /// How many in a row, on average.
    pub burst: f64,
    /// Share of the payload bits that are flipped.
    pub bit_errors: f64,
    /// Share of the slices that are lost.
    pub slices: f64,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// Counts of the damage.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Packets that came.
    pub packets: u64,
    /// Packets that could be hit.
    pub hittable: u64,
    /// Packets lost.
    pub lost: u64,
    /// Number of bursts of losses.
    pub bursts: u64,
    /// Bits flipped.
    pub bits: u64,
    /// Slices that could be lost.
    pub slices: u64,
    /// Slices lost.
    pub slices_lost: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} of them video that may be hit: {} lost in {}, {} flipped, {} of {} slices lost",
            counted(self.packets, "packet"),
            self.hittable,
            self.lost,
            counted(self.bursts, "burst"),
            counted(self.bits, "bit"),
            self.slices_lost,
            self.slices
        )
    }
}

/// Damages packet after packet.
#[derive(Debug)]
pub struct Damage {
    harm: Harm,
    only: Option<u16>,
    spare: f64,
    tables: Tables,
    /// Separate generators, so that more damage of one sort doesn't change the other.
    loss: Dice,
    bits: Dice,
    slice: Dice,
    /// Packets of the burst still to be lost; bits until the next is flipped.
    burst: u64,
    until_bit: u64,
    scans: HashMap<u16, Scan>,
    /// Packets that wait for the end of a slice's header, oldest first; numbered from `first`.
    waiting: VecDeque<Packet>,
    first: u64,
    start: Option<f64>,
    spared: bool,
    tally: Tally,
}

#[derive(Debug)]
struct Scan {
    slices: Slices,
    /// Where the type of the latest unit is: number of the packet, byte.
    unit: Option<(u64, usize)>,
}

/// What is done with a packet that is to go on.
pub type Keep<'a> = &'a mut dyn FnMut(&Packet) -> io::Result<()>;

/// Most packets between the first two bytes of a slice; a slice with more is left alone.
const PATIENCE: usize = 1000;

impl Damage {
    /// To all video, or to one PID; nothing in the first `spare` seconds.
    pub fn new(harm: Harm, only: Option<u16>, spare: f64) -> Self {
        let dice = |n: u64| Dice::new(harm.seed.wrapping_mul(3).wrapping_add(n));
        let mut bits = dice(1);
        Self {
            only,
            spare,
            tables: Tables::default(),
            loss: dice(0),
            until_bit: bits.failures(harm.bit_errors),
            bits,
            slice: dice(2),
            burst: 0,
            scans: HashMap::new(),
            waiting: VecDeque::new(),
            first: 0,
            start: None,
            spared: spare <= 0.0,
            tally: Tally::default(),
            harm,
        }
    }

    /// What was done so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The next packet; those that are ready go on.
    pub fn take(&mut self, mut packet: Packet, keep: Keep<'_>) -> io::Result<()> {
        self.tally.packets += 1;
        self.tables.read(&packet);
        let pid = ts::pid(&packet);
        let codec = self.tables.codec(pid);
        let meant = match self.only {
            Some(only) => only == pid,
            None => codec.is_some(),
        };
        if meant && self.begun(&packet) {
            self.tally.hittable += 1;
            if self.is_lost() {
                return Ok(());
            }
            self.flip(&mut packet);
        }
        self.waiting.push_back(packet);
        if meant && self.spared && self.harm.slices > 0.0 {
            self.scan(pid, codec.unwrap_or(Codec::Other));
        }
        self.release(keep)
    }

    /// What still waits goes on.
    pub fn flush(&mut self, keep: Keep<'_>) -> io::Result<()> {
        self.waiting.drain(..).try_for_each(|packet| keep(&packet))
    }

    /// Whether the seconds to be spared are over.
    fn begun(&mut self, packet: &Packet) -> bool {
        if !self.spared
            && let Some(time) = ts::time(packet)
        {
            let start = *self.start.get_or_insert(time);
            // A clock that wrapped or jumped back isn't waited for.
            self.spared = time >= start + self.spare || time < start - 1.0;
        }
        self.spared
    }

    fn is_lost(&mut self) -> bool {
        let Harm { loss, burst, .. } = self.harm;
        if self.burst == 0 {
            // Between bursts so many packets pass that the share comes out right.
            let start = if loss >= 1.0 {
                1.0
            } else {
                (loss / burst / (1.0 - loss)).min(1.0)
            };
            if !self.loss.happens(start) {
                return false;
            }
            self.burst = 1 + self.loss.failures(1.0 / burst);
            self.tally.bursts += 1;
        }
        self.burst -= 1;
        self.tally.lost += 1;
        true
    }

    fn flip(&mut self, packet: &mut Packet) {
        let Some(at) = ts::payload(packet) else {
            return;
        };
        let mut left = 8 * (LENGTH - at) as u64;
        let mut bit = 8 * at as u64;
        while self.until_bit < left {
            bit += self.until_bit;
            packet[(bit / 8) as usize] ^= 0x80 >> (bit % 8);
            self.tally.bits += 1;
            left -= self.until_bit + 1;
            bit += 1;
            self.until_bit = self.bits.failures(self.harm.bit_errors);
        }
        self.until_bit = self.until_bit.saturating_sub(left);
    }

    /// Looks for slices in the packet that came last.
    fn scan(&mut self, pid: u16, codec: Codec) {
        let number = self.first + self.waiting.len() as u64 - 1;
        let Some(packet) = self.waiting.back() else {
            return;
        };
        let Some(from) = ts::stream_start(packet) else {
            return;
        };
        let packet = *packet;
        let scan = self.scans.entry(pid).or_insert_with(|| Scan {
            slices: Slices::new(codec),
            unit: None,
        });
        for (at, byte) in packet.iter().enumerate().skip(from) {
            match scan.slices.take(*byte) {
                Found::Nothing => {}
                Found::Type => scan.unit = Some((number, at)),
                Found::First => scan.unit = None,
                Found::Slice => {
                    let Some((number, at)) = scan.unit.take() else {
                        continue;
                    };
                    self.tally.slices += 1;
                    let there = number
                        .checked_sub(self.first)
                        .and_then(|i| self.waiting.get_mut(i as usize));
                    if self.slice.happens(self.harm.slices)
                        && let Some(packet) = there
                    {
                        packet[at] = scan.slices.skipped(packet[at]);
                        self.tally.slices_lost += 1;
                    }
                }
            }
        }
        if scan
            .unit
            .is_some_and(|(n, _)| n + (PATIENCE as u64) < number)
        {
            scan.unit = None;
        }
    }

    /// Lets go what no unit waits for.
    fn release(&mut self, keep: Keep<'_>) -> io::Result<()> {
        let end = self.first + self.waiting.len() as u64;
        let held = self.scans.values().filter_map(|scan| scan.unit);
        let least = held.map(|(number, _)| number).min().unwrap_or(end);
        while self.first < least
            && let Some(packet) = self.waiting.pop_front()
        {
            self.first += 1;
            keep(&packet)?;
        }
        Ok(())
    }
}
