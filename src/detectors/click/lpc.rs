// SPDX-License-Identifier: MPL-2.0
//! Linear prediction: the part of a sample that doesn't follow from the samples before it.

/// Order of the prediction, as in Essentia's ClickDetector (Vaseghi, Advanced Digital Signal Processing and Noise Reduction).
pub(super) const ORDER: usize = 12;

/// Keeps the recursion stable on tones and silence: noise 60 dB below the signal, added to its power.
const REGULAR: f64 = 1e-6;

/// Coefficients that predict a sample from the `ORDER` before it.
pub(super) fn predictor(x: &[f32]) -> [f32; ORDER] {
    let mut r = [0.0f64; ORDER + 1];
    for (lag, sum) in r.iter_mut().enumerate() {
        *sum = f64::from(dot(&x[lag.min(x.len())..], x));
    }
    let mut a = [0.0f64; ORDER];
    let mut error = r[0] * (1.0 + REGULAR) + 1e-20;
    for i in 0..ORDER {
        let mut k = r[i + 1];
        for j in 0..i {
            k -= a[j] * r[i - j];
        }
        k /= error;
        let old = a;
        a[i] = k;
        for j in 0..i {
            a[j] = old[j] - k * old[i - 1 - j];
        }
        error *= (1.0 - k * k).max(1e-9);
    }
    a.map(|v| v as f32)
}

/// The residual of each sample; that of the first `ORDER` samples is 0.
pub(super) fn residual(x: &[f32], a: &[f32; ORDER], out: &mut [f32]) {
    let mut reversed = *a;
    reversed.reverse();
    for value in out.iter_mut().take(ORDER) {
        *value = 0.0;
    }
    for (value, w) in out.iter_mut().skip(ORDER).zip(x.windows(ORDER + 1)) {
        let predicted: f32 = w.iter().zip(&reversed).map(|(x, a)| x * a).sum();
        *value = w[ORDER] - predicted;
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    for (x, y) in a8.zip(b8) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    let n = a.len().min(b.len()) / 8 * 8;
    let rest: f32 = a[n.min(a.len())..]
        .iter()
        .zip(&b[n.min(b.len())..])
        .map(|(x, y)| x * y)
        .sum();
    rest + sums.iter().sum::<f32>()
}
