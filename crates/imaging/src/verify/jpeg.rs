//! Walks a JPEG marker by marker, through every scan to the end marker. It decodes no coefficient.
//!
//! Inside a scan, restart markers must come in their order, and what ends it must be able to follow a scan. So of random bytes
//! written over entropy-coded data about one in 256 is noticed, a lost or doubled part of a file with restarts nearly always; the
//! rest would take a decoder (tens of milliseconds), and decoders do not mind it.
//!
//! Source: ITU-T T.81, B.1.1.2 (markers), B.2.1 (their order), F.1.2.3 (stuffed bytes).

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
                skip_entropy_coded(&mut reader)?;
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

/// Moves to the marker that ends a scan: the first one that is neither a stuffed 0xff nor the restart whose turn it is.
fn skip_entropy_coded(reader: &mut Reader<'_>) -> Result<(), ImageError> {
    let start = reader.position();
    let cut_off = || corrupt(format!("cut off in the scan at byte {start}"));
    let mut restarts = 0_u8;
    loop {
        reader.seek_byte(0xff).ok_or_else(cut_off)?;
        let position = reader.position();
        let mut ahead = reader.clone();
        ahead.take(1).ok_or_else(cut_off)?;
        match ahead.byte().ok_or_else(cut_off)? {
            0x00 => *reader = ahead,
            restart @ 0xd0..=0xd7 => {
                if restart - 0xd0 != restarts {
                    return Err(corrupt(format!("the restart marker at byte {position} is out of order")));
                }
                restarts = (restarts + 1) % 8;
                *reader = ahead;
            }
            // A fill byte: the next 0xff may open the marker.
            0xff => {
                reader.take(1).ok_or_else(cut_off)?;
            }
            // Tables, the next scan, the number of lines, comments, applications' data, the end.
            0xc4 | 0xcc | 0xd9..=0xdd | 0xe0..=0xef | 0xfe => return Ok(()),
            marker => return Err(corrupt(format!("a stray marker 0x{marker:02x} in the scan, at byte {position}"))),
        }
    }
}
