// SPDX-License-Identifier: MPL-2.0
//! Counts text, control codes, padding and errors in caption data.
//!
//! Codes are decoded by the crates `cea608-types` and `cea708-types`. Packets are parsed here: that takes a few lines, which must cope
//! with any damaged data.

use cea608_types::{
    Cea608, Cea608State, Mode,
    tables::{Channel, Code},
};
use cea708_types::{DTVCCPacket, tables::Code as Code708};

use crate::media::captions::{self, Packing};

/// What was found in some packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Byte pairs of CEA-608, padding included.
    pub pairs: u32,
    /// Those with a parity error.
    pub parity_errors: u32,
    /// Pairs of codes that don't exist.
    pub unknown_codes: u32,
    /// Pairs that are neither padding nor new text.
    pub controls: u32,
    /// Packets of CEA-708 services.
    pub packets: u32,
    /// Packets of any kind that can't be read.
    pub broken_packets: u32,
    /// New characters of CEA-608.
    pub characters_608: u32,
    /// New characters of CEA-708.
    pub characters_708: u32,
    /// New characters of timed text.
    pub characters: u32,
    /// Whether there was any caption data at all.
    pub any: bool,
    /// Whether new text appeared as it came (roll-up, paint-on).
    pub typed: bool,
    /// Whether text that had come before was shown at once (pop-on).
    pub shown: bool,
}

impl Tally {
    /// New characters of any sort.
    pub fn text(&self) -> u32 {
        sum([self.characters_608, self.characters_708, self.characters])
    }

    /// Number of pairs and packets.
    pub fn pieces(&self) -> u32 {
        sum([self.pairs, self.packets, self.broken_packets])
    }

    /// Number of pairs and packets that can't be read.
    pub fn broken(&self) -> u32 {
        sum([self.parity_errors, self.unknown_codes, self.broken_packets])
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.pairs, other.pairs),
            (&mut self.parity_errors, other.parity_errors),
            (&mut self.unknown_codes, other.unknown_codes),
            (&mut self.controls, other.controls),
            (&mut self.packets, other.packets),
            (&mut self.broken_packets, other.broken_packets),
            (&mut self.characters_608, other.characters_608),
            (&mut self.characters_708, other.characters_708),
            (&mut self.characters, other.characters),
        ] {
            *own = own.saturating_add(other);
        }
        self.any |= other.any;
        self.typed |= other.typed;
        self.shown |= other.shown;
    }
}

/// A sum that saturates: the counts of years without a measurement don't fit 32 bits.
fn sum(counts: [u32; 3]) -> u32 {
    counts.into_iter().fold(0, u32::saturating_add)
}

/// One field of CEA-608.
#[derive(Debug, Default)]
struct Field {
    state: Cea608State,
    /// The last pair of text: the same again and again is no new text.
    last_text: [u8; 2],
    /// Extended data services, which aren't captions, are being sent.
    in_xds: bool,
    display: Display,
}

impl Field {
    /// Takes a control code of the first service.
    fn control(&mut self, code: &Cea608, tally: &mut Tally) {
        match code {
            Cea608::NewMode(_, mode) => self.display.is_hidden = *mode == Mode::PopOn,
            Cea608::EndOfCaption(_) => {
                self.display.is_hidden = true;
                self.display.show(tally);
            }
            _ => {}
        }
    }
}

/// Whether text is seen as it comes, or shown later.
#[derive(Debug, Default)]
struct Display {
    is_hidden: bool,
    has_loaded: bool,
}

impl Display {
    fn note_text(&mut self, tally: &mut Tally) {
        if self.is_hidden {
            self.has_loaded = true;
        } else {
            tally.typed = true;
        }
    }

    fn show(&mut self, tally: &mut Tally) {
        tally.shown |= std::mem::take(&mut self.has_loaded);
    }
}

/// Decodes a stream of caption data.
#[derive(Debug, Default)]
pub struct Decoder {
    fields: [Field; 2],
    /// The DTVCC packet that is being put together, and how long it will be.
    packet: Vec<u8>,
    length: usize,
    /// The display of CEA-708: what it shows counts unless CEA-608 has the same text.
    display: Display,
    has_608: bool,
}

