//! Walks a PNG chunk by chunk, comparing every checksum, and decompresses the first rows. It keeps no pixel.
//!
//! The checksums tell damage in transit; the first rows tell an encoder that wrote nonsense under right checksums. A picture of up to
//! [`PROBED_BYTES`] is thereby checked whole; decompressing more would cost as much as decoding.

use std::io::Cursor;

use crate::decode::one_line;
use crate::inspect::png::{Chunk, Chunks, corrupt};
use crate::{ImageError, Limits};

/// Where `IHDR` holds the colour type, and the one of pictures with a palette.
const COLOUR_TYPE: usize = 9;
const INDEXED: u8 = 3;

/// How many bytes of rows are decompressed.
const PROBED_BYTES: usize = 1024 * 1024;

pub(super) fn walk(bytes: &[u8], limits: &Limits) -> Result<(), ImageError> {
    let (mut has_data, mut needs_palette) = (false, false);
    for chunk in Chunks::of(bytes) {
        let chunk = chunk?;
        check(&chunk)?;
        match &chunk.kind {
            b"IHDR" => needs_palette = chunk.data.get(COLOUR_TYPE) == Some(&INDEXED),
            b"PLTE" => needs_palette = false,
            b"IDAT" if needs_palette => return Err(corrupt("its palette is missing")),
            b"IDAT" => has_data = true,
            _ => {}
        }
    }
    if !has_data {
        return Err(corrupt("it has no IDAT chunk"));
    }
    probe(bytes, limits).map_err(|error| corrupt(one_line(&error.to_string())))
}

fn check(chunk: &Chunk<'_>) -> Result<(), ImageError> {
    let position = chunk.position;
    if !chunk.kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(corrupt(format!("byte {position} opens no chunk")));
    }
    if crc32fast::hash(chunk.covered) != chunk.checksum {
        let kind = chunk.kind.escape_ascii();
        return Err(corrupt(format!("the {kind} chunk at byte {position} fails its checksum")));
    }
    Ok(())
}

fn probe(bytes: &[u8], limits: &Limits) -> Result<(), png::DecodingError> {
    let mut options = png::DecodeOptions::default();
    options.set_ignore_crc(true);
    options.set_ignore_adler32(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = png::Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(png::Limits { bytes: usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX) });
    let mut reader = decoder.read_info()?;
    let mut probed = 0;
    while probed < PROBED_BYTES {
        match reader.next_row()? {
            Some(row) => probed += row.data().len(),
            None => break,
        }
    }
    Ok(())
}
