//! Memory for decoded pixels. A large picture lies in pages of its own, for which Linux is asked for large ones: handing out 36 MB in
//! pages of 4 KiB takes it as long as decoding them. They are given back as soon as the pixels are gone; nothing is kept for the next
//! picture.

use std::ops::{Deref, DerefMut};

#[cfg(target_os = "linux")]
use memmap2::{Advice, MmapMut};

/// From here on pages of its own are worth their while.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 * 1024 * 1024;

/// Bytes, as many as when it was made.
#[derive(Debug)]
pub(crate) enum Memory {
    /// From the allocator.
    Heap(Vec<u8>),
    /// From the system.
    #[cfg(target_os = "linux")]
    Pages(MmapMut),
}

impl Memory {
    /// As many zeros.
    pub(crate) fn zeroed(bytes: usize) -> Self {
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
}

impl From<Vec<u8>> for Memory {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Heap(bytes)
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => pages,
        }
    }
}

impl DerefMut for Memory {
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
    fn memory_of_any_size_is_as_long_as_asked_for_zero_and_writable() {
        for bytes in [0, 1, 4096, 4 * 1024 * 1024 - 1, 4 * 1024 * 1024, 9 * 1024 * 1024 + 5] {
            let mut memory = Memory::zeroed(bytes);
            assert!(memory.len() == bytes && memory.iter().all(|byte| *byte == 0), "{bytes}");
            memory.fill(7);
            assert!(memory.iter().all(|byte| *byte == 7), "{bytes}");
        }
    }
}
