// SPDX-License-Identifier: MPL-2.0
//! What the process uses, as Linux tells it.

/// Ticks of a second in `/proc`, which Linux fixes for programs whatever its own clock does: `USER_HZ`, see proc(5).
const TICKS: f64 = 100.0;
/// In `statm`; the smallest there is. Asking the system needs a C library.
const PAGE: f64 = 4096.0;

/// What it has used.
pub struct Used {
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// Memory it has now, in bytes.
    pub resident_bytes: f64,
}

/// So far; nothing where there is no `/proc`.
pub fn used() -> Option<Used> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let status = std::fs::read_to_string("/proc/self/statm").ok()?;
    // The name of the program, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    let pages: f64 = status.split_whitespace().nth(1)?.parse().ok()?;
    Some(Used {
        cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS,
        resident_bytes: pages * PAGE,
    })
}
