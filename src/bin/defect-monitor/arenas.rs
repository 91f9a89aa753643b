// SPDX-License-Identifier: MPL-2.0
//! How much memory the C library's allocator leaves lying about between threads.

/// Lets it have one arena for each core, where glibc would take eight: no more threads than that run at the same moment, and of the
/// hundreds that GStreamer starts and ends, each leaves some of an arena unused. Of 32 looped streams on 2 cores (`cargo bench --bench soak`)
/// memory grew by half in ten minutes and didn't stop; like this it grew by 3 % from the first fifth of an hour to its end.
///
/// `MALLOC_ARENA_MAX` in the environment has the last word. Call it before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn one_per_core() {
    if std::env::var_os("MALLOC_ARENA_MAX").is_some() {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    #[expect(unsafe_code, reason = "only the C library has this setting")]
    // SAFETY: sets a number of the allocator, at any time. What it can't set it ignores.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, i32::try_from(cores).unwrap_or(i32::MAX));
    }
}

/// Other allocators have no arenas to speak of.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn one_per_core() {}
