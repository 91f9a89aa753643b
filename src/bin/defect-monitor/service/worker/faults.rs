// SPDX-License-Identifier: MPL-2.0
//! Restores the default action of SIGSEGV and SIGBUS in workers, so that a crash ends the process at once.

/// Restores the default actions, also for signals sent by another process: Rust's own handler, which reports stack
/// overflows, ignores the first of those.
pub fn end_the_process() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        #[expect(
            unsafe_code,
            reason = "signal-hook refuses these signals, and elsewhere setting an action is unsafe as well"
        )]
        // SAFETY: the default action runs no code of ours, and nothing else in this process handles these signals.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}
