//! Walks a GIF block by block to its trailer. It decompresses no pixel.

use crate::ImageError;
use crate::inspect::gif::{Block, Blocks, corrupt};

pub(super) fn walk(bytes: &[u8]) -> Result<(), ImageError> {
    let mut blocks = Blocks::of(bytes)?;
    let mut frames = false;
    loop {
        match blocks.read()? {
            Block::Frame { .. } => frames = true,
            Block::Control { .. } | Block::Other => {}
            Block::End if frames => return Ok(()),
            Block::End => return Err(corrupt("it holds no frame")),
        }
    }
}
