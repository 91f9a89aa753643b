// SPDX-License-Identifier: MPL-2.0
//! CPU and memory that this process may use, and that it uses.
//!
//! Limits of control groups (version 2, as containers and systemd set them) count, also those of the groups around.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// Share of the machine that streams may take. The rest is for expensive pictures of a programme, for results and the
/// page, and for catching up: with a fifth to spare, one second of delay takes four.
pub const HEADROOM: f64 = 0.8;

/// A share, as users write it.
pub fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok();
    share
        .filter(|s| *s > 0.0 && *s <= 1.0)
        .ok_or_else(|| "not a number over 0, up to 1".to_owned())
}

/// The resources of this process.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Machine {
    /// Cores that it may run on at a time; a fraction under a quota.
    pub cores: f64,
    /// Bytes of memory: what it has and what it could have.
    pub memory: u64,
}

impl Machine {
    /// As it is now.
    pub fn here() -> Self {
        let cores = read("/proc/self/status").and_then(|text| allowed_cores(&text));
        let cores =
            cores.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let group = read("/proc/self/cgroup").and_then(|text| {
            Some(
                text.lines()
                    .find_map(|l| l.strip_prefix("0::/"))?
                    .to_owned(),
            )
        });
        let group = group.unwrap_or_default();
        let groups = || {
            Path::new(&group)
                .ancestors()
                .map(|g| Path::new(GROUPS).join(g))
        };
        let quota = groups().filter_map(|g| quota(&read(g.join("cpu.max"))?));
        let room = groups().filter_map(|g| {
            let number = |name| read(g.join(name))?.trim().parse::<u64>().ok();
            Some(number("memory.max")?.saturating_sub(number("memory.current")?))
        });
        let free = read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemAvailable:"));
        let free = room.chain(free).min().unwrap_or(u64::MAX);
        Self {
            cores: quota.fold(cores as f64, f64::min),
            memory: free.saturating_add(resident()),
        }
    }
}

/// CPU time of this process so far, all its threads together.
pub fn process_cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// CPU time of this thread so far.
pub fn thread_cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Bytes of memory that this process has now; 0 where the system doesn't say.
pub fn resident() -> u64 {
    read("/proc/self/status")
        .and_then(|text| kilobytes(&text, "VmRSS:"))
        .unwrap_or(0)
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A line of proc(5) in bytes: `VmRSS:   1234 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

/// Cores that the scheduler may use: `Cpus_allowed_list:  0-3,8`.
fn allowed_cores(status: &str) -> Option<usize> {
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let count = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<usize>().ok()? + 1 - first.parse::<usize>().ok()?)
    };
    list.trim().split(',').map(count).sum()
}

/// Cores of a quota: `150000 100000` is one and a half; none if it starts with `max`.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then_some(quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        assert_eq!(quota("150000 100000\n"), Some(1.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(
            allowed_cores("Name:\tx\nCpus_allowed_list:\t0-3,8\n"),
            Some(5)
        );
        assert_eq!(allowed_cores("Cpus_allowed_list:\t7\n"), Some(1));
        assert_eq!(
            kilobytes("VmPeak:\t 9 kB\nVmRSS:\t    12 kB\n", "VmRSS:"),
            Some(12_288)
        );
    }

    #[test]
    fn this_machine_has_something_to_offer() {
        let machine = Machine::here();
        assert!(
            machine.cores > 0.0 && machine.cores < 10_000.0,
            "{machine:?}"
        );
        assert!(
            machine.memory > resident() && resident() > 1 << 20,
            "{machine:?}"
        );
    }
}
