//! Walks a GIF block by block to its trailer and counts the frames. It decompresses no pixel.

use crate::inspect::gif::{Block, Blocks, corrupt};
use crate::{ImageError, Limits};

pub(super) fn walk(bytes: &[u8], limits: &Limits) -> Result<(), ImageError> {
    let mut blocks = Blocks::of(bytes)?;
    let mut frames = 0_u32;
    loop {
        match blocks.read()? {
            Block::Frame { .. } => {
                frames = frames.saturating_add(1);
                limits.check_frames(frames)?;
            }
            Block::Control { .. } | Block::Other => {}
            Block::End if frames > 0 => return Ok(()),
            Block::End => return Err(corrupt("it holds no frame")),
        }
    }
}
