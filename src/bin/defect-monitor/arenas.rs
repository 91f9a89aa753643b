// SPDX-License-Identifier: MPL-2.0
//! Limits glibc's malloc arenas to one per core; with many threads, more arenas waste memory.

/// Sets one malloc arena per core instead of eight: each of the hundreds of threads that GStreamer starts and ends
/// leaves a part of an arena unused. With 32 looped streams on 2 cores (`cargo bench --bench soak`) memory grew by
/// half in ten minutes and went on growing; with one arena per core it grew by 3 % from the first fifth of an hour to
/// its end.
///
/// `MALLOC_ARENA_MAX` in the environment wins. Call this before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn one_per_core() {
    if std::env::var_os("MALLOC_ARENA_MAX").is_some() {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    #[expect(
        unsafe_code,
        reason = "the setting is one of the C library, which only libc binds"
    )]
    // SAFETY: sets a parameter of the allocator, which is allowed at any time. Unknown parameters are ignored.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, i32::try_from(cores).unwrap_or(i32::MAX));
    }
}

/// Other allocators don't have as many arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn one_per_core() {}
