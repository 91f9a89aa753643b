// SPDX-License-Identifier: MPL-2.0
//! What becomes of a worker that touches memory that isn't there.

/// Has a fault end the process at once, also one that another process sends. Rust's own handler, which names stacks that overflow, ignores the
/// first of those.
pub fn end_the_process() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        #[expect(unsafe_code, reason = "no crate sets the action for these signals")]
        // SAFETY: the default action runs no code of ours, and nothing else in this process handles these signals.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}
