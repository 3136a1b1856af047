//! Whole files pass, damaged ones do not.

use image::{DynamicImage, ImageFormat};
use polyptych_imaging::{ImageError, Limits, Measure, inspect, verify};

use crate::samples;

fn corrupt_detail(bytes: &[u8]) -> String {
    match verify(bytes) {
        Err(ImageError::Corrupt { detail, .. }) => detail,
        other => panic!("expected corrupt, got {other:?}"),
    }
}

#[test]
fn whole_files_pass_and_answer_as_the_inspection_does() {
    for (format, bytes) in samples::every_format() {
        assert_eq!(verify(&bytes), inspect(&bytes), "{format}");
    }
    for bytes in [samples::cmyk_jpeg(), samples::animated_gif(3), samples::jpeg(&samples::noise(300, 200))] {
        verify(&bytes).unwrap();
    }
}

#[test]
fn a_file_cut_off_anywhere_is_never_whole() {
    for (format, bytes) in samples::every_format() {
        for length in 0..bytes.len() {
            let answer = verify(&bytes[..length]);
            assert!(answer.is_err(), "{format} cut to {length} of {} passes", bytes.len());
        }
    }
}

#[test]
fn any_changed_bit_of_a_png_is_noticed() {
    let good = samples::png(&samples::gradient(12, 9));
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            assert!(verify(&bytes).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn a_png_checksum_that_differs_is_named_with_its_place() {
    let mut bytes = samples::png(&samples::gradient(12, 9));
    let at = bytes.windows(4).position(|four| four == b"IDAT").unwrap();
    bytes[at + 6] ^= 1;
    assert_eq!(corrupt_detail(&bytes), format!("the IDAT chunk at byte {} fails its checksum", at - 4));
}

#[test]
fn a_png_needs_data_an_end_and_rows_under_right_checksums() {
    let header = samples::png_header(2, 2, 8, 2);
    let end = samples::chunk(b"IEND", b"");
    assert_eq!(corrupt_detail(&header), "cut off in the chunk at byte 33");
    assert_eq!(corrupt_detail(&[header.clone(), end.clone()].concat()), "it has no IDAT chunk");
    let nonsense = samples::chunk(b"IDAT", b"this is no zlib stream");
    verify(&[header.clone(), nonsense, end.clone()].concat()).unwrap_err();
    // A right zlib stream of one row too few.
    let short = samples::chunk(b"IDAT", b"\x78\x01\x01\x07\x00\xf8\xff\x00\x01\x02\x03\x04\x05\x06\x00\x3f\x00\x16");
    verify(&[header, short.clone(), end.clone()].concat()).unwrap_err();
    let indexed = samples::png_header(2, 2, 8, 3);
    assert_eq!(corrupt_detail(&[indexed, short, end].concat()), "its palette is missing");
}

#[test]
fn a_jpeg_needs_its_end_marker_and_may_have_bytes_behind_it() {
    let good = samples::jpeg(&samples::gradient(40, 30));
    let (body, end) = good.split_at(good.len() - 2);
    assert_eq!(end, b"\xff\xd9");
    assert!(corrupt_detail(body).starts_with("cut off in the scan at byte"));
    for padding in [&b"\0\0\0\0"[..], b"\xff\xff", b"trailer of a camera"] {
        verify(&[&good, padding].concat()).unwrap();
    }
}

#[test]
fn a_jpeg_of_many_scans_and_restarts_is_walked_to_its_end() {
    let good = samples::progressive_jpeg(&samples::gradient(60, 50));
    assert!(good.windows(2).filter(|two| *two == b"\xff\xda").count() > 1);
    assert!(good.windows(2).any(|two| two == b"\xff\xd0"));
    verify(&good).unwrap();
    assert_eq!(image::load_from_memory(&good).unwrap().width(), 60);
    for length in 0..good.len() {
        assert!(verify(&good[..length]).is_err(), "cut to {length} of {} passes", good.len());
    }
}

#[test]
fn restarts_out_of_order_and_stray_markers_in_a_scan_are_noticed() {
    let good = samples::progressive_jpeg(&samples::gradient(60, 50));
    let restart = good.windows(2).position(|two| two == b"\xff\xd1").unwrap();
    let mut bytes = good.clone();
    bytes[restart + 1] = 0xd5;
    assert_eq!(corrupt_detail(&bytes), format!("the restart marker at byte {restart} is out of order"));
    for stray in [0x01, 0x42, 0xc0, 0xd8, 0xdf] {
        bytes[restart + 1] = stray;
        let detail = corrupt_detail(&bytes);
        assert_eq!(detail, format!("a stray marker 0x{stray:02x} in the scan, at byte {restart}"));
    }
}

#[test]
fn the_end_marker_of_a_thumbnail_does_not_count() {
    let good = samples::jpeg(&samples::gradient(40, 30));
    let mut bytes = good[..2].to_vec();
    bytes.extend(b"\xff\xe1\x00\x0aExif\0\0\xff\xd9");
    bytes.extend(&good[2..]);
    verify(&bytes).unwrap();
    bytes.truncate(bytes.len() - 2);
    verify(&bytes).unwrap_err();
}

#[test]
fn a_jpeg_without_scan_data_or_without_a_frame_is_corrupt() {
    let good = samples::jpeg(&samples::gradient(8, 8));
    let scan = good.windows(2).position(|two| two == b"\xff\xda").unwrap();
    let data = scan + 2 + usize::from(good[scan + 3]);
    assert!(corrupt_detail(&[&good[..data], b"\xff\xd9"].concat()).ends_with("holds no data"));
    assert_eq!(corrupt_detail(&[&good[..scan], b"\xff\xd9"].concat()), "it ends before the first scan");
    assert_eq!(corrupt_detail(&[&good[..2], &good[scan..]].concat()), "the first scan comes before a frame header");
}

#[test]
fn a_gif_whose_first_frame_does_not_decompress_is_noticed() {
    let good = samples::encode(&DynamicImage::ImageRgb8(samples::noise(64, 64)), ImageFormat::Gif);
    verify(&good).unwrap();
    let mut bytes = good.clone();
    let middle = good.len() * 3 / 4;
    // Codes of all ones lie beyond the table or end the frame early.
    bytes[middle..middle + 3].fill(0xff);
    corrupt_detail(&bytes);
}

#[test]
fn a_gif_needs_its_trailer_and_a_frame() {
    let good = samples::animated_gif(2);
    assert_eq!(good.last(), Some(&0x3b));
    assert_eq!(corrupt_detail(&good[..good.len() - 1]), "cut off before the trailer");
    assert_eq!(corrupt_detail(b"GIF89a\x01\x00\x01\x00\x00\x00\x00\x3b"), "it holds no frame");
    assert!(corrupt_detail(b"GIF89a\x01\x00\x01\x00\x00\x00\x00\x99").ends_with("opens no known block: 0x99"));
}

#[test]
fn frames_are_capped() {
    let error = |bytes: &[u8], max_frames| Limits { max_frames, ..Limits::default() }.verify(bytes).unwrap_err();
    let too_many = |actual, limit| ImageError::TooLarge { measure: Measure::Frames, actual, limit };
    let gif = samples::animated_gif(1_001);
    assert_eq!(verify(&gif), Err(too_many(1_001, 1_000)));
    assert_eq!(error(&gif, 3), too_many(4, 3));
    let mut apng = samples::png_header(1, 1, 8, 2);
    apng.extend(samples::chunk(b"acTL", &[0, 0, 0x75, 0x30, 0, 0, 0, 0]));
    assert_eq!(verify(&apng), Err(too_many(30_000, 1_000)));
}

#[test]
fn what_is_no_image_says_so() {
    for bytes in [&b""[..], b"PK\x03\x04", b"<html>", &[0x5a; 40_000]] {
        assert_eq!(verify(bytes), Err(ImageError::NotAnImage));
    }
    let heic = verify(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic").unwrap_err();
    assert_eq!(heic.to_string(), "unsupported image: HEIC");
}

#[test]
fn errors_are_one_line_and_begin_in_lower_case() {
    for (_, bytes) in samples::every_format() {
        for length in (0..bytes.len()).step_by(7) {
            let text = verify(&bytes[..length]).unwrap_err().to_string();
            assert!(!text.contains('\n') && text.starts_with(|first: char| first.is_lowercase()), "{text}");
        }
    }
    let error = verify(&samples::png_header(2, 2, 8, 2)).unwrap_err();
    assert_eq!(error.to_string(), "corrupt PNG: cut off in the chunk at byte 33");
}
