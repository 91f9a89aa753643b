// SPDX-License-Identifier: MPL-2.0
//! Coded pictures that are never shown: others refer to them, and they have the time of the next one (alternate reference frames).

/// How a stream says that a coded picture isn't shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hiding {
    /// By its flags alone.
    Flags,
    /// VP8: bit 4 of the first byte is `show_frame` (RFC 6386, 9.1).
    Vp8,
    /// VP9: `show_frame` in the uncompressed header, unless the buffer is a superframe (VP9 Bitstream and Decoding Process
    /// Specification 0.6, 6.2 and annex B).
    Vp9,
}

impl Hiding {
    /// For a stream with caps of that name.
    pub fn of(name: &str) -> Self {
        match name {
            "video/x-vp8" => Self::Vp8,
            "video/x-vp9" => Self::Vp9,
            _ => Self::Flags,
        }
    }

    /// Whether a buffer is a picture that is never shown.
    pub fn hides(self, buffer: &gst::BufferRef) -> bool {
        if buffer.flags().contains(gst::BufferFlags::DECODE_ONLY) {
            return true;
        }
        match self {
            Self::Flags => false,
            Self::Vp8 => byte(buffer, 0).is_some_and(|first| first & 0x10 == 0),
            Self::Vp9 => {
                let last = buffer.size().checked_sub(1).and_then(|at| byte(buffer, at));
                let is_superframe = last.is_some_and(|last| last & 0xe0 == 0xc0);
                !is_superframe && byte(buffer, 0).is_some_and(|first| !shows_vp9(first))
            }
        }
    }
}

/// Whether the header of a VP9 frame with that first byte says that it is shown.
fn shows_vp9(first: u8) -> bool {
    let bit = |n: u32| first >> (7 - n) & 1 == 1;
    // Marker of two bits, profile of two bits, and a reserved bit if the profile is 3.
    let next = if bit(2) && bit(3) { 5 } else { 4 };
    let (shows_existing, is_shown) = (bit(next), bit(next + 2));
    first >> 6 != 2 || shows_existing || is_shown
}

fn byte(buffer: &gst::BufferRef, at: usize) -> Option<u8> {
    if at >= buffer.size() {
        return None;
    }
    let mut byte = [0];
    buffer.copy_to_slice(at, &mut byte).ok()?;
    Some(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hides(name: &str, data: &'static [u8]) -> bool {
        gst::init().unwrap();
        Hiding::of(name).hides(&gst::Buffer::from_slice(data))
    }

    #[test]
    fn alternate_reference_frames_are_hidden() {
        // Frame tags of libvpx: a key frame, an inter frame, and one that isn't shown.
        assert!(!hides("video/x-vp8", &[0x50, 0x28, 0]));
        assert!(!hides("video/x-vp8", &[0x31, 0x02, 0]));
        assert!(hides("video/x-vp8", &[0x21, 0x02, 0]));
        // A key frame, an inter frame, one that isn't shown, and the same in a superframe of two.
        assert!(!hides("video/x-vp9", &[0x82, 0x49, 0x83]));
        assert!(!hides("video/x-vp9", &[0x86, 0, 0]));
        assert!(hides("video/x-vp9", &[0x84, 0, 0]));
        assert!(!hides("video/x-vp9", &[0x84, 0, 0xc1]));
        // An older frame is shown again.
        assert!(!hides("video/x-vp9", &[0x88]));
        assert!(!hides("video/x-vp8", &[]));
        assert!(!hides("video/x-h264", &[0]));
    }
}
