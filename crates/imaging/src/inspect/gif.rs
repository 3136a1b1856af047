//! The header of a GIF, and its blocks, of which the frames are counted. The compressed pixels are not looked at here.
//!
//! Source: the GIF89a specification, sections 17 to 27 (blocks).

use super::{ColourSpace, Header};
use crate::reader::Reader;
use crate::{Format, ImageError, Limits, Orientation, Pixels};

const SIGNATURE_LENGTH: usize = 6;
const GRAPHIC_CONTROL: u8 = 0xf9;

/// One block behind the logical screen.
pub(crate) enum Block {
    /// A graphic control extension: whether the next frame has a transparent palette entry.
    Control { transparent: bool },
    /// An image with its data: whether it covers the whole screen.
    Frame { covers_screen: bool },
    /// Any other extension.
    Other,
    /// The trailer.
    End,
}

/// The blocks of a GIF, from behind the global palette on.
pub(crate) struct Blocks<'a> {
    reader: Reader<'a>,
    screen: Pixels,
    global_palette: bool,
}

impl<'a> Blocks<'a> {
    /// Reads the logical screen.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let mut reader = Reader::at(bytes, SIGNATURE_LENGTH);
        read_screen(&mut reader)
            .map(|(screen, global_palette)| Self { reader, screen, global_palette })
            .ok_or_else(|| corrupt("cut off in the logical screen"))
    }

    /// The next block.
    pub(crate) fn read(&mut self) -> Result<Block, ImageError> {
        let position = self.reader.position();
        let cut_off = || corrupt(format!("cut off in the block at byte {position}"));
        match self.reader.byte().ok_or_else(|| corrupt("cut off before the trailer"))? {
            0x21 => self.read_extension().ok_or_else(cut_off),
            0x2c => self.read_frame().ok_or_else(cut_off)?,
            0x3b => Ok(Block::End),
            byte => Err(corrupt(format!("byte {position} opens no known block: 0x{byte:02x}"))),
        }
    }

    fn read_extension(&mut self) -> Option<Block> {
        let label = self.reader.byte()?;
        let mut first = self.reader.clone();
        let length = first.byte()?;
        let flags = first.take(length.into())?.first().copied();
        skip_sub_blocks(&mut self.reader)?;
        let transparent = flags.is_some_and(|flags| flags & 1 == 1);
        Some(if label == GRAPHIC_CONTROL { Block::Control { transparent } } else { Block::Other })
    }

    /// `None` when cut off; an error when the frame contradicts itself.
    fn read_frame(&mut self) -> Option<Result<Block, ImageError>> {
        let reader = &mut self.reader;
        let position = reader.position();
        let (left, top) = (reader.u16_le()?, reader.u16_le()?);
        let (width, height) = (reader.u16_le()?, reader.u16_le()?);
        let own_palette = skip_palette(reader)?;
        let code_size = reader.byte()?;
        let data_bytes = skip_sub_blocks(reader)?;
        let fault = match () {
            () if width == 0 || height == 0 => "is empty",
            () if !own_palette && !self.global_palette => "has no palette",
            () if !(1..=11).contains(&code_size) => "has an impossible code size",
            () if data_bytes == 0 => "has no data",
            () => {
                let covers_screen = (left, top) == (0, 0)
                    && u32::from(width) >= self.screen.width
                    && u32::from(height) >= self.screen.height;
                return Some(Ok(Block::Frame { covers_screen }));
            }
        };
        Some(Err(corrupt(format!("the frame at byte {position} {fault}"))))
    }
}

/// The size of the logical screen, and whether a global palette follows; the reader ends behind it.
fn read_screen(reader: &mut Reader<'_>) -> Option<(Pixels, bool)> {
    let screen = Pixels::new(reader.u16_le()?.into(), reader.u16_le()?.into());
    let flags = reader.byte()?;
    reader.take(2)?;
    reader.take(palette_bytes(flags))?;
    Some((screen, palette_bytes(flags) > 0))
}

fn skip_palette(reader: &mut Reader<'_>) -> Option<bool> {
    let length = palette_bytes(reader.byte()?);
    reader.take(length)?;
    Some(length > 0)
}

fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Moves behind a list of sub-blocks; answers how many bytes they hold.
fn skip_sub_blocks(reader: &mut Reader<'_>) -> Option<usize> {
    let mut total = 0;
    loop {
        match usize::from(reader.byte()?) {
            0 => return Some(total),
            length => total += reader.take(length)?.len(),
        }
    }
}

pub(crate) fn read_header(bytes: &[u8], limits: &Limits) -> Result<Header, ImageError> {
    let mut blocks = Blocks::of(bytes)?;
    let pixels = blocks.screen;
    let mut alpha = false;
    let mut frames = 0_u32;
    // Behind the screen, damage only ends the walk: telling it is the verification's.
    while let Ok(block) = blocks.read() {
        match block {
            Block::Control { transparent } if frames == 0 => alpha |= transparent,
            Block::Frame { covers_screen } => {
                alpha |= frames == 0 && !covers_screen;
                frames += 1;
            }
            Block::Control { .. } | Block::Other => {}
            Block::End => break,
        }
        // Enough to refuse it.
        if frames > limits.max_frames {
            break;
        }
    }
    Ok(Header {
        pixels,
        orientation: Orientation::Normal,
        alpha,
        frames: frames.max(1),
        bit_depth: 8,
        colour: ColourSpace::Indexed,
        profile: false,
        decoded_pixel_bytes: 4,
    })
}

pub(crate) fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::corrupt(Format::Gif, detail)
}
