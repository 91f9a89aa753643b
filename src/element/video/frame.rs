// SPDX-License-Identifier: MPL-2.0
//! The planes of a picture in a buffer, mapped when they are looked at.

use super::super::unreadable::Unreadable;
use crate::media::picture::{Area, Pixels, Planes, VideoFormat};

/// A picture in a buffer.
pub struct Frame<'a> {
    /// From the caps.
    pub info: &'a gst_video::VideoInfo,
    /// The same for the core, of what will be shown.
    pub format: &'a VideoFormat,
    /// What will be shown of it.
    pub shown: Area,
    /// What holds it.
    pub buffer: &'a gst::BufferRef,
}

impl Frame<'_> {
    /// What a buffer says about its planes has to be true: mapping believes it, and reads what lies behind the memory.
    fn check(&self) -> Result<(), Unreadable> {
        let Some(meta) = self.buffer.meta::<gst_video::VideoMeta>() else {
            return Ok(());
        };
        let (info, shown, lines) = (self.info, self.shown, super::caps::lines(self.info));
        if meta.format() != info.format()
            || meta.width() < info.width()
            || meta.height() < info.height()
        {
            return Err(Unreadable::Planes(
                "its VideoMeta is of another format than the caps".to_owned(),
            ));
        }
        for (plane, (offset, stride)) in meta.offset().iter().zip(meta.stride()).enumerate() {
            let whole = VideoFormat {
                width: info.width().max(shown.x.saturating_add(shown.width)) as usize,
                height: lines.max(shown.y.saturating_add(shown.height) as usize),
                ..*self.format
            };
            let length = whole.plane_length(plane, upright(*stride)?);
            let held = self
                .buffer
                .find_memory(*offset..)
                .and_then(|(memories, skip)| {
                    self.buffer
                        .peek_memory(memories.start)
                        .size()
                        .checked_sub(skip)
                });
            if held.is_none_or(|held| held < length) {
                return Err(Unreadable::Planes(format!(
                    "its VideoMeta says that plane {plane} has {length} bytes, more than there are"
                )));
            }
        }
        Ok(())
    }

    /// Maps the buffer and hands over its planes.
    pub fn map<R>(&self, read: impl FnOnce(&Planes<'_>) -> R) -> Result<R, Unreadable> {
        use gst_video::VideoFrameExt;
        self.check()?;
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(self.buffer, self.info)
            .map_err(|_| Unreadable::Unmappable(self.buffer.size()))?;
        let mut planes: [(&[u8], usize); 4] = [(&[], 0); 4];
        let count = self.format.plane_count();
        for (i, plane) in planes.iter_mut().enumerate().take(count) {
            let stride = frame.plane_stride().get(i).copied().unwrap_or(0);
            let (bytes, stride) = (
                frame
                    .plane_data(i as u32)
                    .map_err(|e| Unreadable::Planes(e.to_string()))?,
                upright(stride)?,
            );
            let (x, y) = (self.shown.x as usize, self.shown.y as usize);
            let first = self.format.layout.offset(i, x, y, stride);
            *plane = (bytes.get(first..).unwrap_or(&[]), stride);
        }
        let planes = Planes::new(self.format, &planes[..count])
            .map_err(|e| Unreadable::Planes(e.to_string()))?;
        Ok(read(&planes))
    }
}

impl Pixels for Frame<'_> {
    fn map_planes(&self, read: &mut dyn FnMut(&Planes<'_>)) -> bool {
        self.map(read).is_ok()
    }
}

/// What will be shown of a buffer: all that the caps say, or the rectangle of its crop meta as far as the buffer has it.
pub fn shown(info: &gst_video::VideoInfo, buffer: &gst::BufferRef) -> Area {
    let all = Area {
        x: 0,
        y: 0,
        width: info.width(),
        height: super::caps::lines(info) as u32,
    };
    let Some(crop) = buffer.meta::<gst_video::VideoCropMeta>() else {
        return all;
    };
    let (width, height) = match buffer.meta::<gst_video::VideoMeta>() {
        Some(meta) => (meta.width(), meta.height()),
        None => (all.width, all.height),
    };
    let (x, y, wide, high) = crop.rect();
    let shown = Area {
        x,
        y,
        width: wide.min(width.saturating_sub(x)),
        height: high.min(height.saturating_sub(y)),
    };
    if shown.width > 0 && shown.height > 0 {
        shown
    } else {
        all
    }
}

fn upright(stride: i32) -> Result<usize, Unreadable> {
    usize::try_from(stride)
        .map_err(|_| Unreadable::Planes("it is upside down (negative stride)".to_owned()))
}
