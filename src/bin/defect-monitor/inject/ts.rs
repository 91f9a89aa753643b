// SPDX-License-Identifier: MPL-2.0
//! Packets of a transport stream (ISO/IEC 13818-1), as far as needed to find the video in them.

use std::io::{self, Read};

/// Bytes of a packet.
pub const LENGTH: usize = 188;
/// The first of them.
const SYNC: u8 = 0x47;

/// A packet.
pub type Packet = [u8; LENGTH];

/// Reads packets; what isn't one is left out.
#[derive(Debug)]
pub struct Packets<R> {
    input: R,
}

impl<R: Read> Packets<R> {
    /// Reads packets from `from`.
    pub fn new(input: R) -> Self {
        Self { input }
    }

    /// The next one; none at the end.
    pub fn next_packet(&mut self) -> io::Result<Option<Packet>> {
        let mut packet = [0; LENGTH];
        let mut have = 0;
        loop {
            while have < LENGTH {
                match self.input.read(&mut packet[have..]) {
                    Ok(0) => return Ok(None),
                    Ok(n) => have += n,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                }
            }
            if packet[0] == SYNC {
                return Ok(Some(packet));
            }
            // Out of sync: continue at the next byte that may be a sync byte.
            let skip = packet[1..].iter().position(|b| *b == SYNC);
            let skip = skip.map_or(LENGTH, |at| at + 1);
            packet.copy_within(skip.., 0);
            have = LENGTH - skip;
        }
    }
}

/// Its PID.
pub fn pid(packet: &Packet) -> u16 {
    u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2])
}

/// Whether a section or a PES packet begins in it.
pub fn starts(packet: &Packet) -> bool {
    packet[1] & 0x40 != 0
}

/// Where its payload begins; none if it has none.
pub fn payload(packet: &Packet) -> Option<usize> {
    if packet[3] & 0x10 == 0 {
        return None;
    }
    let at = if packet[3] & 0x20 == 0 {
        4
    } else {
        5 + usize::from(packet[4])
    };
    (at < LENGTH).then_some(at)
}

/// Where the elementary stream begins in a packet's payload, behind a PES header that begins there.
pub fn stream_start(packet: &Packet) -> Option<usize> {
    let at = payload(packet)?;
    if !starts(packet) {
        return Some(at);
    }
    let header = packet.get(at..at + 9)?;
    let end = at + 9 + usize::from(header[8]);
    (header[..3] == [0, 0, 1] && end < LENGTH).then_some(end)
}

/// The presentation time of the PES packet that begins in it, in seconds.
pub fn time(packet: &Packet) -> Option<f64> {
    let at = payload(packet).filter(|_| starts(packet))?;
    let p = packet.get(at..at + 14)?;
    if p[..3] != [0, 0, 1] || p[7] & 0x80 == 0 {
        return None;
    }
    let [a, b, c, d, e] = [p[9], p[10], p[11], p[12], p[13]].map(u64::from);
    let ticks = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1;
    Some(ticks as f64 / 90_000.0)
}

/// How pictures are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// MPEG-1 and MPEG-2.
    Mpeg2,
    /// AVC.
    H264,
    /// HEVC.
    H265,
    /// Something else, or not known.
    Other,
}

/// Which PIDs carry video.
#[derive(Debug, Default)]
pub struct Tables {
    maps: Vec<u16>,
    video: Vec<(u16, Codec)>,
}

impl Tables {
    /// Reads a packet, if it has a table that begins and ends in it (as good as all do).
    pub fn read(&mut self, packet: &Packet) {
        let pid = pid(packet);
        if pid != 0 && !self.maps.contains(&pid) {
            return;
        }
        let Some(section) = section(packet) else {
            return;
        };
        match (pid, section[0]) {
            (0, 0) => {
                let programmes = section[8..].chunks_exact(4);
                for p in programmes.filter(|p| p[..2] != [0, 0]) {
                    let map = u16::from(p[2] & 0x1f) << 8 | u16::from(p[3]);
                    if !self.maps.contains(&map) {
                        self.maps.push(map);
                    }
                }
            }
            (_, 2) => self.streams(section),
            _ => {}
        }
    }

    fn streams(&mut self, section: &[u8]) {
        let length = |at: usize| {
            section
                .get(at..at + 2)
                .map_or(0, |b| usize::from(b[0] & 0x0f) << 8 | usize::from(b[1]))
        };
        let mut at = 12 + length(10);
        while let Some(stream) = section.get(at..at + 5) {
            let pid = u16::from(stream[1] & 0x1f) << 8 | u16::from(stream[2]);
            let codec = match stream[0] {
                0x01 | 0x02 => Some(Codec::Mpeg2),
                0x1b => Some(Codec::H264),
                0x24 => Some(Codec::H265),
                0x10 | 0x20 | 0x21 | 0x33 | 0x42 | 0xd1 | 0xea => Some(Codec::Other),
                _ => None,
            };
            if let Some(codec) = codec
                && self.codec(pid).is_none()
            {
                self.video.push((pid, codec));
            }
            at += 5 + length(at + 3);
        }
    }

    /// How the video of that PID is coded, if it is video.
    pub fn codec(&self, pid: u16) -> Option<Codec> {
        let known = self.video.iter().find(|(known, _)| *known == pid);
        known.map(|(_, codec)| *codec)
    }
}

/// The section that begins in the packet, without its checksum.
fn section(packet: &Packet) -> Option<&[u8]> {
    let at = payload(packet).filter(|_| starts(packet))?;
    let at = at + 1 + usize::from(*packet.get(at)?);
    let header = packet.get(at..at + 3)?;
    let length = usize::from(header[1] & 0x0f) << 8 | usize::from(header[2]);
    let end = (at + 3 + length).min(LENGTH).checked_sub(4)?;
    packet.get(at..end).filter(|s| s.len() >= 8)
}
