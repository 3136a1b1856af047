//! Walks a JPEG marker by marker, through every scan to the end marker. It decodes no coefficient.

use crate::ImageError;
use crate::inspect::jpeg::{Segment, corrupt, next_segment};
use crate::reader::Reader;

pub(super) fn walk(bytes: &[u8]) -> Result<(), ImageError> {
    let mut reader = Reader::at(bytes, 2);
    let mut scans = 0_u32;
    loop {
        let position = reader.position();
        match next_segment(&mut reader) {
            Some(Segment::End) if scans > 0 => return Ok(()),
            Some(Segment::End) => return Err(corrupt("it ends before the first scan")),
            Some(Segment::Scan) => {
                let start = reader.position();
                skip_entropy_coded(&mut reader)
                    .ok_or_else(|| corrupt(format!("cut off in the scan at byte {start}")))?;
                if reader.position() == start {
                    return Err(corrupt(format!("the scan at byte {start} holds no data")));
                }
                scans += 1;
            }
            Some(_) => {}
            None => return Err(corrupt(format!("no end marker, the last segment begins behind byte {position}"))),
        }
    }
}

/// Moves to the marker that ends a scan: the first one that is neither a stuffed 0xff nor a restart.
fn skip_entropy_coded(reader: &mut Reader<'_>) -> Option<()> {
    loop {
        reader.seek_byte(0xff)?;
        let mut ahead = reader.clone();
        ahead.take(1)?;
        match ahead.byte()? {
            0x00 | 0xd0..=0xd7 => *reader = ahead,
            // A fill byte: the next 0xff may open the marker.
            0xff => {
                reader.take(1)?;
            }
            _ => return Some(()),
        }
    }
}
