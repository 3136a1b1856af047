//! Memory for bodies and pictures. Much of it at once lies in pages of its own, for which Linux is asked for large ones: to be
//! handed 13 MB in pages of 4 KiB takes longer than to fill them. It is given back as soon as it is not used.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;
#[cfg(target_os = "linux")]
use memmap2::{Advice, MmapMut};

/// From here on pages of its own are worth their while.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 * 1024 * 1024;

/// Bytes that can be written, as many as when it was made.
#[derive(Debug)]
pub(crate) enum Room {
    /// From the allocator.
    Heap(Vec<u8>),
    /// From the system.
    #[cfg(target_os = "linux")]
    Pages(MmapMut),
}

impl Room {
    /// Room for so many bytes, all zero.
    pub(crate) fn new(bytes: usize) -> Self {
        #[cfg(target_os = "linux")]
        if bytes >= LARGE
            && let Ok(pages) = MmapMut::map_anon(bytes)
        {
            // Advice alone: pages of the usual size are as good, and take longer.
            let _ = pages.advise(Advice::HugePage);
            return Self::Pages(pages);
        }
        Self::Heap(vec![0; bytes])
    }

    /// The first `length` bytes, or all where there are no more.
    pub(crate) fn into_bytes(self, length: usize) -> Bytes {
        let mut bytes = match self {
            Self::Heap(bytes) => bytes.into(),
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => Bytes::from_owner(pages),
        };
        bytes.truncate(length);
        bytes
    }
}

impl Deref for Room {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => pages,
        }
    }
}

impl DerefMut for Room {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => pages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_of_any_size_is_zero_and_keeps_what_is_written() {
        for bytes in [0, 1, 4096, 4 * 1024 * 1024, 9 * 1024 * 1024 + 5] {
            let mut room = Room::new(bytes);
            assert!(room.len() == bytes && room.iter().all(|byte| *byte == 0), "{bytes}");
            room.fill(7);
            let kept = room.into_bytes(bytes.saturating_sub(1));
            assert!(kept.len() == bytes.saturating_sub(1) && kept.iter().all(|byte| *byte == 7), "{bytes}");
        }
    }
}
