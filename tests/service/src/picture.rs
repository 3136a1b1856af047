//! Pictures of a wanted length, each of other bytes, that share most of their memory.

use std::io::Cursor;

use anyhow::{Context, Result};
use bytes::Bytes;
use image::{DynamicImage, Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use polyptych_proto::v1;
use v1::upload_image_request::Payload;

/// A chunk of an upload.
const CHUNK: usize = 256 << 10;

/// A JPEG of noise; every number makes another file of it.
#[derive(Debug, Clone)]
pub struct Picture {
    /// All after the first marker.
    rest: Bytes,
}

impl Picture {
    /// Noise of `side` by `side` pixels, about 4.1 bytes each.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn new(side: u32) -> Result<Self> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let noise = RgbImage::from_fn(side, side, |_, _| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [red, green, blue, ..] = state.to_le_bytes();
            Rgb([red, green, blue])
        });
        let mut file = Cursor::new(Vec::new());
        let encoder = JpegEncoder::new_with_quality(&mut file, 100);
        DynamicImage::from(noise).write_with_encoder(encoder).context("the picture cannot be made")?;
        let file = Bytes::from(file.into_inner());
        Ok(Self { rest: file.slice(2..) })
    }

    /// Whether a file has no bytes, which none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of a file.
    pub fn len(&self) -> usize {
        self.rest.len() + self.head(0).len()
    }

    /// The start of a file: a comment tells them apart.
    fn head(&self, number: usize) -> Bytes {
        let text = format!("{number:016}");
        let mut head = vec![0xff, 0xd8, 0xff, 0xfe, 0, 18];
        head.extend_from_slice(text.as_bytes());
        head.into()
    }

    /// The messages of an upload of a file.
    pub fn upload(&self, library: &str, number: usize) -> Vec<v1::UploadImageRequest> {
        let metadata = v1::UploadImageMetadata {
            parent: format!("libraries/{library}"),
            display_name: format!("{number}.jpg"),
            ..Default::default()
        };
        let mut messages = vec![Payload::Metadata(metadata), Payload::Chunk(self.head(number))];
        let mut rest = self.rest.clone();
        while !rest.is_empty() {
            messages.push(Payload::Chunk(rest.split_to(rest.len().min(CHUNK))));
        }
        messages.into_iter().map(|payload| v1::UploadImageRequest { payload: Some(payload) }).collect()
    }
}
