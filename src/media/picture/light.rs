// SPDX-License-Identifier: MPL-2.0
//! Codes that mean the same light under different transfer curves.

use super::Transfer;

/// Light of SDR white, in cd/m2 (ITU-R BT.2035).
const SDR_WHITE: f64 = 100.0;
/// Exponent of a display (ITU-R BT.1886).
const SDR_GAMMA: f64 = 2.4;
/// Peak light of the nominal HLG display, in cd/m2, and its system gamma (ITU-R BT.2100, table 5).
const HLG_PEAK: f64 = 1000.0;
const HLG_GAMMA: f64 = 1.2;

/// The signal between black (0) and white (1) that shows, under `transfer`, the light that `sdr` shows in SDR.
pub fn sdr_to_transfer(sdr: f64, transfer: Transfer) -> f64 {
    let light = SDR_WHITE * sdr.clamp(0.0, 1.0).powf(SDR_GAMMA);
    match transfer {
        Transfer::Sdr | Transfer::Srgb => sdr,
        Transfer::Pq => pq(light / 10_000.0),
        Transfer::Hlg => hlg((light / HLG_PEAK).powf(1.0 / HLG_GAMMA)),
    }
}

/// Inverse EOTF of SMPTE ST 2084: `light` as a fraction of 10 000 cd/m2.
fn pq(light: f64) -> f64 {
    let (m1, m2) = (2610.0 / 16_384.0, 2523.0 / 4096.0 * 128.0);
    let (c1, c2, c3) = (
        3424.0 / 4096.0,
        2413.0 / 4096.0 * 32.0,
        2392.0 / 4096.0 * 32.0,
    );
    let y = light.powf(m1);
    ((c1 + c2 * y) / (1.0 + c3 * y)).powf(m2)
}

/// OETF of ARIB STD-B67: scene light 0 to 1.
fn hlg(scene: f64) -> f64 {
    let (a, b, c) = (0.178_832_77, 0.284_668_92, 0.559_910_73);
    if scene <= 1.0 / 12.0 {
        (3.0 * scene).sqrt()
    } else {
        a * (12.0 * scene - b).ln() + c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_black_shows_the_same_light_everywhere() {
        assert_eq!(sdr_to_transfer(0.1, Transfer::Sdr), 0.1);
        // 0.1 of SDR is 0.4 cd/m2.
        assert!(
            (sdr_to_transfer(0.1, Transfer::Pq) - 0.108).abs() < 0.002,
            "{}",
            sdr_to_transfer(0.1, Transfer::Pq)
        );
        assert!(
            (sdr_to_transfer(0.1, Transfer::Hlg) - 0.066).abs() < 0.002,
            "{}",
            sdr_to_transfer(0.1, Transfer::Hlg)
        );
    }

    #[test]
    fn pq_codes_of_known_luminances() {
        // 10-bit codes of BT.2100: 20 cd/m2 = 377, 200 cd/m2 = 571 of full range 1023.
        for (light, code) in [(20.0, 377.0), (200.0, 571.0)] {
            let signal = pq(light / 10_000.0);
            let limited = 64.0 + signal * 876.0;
            assert!((limited - code).abs() < 1.5, "{light}: {limited}");
        }
    }
}
