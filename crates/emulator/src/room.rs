//! Memory for bodies and pictures, from the allocator. Large pages of its own were tried: to have 13 MB of them cleared took longer
//! than all else that is done with a body.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;

/// Bytes that can be written, as many as when it was made.
#[derive(Debug)]
pub(crate) struct Room(Vec<u8>);

impl Room {
    /// Room for so many bytes, all zero.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(vec![0; bytes])
    }

    /// The first `length` bytes, or all where there are no more.
    pub(crate) fn into_bytes(self, length: usize) -> Bytes {
        let mut bytes = Bytes::from(self.0);
        bytes.truncate(length);
        bytes
    }
}

impl Deref for Room {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Room {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
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
