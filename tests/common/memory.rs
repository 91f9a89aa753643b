// SPDX-License-Identifier: MPL-2.0
//! Memory that nobody wishes to meet.
#![allow(
    unsafe_code,
    reason = "the safe API makes no memory that is wrong in these ways"
)]

/// The same content in memory that refuses to be shared.
pub fn no_share(buffer: &gst::BufferRef) -> gst::Buffer {
    with_memory(buffer, |memory| {
        // SAFETY: nobody else knows the memory yet.
        unsafe {
            (*memory).mini_object.flags |= gst::ffi::GST_MEMORY_FLAG_NO_SHARE;
        }
    })
}

/// The same content in memory that can't be mapped: somebody has it mapped for writing.
pub fn unmappable(buffer: &gst::BufferRef) -> gst::Buffer {
    with_memory(buffer, |memory| {
        let mut info = std::mem::MaybeUninit::uninit();
        // SAFETY: the memory is valid and ours alone. It stays mapped, so it must never be freed: one reference is too many.
        let mapped = unsafe {
            gst::ffi::gst_mini_object_ref(memory.cast());
            gst::ffi::gst_memory_map(memory, info.as_mut_ptr(), gst::ffi::GST_MAP_WRITE)
        };
        assert_ne!(mapped, 0);
    })
}

fn with_memory(buffer: &gst::BufferRef, spoil: impl Fn(*mut gst::ffi::GstMemory)) -> gst::Buffer {
    let bytes = buffer.map_readable().unwrap().to_vec();
    let mut memory = gst::Memory::from_mut_slice(bytes);
    spoil(memory.make_mut().as_mut_ptr());
    let mut spoilt = gst::Buffer::new();
    let b = spoilt.get_mut().unwrap();
    buffer
        .copy_into(
            b,
            gst::BufferCopyFlags::FLAGS
                | gst::BufferCopyFlags::TIMESTAMPS
                | gst::BufferCopyFlags::META,
            ..,
        )
        .unwrap();
    b.append_memory(memory);
    spoilt
}

/// The name of the pool that a buffer comes from.
pub fn pool_of(buffer: &gst::BufferRef) -> Option<String> {
    use gst::{glib::translate::from_glib_none, prelude::*};
    // SAFETY: the field is a pool or null, and the buffer holds it.
    let pool: Option<gst::BufferPool> = unsafe { from_glib_none((*buffer.as_ptr()).pool) };
    pool.map(|pool| pool.name().to_string())
}
