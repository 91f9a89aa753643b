// SPDX-License-Identifier: MPL-2.0
//! Where in a line the samples lie that are read, and the quick way to read bytes at regular distances.

/// Places of samples in a line.
#[derive(Debug)]
pub struct Places {
    pub(super) all: Vec<usize>,
    /// The distance from each place to the next, if it is always the same; else 0.
    pitch: usize,
}

impl Places {
    pub(super) fn new(all: Vec<usize>) -> Self {
        let pitch = match all[..] {
            [first, second, ..] if second > first => second - first,
            _ => 0,
        };
        let is_even = all.windows(2).all(|pair| pair[1] - pair[0] == pitch);
        Self {
            pitch: if is_even { pitch } else { 0 },
            all,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The first one.
    pub(super) fn first(&self) -> usize {
        self.all.first().copied().unwrap_or(0)
    }

    /// The length of equal parts of a line of `length` bytes that have one place each, with the sample `step` bytes after it; 0 if the
    /// line can't be divided so.
    pub(super) fn pitch(&self, step: usize, length: usize) -> usize {
        let is_whole = self.first() + step < self.pitch && self.pitch * self.all.len() <= length;
        if is_whole { self.pitch } else { 0 }
    }
}

/// Writes as codes of 10 bits the byte at the same place of each part of `N` bytes of a line, or with a line `below` the means of four:
/// each byte, that `next` bytes after it, and those of the line below.
#[inline(always)]
pub(super) fn take_even<const N: usize>(
    out: &mut [u16],
    (line, below): (&[u8], Option<&[u8]>),
    first: usize,
    next: usize,
) {
    // The remainder is the same; with it, no check is left in the loop.
    let (at, beside) = (first % N, (first + next) % N);
    let parts = line.as_chunks::<N>().0;
    let Some(below) = below else {
        for (out, part) in out.iter_mut().zip(parts) {
            *out = u16::from(part[at]) << 2;
        }
        return;
    };
    let two = |part: &[u8; N]| u16::from(part[at]) + u16::from(part[beside]);
    for ((out, part), below) in out.iter_mut().zip(parts).zip(below.as_chunks::<N>().0) {
        *out = two(part) + two(below);
    }
}