impl Decoder {
    /// Decodes a packet and counts its content.
    pub fn decode(&mut self, packing: Packing, data: &[u8]) -> Tally {
        let mut tally = Tally {
            any: !data.is_empty(),
            ..Tally::default()
        };
        match packing {
            Packing::Cea608 => {
                for pair in data.as_chunks::<2>().0 {
                    self.pair(0, *pair, &mut tally);
                }
            }
            Packing::Cea608WithField => {
                for [field, a, b] in data.as_chunks::<3>().0 {
                    self.pair(usize::from(field & 0x80 == 0), [*a, *b], &mut tally);
                }
            }
            Packing::CcData => self.triplets(data, &mut tally),
            Packing::Cdp => match captions::cc_data(data) {
                Some(place) => self.triplets(&data[place], &mut tally),
                None => tally.broken_packets += 1,
            },
            Packing::Text => {
                let shown = data
                    .iter()
                    .filter(|byte| !byte.is_ascii_whitespace() && **byte != 0);
                tally.characters = shown.count() as u32;
                tally.any = tally.characters > 0;
                tally.typed = tally.any;
            }
        }
        tally
    }

    /// `cc_data` (CTA-708-E, 4.4): triplets of validity and type, and two bytes.
    fn triplets(&mut self, data: &[u8], tally: &mut Tally) {
        for [head, a, b] in data.as_chunks::<3>().0 {
            let is_valid = head & 4 != 0;
            match (head & 3, is_valid) {
                (field @ (0 | 1), true) => self.pair(usize::from(field), [*a, *b], tally),
                (3, true) => {
                    self.finish(tally);
                    self.length = match a & 0x3f {
                        0 => 128,
                        pairs => 2 * usize::from(pairs),
                    };
                    self.collect([*a, *b], tally);
                }
                (2, true) => self.collect([*a, *b], tally),
                _ => {}
            }
        }
    }

    fn collect(&mut self, bytes: [u8; 2], tally: &mut Tally) {
        if self.length == 0 {
            // The start of the packet was before the start of the stream.
            return;
        }
        self.packet.extend(bytes);
        if self.packet.len() >= self.length {
            self.finish(tally);
        }
    }

    /// Decodes the collected packet: it is complete, or another one begins.
    fn finish(&mut self, tally: &mut Tally) {
        let is_complete = self.packet.len() >= self.length;
        if std::mem::take(&mut self.length) == 0 {
            return;
        }
        match DTVCCPacket::parse(&self.packet) {
            Ok(packet) if is_complete => {
                tally.packets += 1;
                for service in packet.services().iter().filter(|s| s.number() > 0) {
                    let is_first = service.number() == 1;
                    for code in service.codes() {
                        self.code_708(code, is_first && !self.has_608, tally);
                    }
                }
            }
            _ => tally.broken_packets += 1,
        }
        self.packet.clear();
    }

    /// `is_seen`: when its text is seen counts.
    fn code_708(&mut self, code: &Code708, is_seen: bool, tally: &mut Tally) {
        let is_text = code.char().is_some_and(|c| !c.is_whitespace());
        tally.characters_708 += u32::from(is_text);
        match code {
            _ if !is_seen => {}
            Code708::DefineWindow(window) => self.display.is_hidden = !window.visible,
            Code708::DisplayWindows(_) | Code708::ToggleWindows(_) => self.display.show(tally),
            _ if is_text => self.display.note_text(tally),
            _ => {}
        }
    }

    fn pair(&mut self, field: usize, pair: [u8; 2], tally: &mut Tally) {
        tally.pairs += 1;
        let [first, second] = pair.map(|byte| byte & 0x7f);
        if (first, second) == (0, 0) {
            return;
        }
        let is_second = field == 1;
        let field = &mut self.fields[field];
        let Ok(codes) = Code::from_data(pair) else {
            tally.parity_errors += 1;
            return;
        };
        match first {
            0x01..=0x0e if is_second => field.in_xds = true,
            0x0f if is_second => field.in_xds = false,
            0x10..=0x1f => field.in_xds = false,
            0x20.. if field.in_xds => {}
            _ if codes.iter().any(|code| matches!(code, Code::Unknown(_))) => {
                tally.unknown_codes += 1;
                return;
            }
            _ => {}
        }
        if field.in_xds || (first < 0x10 && is_second) {
            return;
        }
        match field.state.decode(pair) {
            Ok(Some(Cea608::Text(text))) => {
                let shown = [text.char1, text.char2].into_iter().flatten();
                let count = shown.filter(|c| !c.is_whitespace()).count() as u32;
                if pair == field.last_text {
                    tally.controls += 1;
                } else {
                    tally.characters_608 += count;
                    if count > 0 && !is_second && text.channel == Channel::ONE {
                        self.has_608 = true;
                        field.display.note_text(tally);
                    }
                }
                field.last_text = pair;
            }
            Ok(Some(code)) => {
                tally.controls += 1;
                if !is_second && code.channel() == Channel::ONE {
                    field.control(&code, tally);
                }
            }
            _ => tally.controls += 1,
        }
    }
}
