// SPDX-License-Identifier: MPL-2.0
//! MPEG transport streams, made and sent as a head end does.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::running::{Folder, play};

/// Bytes of a packet.
const PACKET: usize = 188;

/// What is in a piece of a programme.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// When it starts in the programme, and how long it lasts, in seconds.
    pub at: u32,
    pub seconds: u32,
    /// The width of its pictures.
    pub width: u32,
    /// The encoder of its sound; none: no sound.
    pub sound: &'a str,
    /// Version of its PMT: another one than before tells receivers that the tracks have changed.
    pub version: u8,
}

impl Piece<'_> {
    /// The packets.
    pub fn make(&self, folder: &Folder, name: &str) -> Vec<u8> {
        let path = folder.path(name);
        let (from, width) = (u64::from(self.at) * 1_000_000_000, self.width);
        let (pictures, buffers) = (self.seconds * 25, self.seconds * 48_000 / 1024);
        let sound = match self.sound {
            "" => String::new(),
            encoder => format!(
                "audiotestsrc num-buffers={buffers} timestamp-offset={from} ! audio/x-raw,rate=48000,channels=2 \
                 ! audioconvert ! {encoder} ! m."
            ),
        };
        play(&format!(
            "mpegtsmux name=m ! filesink location={path} \
             videotestsrc pattern=ball num-buffers={pictures} timestamp-offset={from} \
             ! video/x-raw,format=I420,width={width},height=120,framerate=25/1 \
             ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! m. {sound}"
        ));
        let mut packets = std::fs::read(path).unwrap();
        set_pmt_version(&mut packets, self.version);
        packets
    }
}

/// Identifier of a packet's stream.
fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff
}

/// Leaves out the packets of the second elementary stream, which is the sound's; the PMT still has it.
pub fn without_sound(packets: &[u8]) -> Vec<u8> {
    let keeps = |packet: &&[u8]| pid(packet) != 0x42;
    packets
        .chunks(PACKET)
        .filter(keeps)
        .flatten()
        .copied()
        .collect()
}

/// Gives the PMT, which is in one packet each time, another version.
fn set_pmt_version(packets: &mut [u8], version: u8) {
    for packet in packets.chunks_mut(PACKET) {
        let packet_starts = packet[1] & 0x40 != 0 && pid(packet) != 0x41 && pid(packet) != 0x42;
        let adaptation = match packet[3] & 0x20 {
            0 => 0,
            _ => 1 + usize::from(packet[4]),
        };
        // A section starts in it, after the pointer; that of a PMT has the table id 2.
        let Some(section) = packet.get_mut(4 + adaptation + 1..) else {
            continue;
        };
        if packet_starts && section.first() == Some(&2) {
            let end = 3 + usize::from(u16::from_be_bytes([section[1], section[2]]) & 0xfff);
            section[5] = (section[5] & 0xc1) | (version << 1);
            let sum = crc(&section[..end - 4]).to_be_bytes();
            section[end - 4..end].copy_from_slice(&sum);
        }
    }
}

/// The CRC of sections (ISO/IEC 13818-1, annex A).
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            let carry = crc >> 31;
            (crc << 1) ^ (carry * 0x04c1_1db7)
        })
    })
}

/// Sends packets to a port of this machine in so many seconds.
pub fn send(port: u16, packets: &[u8], seconds: u32) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (start, whole) = (Instant::now(), Duration::from_secs(seconds.into()));
    let datagrams = packets.chunks(PACKET * 7);
    let count = datagrams.len() as u32;
    for (n, datagram) in (0..).zip(datagrams) {
        let due = start + whole * n / count;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let _ = socket.send_to(datagram, ("127.0.0.1", port));
    }
}
