//! The table of boundaries. Where a verdict was measured or is documented, the row says which rules must be found broken; every row is
//! decided by both judges.

use std::sync::LazyLock;

use polyptych::domain::{Case as Assumption, Format};

use crate::pictures::{
    animated_gif, bomb, cmyk_jpeg, corrupt_checksum, deep_png, encoded, half, padded, png, rotated_jpeg,
    without_palette,
};

const MEBIBYTE: usize = 1024 * 1024;

/// A file under a name.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) what: String,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Asked for where the library has it.
    pub(crate) class: Option<&'static str>,
    /// Which undocumented case it is about.
    pub(crate) assumption: Option<Assumption>,
    /// Which rules it breaks, by the beginning of the library's name.
    pub(crate) expected: Vec<(&'static str, &'static str)>,
}

impl Case {
    pub(crate) fn of(bytes: Vec<u8>, name: &str) -> Self {
        let what = format!("{name} of {} bytes", bytes.len());
        Self { what, name: name.to_owned(), bytes, class: None, assumption: None, expected: Vec::new() }
    }

    fn called(what: &str, bytes: Vec<u8>) -> Self {
        Self { what: what.to_owned(), ..Self::of(bytes, "a.png") }
    }

    fn of_class(self, class: &'static str) -> Self {
        Self { what: format!("{} as {class}", self.what), class: Some(class), ..self }
    }

    fn assumed(self, assumption: Assumption) -> Self {
        Self { assumption: Some(assumption), ..self }
    }

    fn breaks(mut self, library: &'static str, rules: &'static str) -> Self {
        self.expected.push((library, rules));
        self
    }

    pub(crate) fn expected_of(&self, library: &str) -> Option<&'static str> {
        self.expected.iter().find(|(prefix, _)| library.starts_with(prefix)).map(|(_, rules)| *rules)
    }
}

fn sized(width: u32, height: u32) -> Case {
    Case::called(&format!("{width}x{height}"), png(width, height))
}

fn long(width: u32, height: u32, bytes: usize) -> Case {
    Case::called(&format!("{width}x{height} of {bytes} bytes"), padded(&png(width, height), bytes))
}

pub(crate) fn table() -> &'static [Case] {
    static TABLE: LazyLock<Vec<Case>> = LazyLock::new(|| [sizes(), lengths(), damaged(), kinds(), names()].concat());
    &TABLE
}

fn sizes() -> Vec<Case> {
    // Measured with JPEG (v5 reference 5.4).
    let mut rows = vec![
        sized(450, 450).breaks("yandex", ""),
        sized(5000, 5000).breaks("yandex", ""),
        sized(1080, 607).breaks("yandex", ""),
        sized(5000, 2812).breaks("yandex", ""),
        sized(449, 449).breaks("yandex", "pixels"),
        sized(5001, 5001).breaks("yandex", "pixels"),
        sized(1079, 607).breaks("yandex", "pixels"),
        sized(450, 700).breaks("yandex", "pixels"),
        sized(1000, 600).breaks("yandex", "pixels"),
        // Documented sizes.
        sized(600, 500).breaks("yandex", ""),
        sized(240, 400).breaks("yandex-v5", "").breaks("yandex-live4", "pixels"),
        sized(300, 300).breaks("evotor", ""),
        sized(299, 300).breaks("evotor", "pixels"),
    ];
    // Each edge of a ratio, and the pixel beyond.
    for (width, height) in [
        (450, 449),
        (449, 450),
        (5000, 5001),
        (5001, 5000),
        (300, 301),
        (301, 300),
        (300, 299),
        (600, 450),
        (601, 450),
        (450, 600),
        (450, 601),
        (602, 451),
        (4, 3),
        (5000, 3750),
        (5000, 3749),
        (3749, 5000),
        (1080, 606),
        (1080, 608),
        (1080, 609),
        (1080, 610),
        (5000, 2813),
        (4999, 2812),
        // 16:9 less and plus 0.005, and beyond.
        (3191, 1800),
        (3190, 1800),
        (3209, 1800),
        (3210, 1800),
        (2127, 1200),
        (2128, 1200),
        (2139, 1200),
        (2140, 1200),
        (241, 400),
        (240, 401),
        (3880, 1000),
        (3880, 999),
        (1, 1),
    ] {
        rows.push(sized(width, height));
    }
    rows.push(sized(600, 500).of_class("FIXED_IMAGE").breaks("yandex-v5", ""));
    rows.push(sized(600, 501).of_class("FIXED_IMAGE").breaks("yandex-v5", "pixels"));
    rows.push(sized(600, 500).of_class("WIDE").breaks("yandex-v5", "pixels"));
    rows.push(sized(240, 400).of_class("REGULAR").breaks("yandex-v5", "pixels"));
    rows.push(sized(1080, 607).of_class("WIDE"));
    rows
}

