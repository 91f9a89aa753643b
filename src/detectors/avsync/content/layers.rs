// SPDX-License-Identifier: MPL-2.0
//! What the network is made of: its weights, and the layer that takes most of the work.

/// Channels are kept in eights, the rest is 0.
const LANES: usize = 8;

/// Pixels that are worked out at once.
const ROW: usize = 4;

const WEIGHTS: &[u8] = include_bytes!("blazeface.f16");

/// So many channels are kept for that many.
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// Every output from all inputs of the same pixel.
#[derive(Debug)]
pub struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    /// By eight outputs, input, output.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    /// Pixels by fours; their number has to be divisible.
    pub fn apply(&self, from: &[f32], to: &mut [f32]) {
        let blocks = self.weights.chunks_exact(self.inputs * LANES);
        for (block, (weights, bias)) in blocks.zip(self.bias.as_chunks::<LANES>().0).enumerate() {
            let weights = weights.as_chunks::<LANES>().0;
            let pixels = from.chunks_exact(self.inputs * ROW);
            for (from, to) in pixels.zip(to.chunks_exact_mut(self.outputs * ROW)) {
                let (a, rest) = from.split_at(self.inputs);
                let (b, rest) = rest.split_at(self.inputs);
                let (c, d) = rest.split_at(self.inputs);
                let mut sums = [*bias; ROW];
                for ((((w, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
                    for lane in 0..LANES {
                        sums[0][lane] += a * w[lane];
                        sums[1][lane] += b * w[lane];
                        sums[2][lane] += c * w[lane];
                        sums[3][lane] += d * w[lane];
                    }
                }
                for (sums, to) in sums.iter().zip(to.chunks_exact_mut(self.outputs)) {
                    to[block * LANES..(block + 1) * LANES].copy_from_slice(sums);
                }
            }
        }
    }
}

/// Reads the weights in their order.
#[derive(Default)]
pub struct Reader(usize);

impl Reader {
    fn take(&mut self, count: usize) -> impl Iterator<Item = f32> + use<> {
        let from = self.0 * 2;
        self.0 += count;
        let bytes = WEIGHTS.get(from..from + count * 2).unwrap_or_default();
        bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|b| half(u16::from_le_bytes(*b)))
    }

    /// Rows of so many numbers each, padded.
    pub fn rows(&mut self, rows: usize, width: usize) -> Vec<f32> {
        let mut out = vec![0.0; rows * padded(width)];
        for (i, value) in self.take(rows * width).enumerate() {
            out[i / width * padded(width) + i % width] = value;
        }
        out
    }

    pub fn dense(&mut self, inputs: usize, outputs: usize) -> Dense {
        let mut weights = vec![0.0; padded(inputs) * padded(outputs)];
        for (i, value) in self.take(inputs * outputs).enumerate() {
            let (input, output) = (i / outputs, i % outputs);
            let eight = output / LANES * padded(inputs);
            weights[(eight + input) * LANES + output % LANES] = value;
        }
        Dense {
            inputs: padded(inputs),
            outputs: padded(outputs),
            weights,
            bias: self.rows(1, outputs),
        }
    }
}

/// A number of 16 bits (IEEE 754); no infinities here.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff) / 1024.0);
    sign * if exponent == 0 {
        fraction * 2f32.powi(-14)
    } else {
        (1.0 + fraction) * 2f32.powi(exponent - 15)
    }
}
