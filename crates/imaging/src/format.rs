//! Which format bytes are in, told by content alone. It never looks at a name or a media type.

use std::fmt;

use crate::error::ImageError;

/// An image format that can be inspected and decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG in the JFIF or Exif file layout.
    Jpeg,
    /// PNG, animated PNG included.
    Png,
    /// GIF 87a or 89a.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF or BigTIFF.
    Tiff,
    /// WebP, lossy or lossless.
    WebP,
}

/// First bytes at offset 0 and the format that they mean.
const SIGNATURES: [(&[u8], Format); 8] = [
    (b"\xff\xd8\xff", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"II\x2a\x00", Format::Tiff),
    (b"MM\x00\x2a", Format::Tiff),
    (b"II\x2b\x00", Format::Tiff),
    (b"MM\x00\x2b", Format::Tiff),
];

/// First bytes of pictures that are recognised only to name them in the refusal.
const FOREIGN: [(&[u8], &str); 9] = [
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "Photoshop document"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"qoif", "QOI"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"DDS ", "DirectDraw Surface"),
];

/// Brands of the ISO base media file format that hold a still picture.
const BRANDS: [(&[u8], &str); 9] = [
    (b"avif", "AVIF"),
    (b"avis", "AVIF"),
    (b"heic", "HEIC"),
    (b"heix", "HEIC"),
    (b"heim", "HEIC"),
    (b"heis", "HEIC"),
    (b"hevc", "HEIC"),
    (b"mif1", "HEIF"),
    (b"msf1", "HEIF"),
];

/// How far into a text its root element is looked for.
const TEXT_PREFIX: usize = 1024;

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Jpeg, Self::Png, Self::Gif, Self::Bmp, Self::Tiff, Self::WebP];

    /// The format that the first bytes mean; `None` for anything else, also for images of formats unknown here.
    #[must_use]
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        if let Some((_, format)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
            return Some(*format);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Some(Self::WebP);
        }
        // "BM" alone would claim any text that starts so; the reserved words are zero and the header size is a small number.
        let bitmap =
            bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) && bytes.get(15..18) == Some(&[0; 3]);
        bitmap.then_some(Self::Bmp)
    }

    /// The usual file name extension, lower-case and without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::WebP => "webp",
        }
    }

    /// The registered media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::WebP => "image/webp",
        }
    }

    /// Why bytes whose format [`sniff`](Self::sniff) does not know are refused.
    pub(crate) fn refusal(bytes: &[u8]) -> ImageError {
        match foreign(bytes) {
            Some(name) => ImageError::Unsupported(name.to_owned()),
            None => ImageError::NotAnImage,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
        })
    }
}

fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, name)) = FOREIGN.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Some(name);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return brand(bytes);
    }
    is_svg(bytes).then_some("SVG")
}

/// The still-picture brand of an ISO base media file: the major one, else the first known compatible one.
fn brand(bytes: &[u8]) -> Option<&'static str> {
    let size = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
    let end = size.min(bytes.len()).min(TEXT_PREFIX);
    let brands = bytes.get(8..end)?.chunks_exact(4);
    brands.filter_map(|brand| BRANDS.iter().find(|(known, _)| *known == brand)).map(|(_, name)| *name).next()
}

/// Whether a text opens with an `svg` element, after a declaration, a document type or comments.
fn is_svg(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = bytes.get(..TEXT_PREFIX).unwrap_or(bytes).trim_ascii_start();
    let xml = [&b"<?xml"[..], b"<!--", b"<!DOCTYPE svg"].iter().any(|opening| head.starts_with(opening));
    head.starts_with(b"<svg") || (xml && head.windows(4).any(|four| four == b"<svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_that_are_not_ours_are_named_or_refused_as_no_image() {
        let cases: [(&[u8], Option<&str>); 15] = [
            (b"", None),
            (b"PK\x03\x04 a zip archive", None),
            (b"<!doctype html><html><body><svg></svg></body></html>", None),
            (b"{\"error\":\"expired\"}", None),
            (b"%PDF-1.7", None),
            (b"BMW is a make of cars, not a bitmap", None),
            (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", None),
            (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", Some("HEIC")),
            (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", Some("HEIF")),
            (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf", Some("AVIF")),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", Some("SVG")),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- a --><svg/>", Some("SVG")),
            (b"\xff\x0a\x00\x00", Some("JPEG XL")),
            (b"8BPS\x00\x01", Some("Photoshop document")),
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        ];
        for (bytes, name) in cases {
            assert_eq!(Format::sniff(bytes), None, "{bytes:?}");
            let expected = name.map_or(ImageError::NotAnImage, |name| ImageError::Unsupported(name.to_owned()));
            assert_eq!(Format::refusal(bytes), expected, "{bytes:?}");
        }
    }
}