fn lengths() -> Vec<Case> {
    vec![
        long(240, 400, MEBIBYTE / 2).breaks("yandex-v5", ""),
        long(240, 400, MEBIBYTE / 2 + 1).breaks("yandex-v5", "bytes"),
        long(600, 500, MEBIBYTE / 2 + 1).breaks("yandex-v5", ""),
        long(600, 500, MEBIBYTE / 2).of_class("FIXED_IMAGE").breaks("yandex-v5", ""),
        long(600, 500, MEBIBYTE / 2 + 1).of_class("FIXED_IMAGE").breaks("yandex-v5", "bytes"),
        long(600, 600, 10 * MEBIBYTE).breaks("yandex-v5", ""),
        long(600, 600, 10 * MEBIBYTE + 1).breaks("yandex-v5", "bytes").breaks("yandex-live4", ""),
        long(2000, 1900, 11_416_979).breaks("yandex-v5", "bytes"),
        long(600, 600, 15_000_000).breaks("yandex-live4", ""),
        long(600, 600, 15_000_001).breaks("yandex-live4", "bytes"),
        long(300, 300, 5_242_800).breaks("evotor", ""),
        long(300, 300, 5_242_801).breaks("evotor", "bytes"),
        long(300, 300, 30 * MEBIBYTE).breaks("facebook", ""),
        long(300, 300, 30 * MEBIBYTE + 1).breaks("facebook", "bytes"),
    ]
}

fn damaged() -> Vec<Case> {
    [("for Yandex", 600), ("for Evotor", 300)]
        .into_iter()
        .flat_map(|(whose, side)| {
            let picture = |format| encoded(side, side, format);
            let called = |what: &str, bytes| Case::called(&format!("{what} {whose}"), bytes);
            [
                called("corrupt checksum", corrupt_checksum(&picture(Format::Png))),
                called("PNG without its palette", without_palette(side)),
                called("truncated PNG", half(&picture(Format::Png))),
                called("truncated JPEG", half(&picture(Format::Jpeg))),
                called("truncated GIF", half(&picture(Format::Gif))),
            ]
        })
        .chain([
            Case::called("HTML", b"<html></html>".to_vec()).breaks("", "content"),
            Case::called("noise", vec![0x5a; 40_000]).breaks("", "content"),
            Case::called("a zip archive", b"PK\x03\x04 and so on".to_vec()).breaks("", "content"),
            Case::called("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf".to_vec()).breaks("", "content"),
            Case::called("a bomb", bomb()).breaks("", "content"),
        ])
        .collect()
}

fn kinds() -> Vec<Case> {
    let webp = Case::called("WebP", encoded(600, 600, Format::WebP));
    let mut rows = vec![
        webp.breaks("yandex", "format").breaks("facebook", "format"),
        Case::called("TIFF", encoded(600, 600, Format::Tiff)).breaks("facebook", ""),
        Case::called("BMP", encoded(600, 600, Format::Bmp)).breaks("facebook", ""),
        Case::called("GIF", encoded(600, 600, Format::Gif)),
        Case::called("JPEG", encoded(300, 300, Format::Jpeg)).breaks("evotor", "format"),
    ];
    for side in [300, 600] {
        let called = |what: &str, bytes| Case::called(&format!("{what} of {side} pixels"), bytes);
        rows.extend([
            called("animated GIF", animated_gif(side, side, 3)).assumed(Assumption::Animated),
            called("CMYK JPEG", cmyk_jpeg(side as u16)).assumed(Assumption::Cmyk),
            called("16-bit PNG", deep_png(side)).assumed(Assumption::Deep),
            called("EXIF-rotated JPEG", rotated_jpeg(side, side)).assumed(Assumption::Rotated),
        ]);
    }
    // Sizes count as stored: turned, the first would be no WIDE picture, and the second would be one.
    rows.push(Case::called("WIDE lying on its side", rotated_jpeg(1080, 607)).assumed(Assumption::Rotated));
    rows.push(Case::called("WIDE standing", rotated_jpeg(607, 1080)).assumed(Assumption::Rotated));
    rows
}

fn names() -> Vec<Case> {
    let named = |name: String, side| Case {
        what: format!("a name of {} characters, {name:.20}", name.chars().count()),
        ..Case::of(png(side, side), &name)
    };
    let mut rows = Vec::new();
    for side in [300, 600] {
        for stem in ["x", "\u{444}"] {
            for length in [100, 101, 255, 256] {
                rows.push(named(format!("{}.png", stem.repeat(length - 4)), side));
            }
        }
        for name in ["a.jpg", "a.tiff"] {
            rows.push(named(name.to_owned(), side).assumed(Assumption::Misnamed));
        }
        // An extension that no library lists, and none.
        rows.push(named("a.webp".to_owned(), side).breaks("facebook", "name"));
        rows.push(named("a.txt".to_owned(), side).breaks("facebook", "name"));
        rows.push(named("a".to_owned(), side).breaks("facebook", "name"));
    }
    rows
}
