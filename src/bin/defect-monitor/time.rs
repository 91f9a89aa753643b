// SPDX-License-Identifier: MPL-2.0
//! Times for people.

/// `h:mm:ss.mmm`.
pub fn clock(ns: u64) -> String {
    let ms = ns / 1_000_000 + u64::from(ns % 1_000_000 >= 500_000);
    let (s, ms) = (ms / 1000, ms % 1000);
    format!("{}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

/// `h:mm:ss`, for what changes all the time.
pub fn short(ns: u64) -> String {
    let s = ns / 1_000_000_000;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_to_the_millisecond() {
        assert_eq!(clock(0), "0:00:00.000");
        assert_eq!(clock(59_999_600_000), "0:01:00.000");
        assert_eq!(clock(3_723_040_000_000), "1:02:03.040");
        assert_eq!(short(3_723_940_000_000), "1:02:03");
    }
}
